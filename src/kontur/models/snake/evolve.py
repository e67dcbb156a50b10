"""How contours are moved: the graphs of the contour stages and of the edge stage, on any number."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from kontur.models.family import Graphs
from kontur.models.snake.config import SnakeConfig

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
) -> Float[np.ndarray, "s m n 2"]:
    """The contours after each contour stage that runs and the edge stage, in image pixels."""
    shape = (config.stages_run + config.has_edge, 0, config.points, 2)
    history = [np.zeros(shape, np.float32)]
    for chunk in chunks(len(contours)):
        (stages,) = graphs["evolve"](maps[0], contours[chunk], image_index[chunk])
        stages = stages[: config.stages_run]
        if config.has_edge:
            (edges,) = graphs["edge"](*maps, stages[-1], image_index[chunk])
            stages = np.concatenate([stages, edges[None]])
        history.append(stages)
    return np.concatenate(history, axis=1)
