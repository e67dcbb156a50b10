"""Contours on the features of an image: from boxes, from extremes, from rings of any origin.

The small graphs of a snake, and the shapes that they start from: a box's diamond becomes four
extremes, their octagon a contour, and every stage moves it closer. What the detector found and what
a person drew take the same way. Pure numpy; any number of objects, also none. An object whose
numbers overflow has NaN points and spoils no other.

Shapes start on a grid that floats hold exactly, wherever a view begins, and stay on one
(`nn.grid`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.models.candidates import Boxes, Features
from kontur.models.graphs import Graphs
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contour_targets import even_contours
from kontur.models.snake.evolve import Maps, evolve, evolve_part, run_in_parts
from kontur.models.snake.start_shapes import start_diamonds, start_octagons

GRID = 16  # places a pixel where points may start; a rounding error rarely leads to another one
FINE = 1024  # the same of given rings, in which no rounding error is: `nn.grid.PARTS`
SURE = 0.25  # score of a box, from which on others take its object for their neighbour


class Traced(NamedTuple):
    """The contours of m boxes, in image pixels.

    `stages` are those after every stage, their start first and the edge stage last; `quality` the
    IoU that the last one is expected to have with its object, NaN where that is not learned.
    """

    stages: Float[np.ndarray, "s m n 2"]
    quality: Float[np.ndarray, " m"]


def trace_contours(
    graphs: Graphs, maps: Maps, detected: Boxes, config: SnakeConfig, *, judged: bool = True
) -> Traced:
    """The contours of boxes; each part of them passes all graphs at once, if it sees no others.

    If not `judged` their quality is left NaN.
    """
    boxes, index = detected.boxes, detected.image_index
    m, count = len(boxes), 1 + config.stages_run + config.has_edge
    stages = np.zeros((count, m, config.points, 2), np.float32)
    quality = np.full(m, np.nan, np.float32)

    def start(part: slice) -> None:
        stages[0, part] = _starts_in_boxes(graphs, maps, boxes[part], index[part], config)

    def judge(part: slice) -> None:
        if judged and config.quality:
            (learned,) = graphs["quality"](maps[0], stages[-1, part], index[part])
            quality[part] = np.nan_to_num(learned)

    def trace(part: slice) -> None:
        start(part)
        stages[1:, part] = evolve_part(graphs, maps, stages[0, part], index[part], config)
        judge(part)

    if config.has_neighbours:
        graphs.in_parts(start, m)
        sure = detected.scores >= SURE
        stages[1:] = evolve(graphs, maps, stages[0], index, config, sure=sure)
        graphs.in_parts(judge, m)
    else:
        graphs.in_parts(trace, m)
    return Traced(stages, quality)


def _starts_in_boxes(
    graphs: Graphs,
    maps: Maps,
    boxes: Float[np.ndarray, "m 4"],
    image_index: Int[np.ndarray, " m"],
    config: SnakeConfig,
) -> Float[np.ndarray, "m n 2"]:
    """Where the contour stages start in each box: octagons, or learned."""
    diamonds = _on_grid(start_diamonds(_on_grid(boxes))).astype(np.float32)
    if config.initial == "learned":
        (guessed,) = graphs["start"](maps[0], diamonds, image_index)
        return guessed[-1]
    (extremes,) = graphs["extremes"](maps[0], diamonds, image_index)
    return _octagons(extremes, config)


def from_boxes(
    graphs: Graphs, features: Features, boxes: Float[np.ndarray, "m 4"], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    """The contours of the objects in boxes xyxy."""
    index = np.full(len(boxes), features.image)
    nobodys_neighbours = np.zeros(len(boxes))  # for they may be tries for one object
    detected = Boxes(boxes, nobodys_neighbours, np.zeros(len(boxes), int), index)
    return trace_contours(graphs, features.maps, detected, config, judged=False).stages[-1]


def from_extremes(
    graphs: Graphs, features: Features, extremes: Float[np.ndarray, "m 4 2"], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    """The contours through extremes: top, right, bottom, left."""
    index = np.full(len(extremes), features.image)
    starts, alone = _octagons(extremes, config), np.zeros(len(extremes), bool)
    return evolve(graphs, features.maps, starts, index, config, sure=alone)[-1]


def quality_of_rings(
    graphs: Graphs,
    features: Features,
    rings: Sequence[Float[np.ndarray, "_ 2"]],
    config: SnakeConfig,
) -> Float[np.ndarray, " m"]:
    """The IoU that each outline is expected to have with its object, 0 of one that is no number.

    NaN where none is learned.
    """
    if not config.quality:
        return np.full(len(rings), np.nan, np.float32)
    objects = _even_starts(rings, config), np.full(len(rings), features.image)
    quality = np.zeros(len(rings), np.float32)
    run_in_parts(graphs, graphs["quality"], features.maps[:1], objects, into=quality)
    return np.nan_to_num(quality)


def from_rings(
    graphs: Graphs,
    features: Features,
    rings: Sequence[Float[np.ndarray, "_ 2"]],
    config: SnakeConfig,
) -> Float[np.ndarray, "m n 2"]:
    """Rings of any direction, start and number of points, moved onto the objects' edges.

    As in training they run clockwise from the top, their points evenly spaced.
    """
    contours, index = _even_starts(rings, config), np.full(len(rings), features.image)
    objects = np.ones(len(contours), bool)
    return evolve(graphs, features.maps, contours, index, config, sure=objects)[-1]


def _octagons(
    extremes: Float[np.ndarray, "m 4 2"], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    octagons = np.full((len(extremes), config.points, 2), np.nan, np.float32)
    finite = np.isfinite(extremes).all(axis=(1, 2))
    octagons[finite] = _on_grid(start_octagons(_on_grid(extremes[finite]), config))
    return octagons


def _even_starts(
    rings: Sequence[Float[np.ndarray, "_ 2"]], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    return _on_grid(even_contours(rings, config), FINE).astype(np.float32)


def _on_grid(points: Float[np.ndarray, "m *n"], parts: int = GRID) -> Float[np.ndarray, "m *n"]:
    """The nearest places of a grid, in double precision."""
    return np.round(points.astype(np.float64) * parts) / parts
