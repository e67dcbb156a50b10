"""Contours on the features of an image: from boxes, from extremes, from rings of any origin.

The small graphs of a snake, and the shapes that they start from: a box's diamond becomes four
extremes, their octagon a contour, and every stage moves it closer. What the detector found and what
a person drew take the same way. Pure numpy; any number of objects, also none. An object whose
numbers overflow has NaN points and spoils no other.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from kontur.models.candidates import Features
from kontur.models.family import Graphs
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.evolve import Maps, chunks, evolve
from kontur.models.snake.rings import even_contours, start_diamonds, start_octagons


def starts_in_boxes(
    graphs: Graphs,
    maps: Maps,
    boxes: Float[np.ndarray, "m 4"],
    image_index: Int[np.ndarray, " m"],
    config: SnakeConfig,
) -> Float[np.ndarray, "m n 2"]:
    """Where the contour stages start in each box: octagons, or learned; in image pixels."""
    starts = [np.zeros((0, config.points, 2), np.float32)]
    for chunk in chunks(len(boxes)):
        diamonds = start_diamonds(boxes[chunk].astype(np.float64)).astype(np.float32)
        if config.initial == "learned":
            (guessed,) = graphs["start"](maps[0], diamonds, image_index[chunk])
            starts.append(guessed[-1])
        else:
            (extremes,) = graphs["extremes"](maps[0], diamonds, image_index[chunk])
            starts.append(_octagons(extremes, config))
    return np.concatenate(starts)


def predict_quality(
    graphs: Graphs,
    maps: Maps,
    contours: Float[np.ndarray, "m n 2"],
    image_index: Int[np.ndarray, " m"],
) -> Float[np.ndarray, " m"]:
    """The IoU that each contour is expected to have with its object; 0 of one that is no number."""
    quality = [np.zeros(0, np.float32)]
    for chunk in chunks(len(contours)):
        quality += graphs["quality"](maps[0], contours[chunk], image_index[chunk])
    return np.nan_to_num(np.concatenate(quality))


def from_boxes(
    graphs: Graphs, features: Features, boxes: Float[np.ndarray, "m 4"], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    """The contours of the objects in boxes xyxy."""
    index = np.full(len(boxes), features.image)
    starts = starts_in_boxes(graphs, features.maps, boxes, index, config)
    alone = np.zeros(len(boxes), bool)  # they may be tries for one object
    return evolve(graphs, features.maps, starts, index, config, sure=alone)[-1]


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
    """The IoU that each outline is expected to have with its object; NaN where none is learned."""
    if not config.quality:
        return np.full(len(rings), np.nan, np.float32)
    contours, index = even_contours(rings, config), np.full(len(rings), features.image)
    return predict_quality(graphs, features.maps, contours, index)


def from_rings(
    graphs: Graphs,
    features: Features,
    rings: Sequence[Float[np.ndarray, "_ 2"]],
    config: SnakeConfig,
) -> Float[np.ndarray, "m n 2"]:
    """Rings of any direction, start and number of points, moved onto the objects' edges.

    As in training they run clockwise from the top, their points evenly spaced.
    """
    contours, index = even_contours(rings, config), np.full(len(rings), features.image)
    objects = np.ones(len(contours), bool)
    return evolve(graphs, features.maps, contours, index, config, sure=objects)[-1]


def _octagons(
    extremes: Float[np.ndarray, "m 4 2"], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    octagons = np.full((len(extremes), config.points, 2), np.nan, np.float32)
    finite = np.isfinite(extremes).all(axis=(1, 2))
    octagons[finite] = start_octagons(extremes[finite].astype(np.float64), config)
    return octagons
