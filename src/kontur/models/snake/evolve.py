"""How contours are moved: the graphs of the contour stages and of the edge stage, on any number.

Circular stages, and those of attention that see no neighbours, are one graph. A recurrent stage is
one that is run again and again, with its memory between; an object that no longer moves is left
out, the same whatever engine runs the graph. Where objects see their neighbours, each stage is a
graph, and neighbours are looked for between.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.models.graphs import Graph, Graphs
from kontur.models.snake.config import SnakeConfig, evolve_graph
from kontur.models.snake.neighbours import neighbours
from kontur.models.snake.refiner_config import AttentionRefinerConfig, RecurrentRefinerConfig

Maps = tuple[Any, ...]  # where the engine has them: the features, and those of full resolution


def evolve(
    graphs: Graphs,
    maps: Maps,
    contours: Float[np.ndarray, "m n 2"],
    image_index: Int[np.ndarray, " m"],
    config: SnakeConfig,
    *,
    sure: Bool[np.ndarray, " m"],
) -> Float[np.ndarray, "s m n 2"]:
    """The contours after each contour stage that runs and the edge stage, in image pixels.

    Any number of objects, in parts. `sure` are those that others take for their neighbours, if the
    model looks for any.
    """
    stages = np.zeros((config.stages_run + config.has_edge, *contours.shape), np.float32)
    if config.has_neighbours:
        _among_neighbours(graphs, maps, contours, image_index, config, sure, stages)
        return stages

    def move(part: slice) -> None:
        stages[:, part] = evolve_part(graphs, maps, contours[part], image_index[part], config)

    graphs.in_parts(move, len(contours))
    return stages


def evolve_part(
    graphs: Graphs,
    maps: Maps,
    contours: Float[np.ndarray, "m n 2"],
    image_index: Int[np.ndarray, " m"],
    config: SnakeConfig,
) -> Float[np.ndarray, "s m n 2"]:
    """The same of a part of the objects, for models whose objects see no neighbours."""
    if isinstance(config.refiner, RecurrentRefinerConfig):
        stages = _iterate(graphs["iterate"], maps, contours, image_index, config, config.refiner)
    else:
        (stages,) = graphs["evolve"](maps[0], contours, image_index)
        stages = stages[: config.stages_run]
    if not config.has_edge:
        return stages
    return np.concatenate([stages, graphs["edge"](*maps, stages[-1], image_index)])


def _iterate(
    graph: Graph,
    maps: Maps,
    contours: np.ndarray,
    image_index: np.ndarray,
    config: SnakeConfig,
    refiner: RecurrentRefinerConfig,
) -> Float[np.ndarray, "s m n 2"]:
    """One stage again and again, of those objects that are not at rest yet."""
    stages = np.zeros((config.stages_run, *contours.shape), np.float32)
    now = contours.astype(np.float32)
    memory = np.zeros((refiner.layers, *now.shape[:2], refiner.memory), np.float32)
    moving = np.arange(len(now))
    for stage in range(config.stages_run):
        if len(moving):
            before = now[moving]
            moved, memory = graph(maps[0], before, image_index[moving], memory)
            now[moving] = moved
            far = np.linalg.norm(moved - before, axis=-1).max(axis=1) >= refiner.least_move
            moving, memory = moving[far], memory[:, far]  # no number is far from nothing
        stages[stage] = now
    return stages


def _among_neighbours(
    graphs: Graphs,
    maps: Maps,
    contours: np.ndarray,
    image_index: np.ndarray,
    config: SnakeConfig,
    sure: np.ndarray,
    stages: Float[np.ndarray, "s m n 2"],
) -> None:
    """Stage by stage, with the neighbours where the one before has put them, into `stages`."""
    assert isinstance(config.refiner, AttentionRefinerConfig)
    now = contours
    for stage in range(config.stages_run):
        around = neighbours(now, image_index, config.refiner.neighbours, sure)
        graph = graphs[evolve_graph(stage)]
        run_in_parts(graphs, graph, maps[:1], (now, image_index, around), into=stages[stage])
        now = stages[stage]
    if config.has_edge:
        run_in_parts(graphs, graphs["edge"], maps, (now, image_index), into=stages[-1])


def run_in_parts(
    graphs: Graphs, graph: Graph, maps: Maps, objects: tuple[np.ndarray, ...], *, into: np.ndarray
) -> None:
    """What one graph gives for each object, where `into` has its place."""

    def run(part: slice) -> None:
        (into[part],) = graph(*maps, *(array[part] for array in objects))

    graphs.in_parts(run, len(into))
