"""Contours corrected by a model's agent, step by step, on any engine: what `--polish` does.

The policy's surest action is taken each time (no randomness of the policy is left), until it stops
or the steps are over. Pure numpy between runs of the graph `polish`; the graph sees a contour as
`observe` has it, moves are those of `moves`.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Integer

from kontur.geometry import ring
from kontur.geometry.polygons import polygons_from_rings
from kontur.models.candidates import Candidates
from kontur.models.graphs import Graph, Graphs
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.moves import MODES, MOVE, STOP, act, simple, units
from kontur.models.snake.observe import AgentMaps, observe
from kontur.models.snake.polish_config import PolishConfig


def greedy_actions(
    graph: Graph, observations: Float[np.ndarray, "m n c"]
) -> Integer[np.ndarray, "m a"]:
    """The surest action of each contour."""
    m, n, _ = observations.shape
    actions = np.zeros((m, n + 1), np.int64)
    distances, modes = graph(observations)
    actions[:, 0], actions[:, 1:] = modes.argmax(axis=-1), distances.argmax(axis=-1)
    actions[actions[:, 0] != MOVE, 1:] = 0
    return actions


def polish(
    graph: Graph,
    maps: AgentMaps,
    rings: Float[np.ndarray, "m n 2"],
    image_index: Integer[np.ndarray, " m"],
    config: PolishConfig,
) -> Float[np.ndarray, "m n 2"]:
    """Each contour after its episode; those of NaN or without area stay as they are. m may be 0."""
    polished = rings.astype(np.float32)
    startable, starts = startable_rings(polished)
    active = np.flatnonzero(startable)
    polished[active] = starts[active]
    unit = units(starts)
    for step in range(config.steps):
        if not len(active):
            break
        now = polished[active]
        left = np.full(len(active), 1 - step / config.steps, np.float32)
        observed = observe(maps, now, image_index[active], unit[active], left, config)
        actions = greedy_actions(graph, observed)
        distances = np.array(config.distances, np.float32)
        polished[active] = act(now, actions, unit[active], distances).rings
        active = active[actions[:, 0] != STOP]
    return polished


def polish_candidates(
    graphs: Graphs,
    images: Float[np.ndarray, "1 c h w"],
    candidates: Candidates,
    config: SnakeConfig,
) -> Candidates:
    """The candidates of one image with corrected outlines; scores, labels and boxes stay."""
    assert candidates.features is not None  # a snake keeps them
    assert candidates.rings is not None
    read = [np.asarray(each)[candidates.features.image] for each in candidates.features.maps]
    maps = AgentMaps.of([images[0]], read[:1], config.stride, read[1:] or None)
    alone = np.zeros(len(candidates), np.int64)
    rings = polish(_policy(graphs, config), maps, candidates.rings, alone, config.polish)
    polygons, repaired = polygons_from_rings(rings.astype(np.float64))
    return replace(candidates, rings=rings, polygons=polygons, repaired=repaired)


def _policy(graphs: Graphs, config: SnakeConfig) -> Graph:
    """The graph `polish`, run in parts: most of a step is numpy, which threads would not share."""

    def run(observations: Float[np.ndarray, "m n c"]) -> tuple[np.ndarray, np.ndarray]:
        m, n, _ = observations.shape
        distances = np.zeros((m, n, len(config.polish.distances)), np.float32)
        modes = np.zeros((m, MODES), np.float32)

        def decide(part: slice) -> None:
            distances[part], modes[part] = graphs["polish"](observations[part])

        graphs.in_parts(decide, m)
        return distances, modes

    return run


def startable_rings(
    rings: Float[np.ndarray, "m n 2"],
) -> tuple[Bool[np.ndarray, " m"], Float[np.ndarray, "m n 2"]]:
    """Which contours an episode can begin with, and these without crossings.

    A ring that crosses itself is taken as prediction does: repaired, its largest part, the points
    even. What is left without area, or crosses itself even so, is not begun with.
    """
    starts = rings.astype(np.float32)
    fine = simple(starts)
    for place in np.flatnonzero(~fine):
        (polygon,), _ = polygons_from_rings(rings[place : place + 1].astype(np.float64))
        if polygon.area > 0:
            outer = ring.clockwise(np.array(polygon.exterior.coords)[:-1])
            starts[place] = ring.resample(outer, rings.shape[1])
            fine[place] = simple(starts[place : place + 1])[0]
    return fine, starts
