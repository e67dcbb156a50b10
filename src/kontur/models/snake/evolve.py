"""How contours are moved: the graphs of the contour stages and of the edge stage, on any number.

Circular stages, and those of attention that see no neighbours, are one graph. A recurrent stage is
one that is run again and again, with its memory between; an object that no longer moves is left
out, the same whatever engine runs the graph. Where objects see their neighbours, each stage is a
graph, and neighbours are looked for between.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.models.family import Graph, Graphs
from kontur.models.snake.config import SnakeConfig, evolve_graph
from kontur.models.snake.neighbours import neighbours
from kontur.models.snake.refiner_config import AttentionRefinerConfig, RecurrentRefinerConfig

Maps = tuple[Any, ...]  # where the engine has them: the features, and those of full resolution
CHUNK = 256  # objects a run of a graph: bounds its memory to some 100 MB at width 64


def chunks(count: int) -> Iterator[slice]:
    """So many objects as runs of a graph."""
    for first in range(0, count, CHUNK):
        yield slice(first, first + CHUNK)


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

    `sure` are those that others take for their neighbours, if the model looks for any.
    """
    if isinstance(config.refiner, RecurrentRefinerConfig):
        stages = _iterate(graphs["iterate"], maps, contours, image_index, config, config.refiner)
    elif config.has_neighbours:
        stages = _among_neighbours(graphs, maps, contours, image_index, config, sure)
    else:
        stages = _all_at_once(graphs["evolve"], maps, contours, image_index, config)
    if not config.has_edge:
        return stages
    edges = np.zeros((1, *contours.shape), np.float32)
    for chunk in chunks(len(contours)):
        (edges[0, chunk],) = graphs["edge"](*maps, stages[-1, chunk], image_index[chunk])
    return np.concatenate([stages, edges])


def _all_at_once(
    graph: Graph, maps: Maps, contours: np.ndarray, image_index: np.ndarray, config: SnakeConfig
) -> Float[np.ndarray, "s m n 2"]:
    """Stages of one graph."""
    stages = np.zeros((config.stages_run, *contours.shape), np.float32)
    for chunk in chunks(len(contours)):
        (moved,) = graph(maps[0], contours[chunk], image_index[chunk])
        stages[:, chunk] = moved[: config.stages_run]
    return stages


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
    for chunk in chunks(len(contours)):
        now, index = contours[chunk].astype(np.float32), image_index[chunk]
        memory = np.zeros((refiner.layers, *now.shape[:2], refiner.memory), np.float32)
        moving = np.arange(len(now))
        for stage in range(config.stages_run):
            if len(moving):
                before = now[moving]
                moved, memory = graph(maps[0], before, index[moving], memory)
                now[moving] = moved
                far = np.linalg.norm(moved - before, axis=-1).max(axis=1) >= refiner.least_move
                moving, memory = moving[far], memory[:, far]  # no number is far from nothing
            stages[stage, chunk] = now
    return stages


def _among_neighbours(
    graphs: Graphs,
    maps: Maps,
    contours: np.ndarray,
    image_index: np.ndarray,
    config: SnakeConfig,
    sure: np.ndarray,
) -> Float[np.ndarray, "s m n 2"]:
    """Stage by stage, with the neighbours where the one before has put them."""
    assert isinstance(config.refiner, AttentionRefinerConfig)
    stages = np.zeros((config.stages_run, *contours.shape), np.float32)
    for stage in range(config.stages_run):
        around = neighbours(contours, image_index, config.refiner.neighbours, sure)
        for chunk in chunks(len(contours)):
            read = contours[chunk], image_index[chunk], around[chunk]
            (stages[stage, chunk],) = graphs[evolve_graph(stage)](maps[0], *read)
        contours = stages[stage]
    return stages
