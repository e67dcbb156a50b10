"""Network output to objects: the three graphs in order, and everything between and after them.

Pure numpy and shapely. Between the graphs stand the steps whose number of objects is known only
there: peaks above the threshold, diamonds, octagons. After them every ring becomes a valid
polygon inside the image, and of two outlines of the same object the better one stays.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from jaxtyping import Float

from kontur.geometry.polygons import polygons_from_rings
from kontur.instances import Instances
from kontur.models.card import Thresholds
from kontur.models.catalog import Graph, Try
from kontur.models.decoded import Decoded, by_image
from kontur.models.found import Found
from kontur.models.rpn.propose import propose
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.encode import start_diamonds, start_octagons

ACCEPTED = -1e-3  # AP that a contour stage less may lose: each costs a quarter of an object's time
CHUNK = 256  # objects a run of a graph: bounds its memory to some 100 MB at width 64
SHOWN = 100  # objects at most whose stages are shown
LOWEST_SCORE = 1e-6  # of an object, whatever the threshold: `detect` has 0 beside the peaks


def decode(
    graphs: Mapping[str, Graph],
    images: Float[np.ndarray, "b c h w"],
    config: SnakeConfig,
    thresholds: Thresholds,
    sizes: Sequence[tuple[int, int]],
) -> list[Decoded]:
    """The objects of each image of a batch whose sides are multiples of `config.multiple`.

    `graphs` are `detect`, `extremes` and `evolve` of an engine. `sizes` are the images' own
    (height, width) without their padding, to which outlines are clipped. Any number of objects;
    a batch without any does not run the later graphs.
    """
    features, found = detected(graphs, images, config, thresholds.score, sizes)
    contours = trace_contours(graphs, features, found, config)[-1]
    polygons, repaired = polygons_from_rings(contours.astype(np.float64))
    return by_image(polygons, repaired, found, sizes, config.classes, thresholds.overlap)


def detected(
    graphs: Mapping[str, Graph],
    images: Float[np.ndarray, "b c h w"],
    config: SnakeConfig,
    threshold: float,
    sizes: Sequence[tuple[int, int]],
) -> tuple[Float[np.ndarray, "b h2 w2 d"], Found]:
    """The features that the snake reads, and the boxes that it starts from."""
    features, scores, where = graphs["detect"](images)
    if config.detector == "centernet":
        return features, peaks(scores, where, threshold)
    return features, proposed(scores, where, images.shape[2:], sizes, config, threshold)


def peaks(
    scores: Float[np.ndarray, "b k h w"], boxes: Float[np.ndarray, "b 4 h w"], threshold: float
) -> Found:
    """Every cell at or above the threshold (`detect` has left only local maxima above 0).

    Boxes are xyxy in image pixels. Images in order, within one the best score first.
    """
    image_index, labels, rows, columns = np.nonzero(scores >= max(threshold, LOWEST_SCORE))
    heights = scores[image_index, labels, rows, columns]
    order = np.lexsort((-heights, image_index))
    image_index, labels, rows, columns = (
        each[order] for each in (image_index, labels, rows, columns)
    )
    return Found(boxes[image_index, :, rows, columns], heights[order], labels, image_index)


def proposed(
    scores: Float[np.ndarray, "b a k"],
    deltas: Float[np.ndarray, "b a 4"],
    size: tuple[int, ...],
    sizes: Sequence[tuple[int, int]],
    config: SnakeConfig,
    threshold: float,
) -> Found:
    """The same from anchors: those at or above the threshold, moved and suppressed by overlap."""
    found = propose(
        *(scores, deltas),
        size=(size[0], size[1]),
        sizes=sizes,
        strides=config.anchor_strides,
        config=config.rpn,
        lowest=max(threshold, LOWEST_SCORE),
    )
    return Found(*found)


def trace_contours(
    graphs: Mapping[str, Graph],
    features: Float[np.ndarray, "b h w d"],
    found: Found,
    config: SnakeConfig,
) -> Float[np.ndarray, "s m n 2"]:
    """The contours of boxes after every stage, the octagon first (so s = `stages_run` + 1).

    In image pixels. An object whose numbers overflowed has NaN points and spoils no other.
    """
    history = [np.zeros((config.stages_run + 1, 0, config.points, 2), np.float32)]
    for first in range(0, len(found.boxes), CHUNK):
        chunk = slice(first, first + CHUNK)
        image_index = found.image_index[chunk]
        diamonds = start_diamonds(found.boxes[chunk].astype(np.float64)).astype(np.float32)
        (extremes,) = graphs["extremes"](features, diamonds, image_index)
        octagons = np.full((len(extremes), config.points, 2), np.nan, np.float32)
        finite = np.isfinite(extremes).all(axis=(1, 2))
        octagons[finite] = start_octagons(extremes[finite].astype(np.float64), config)
        (stages,) = graphs["evolve"](features, octagons, image_index)
        history.append(np.concatenate([octagons[None], stages[: config.stages_run]]))
    return np.concatenate(history, axis=1)


def tries(config: SnakeConfig) -> list[Try]:
    """Fewer contour stages, one less first: what the last ones add is often nothing."""
    fewer = range(config.stages_run - 1, 0, -1)
    return [Try(config.replace(stages_used=count), ACCEPTED) for count in fewer]


def by_stage(
    graphs: Mapping[str, Graph],
    images: Float[np.ndarray, "1 c h w"],
    config: SnakeConfig,
    thresholds: Thresholds,
    size: tuple[int, int],
) -> dict[str, Instances]:
    """The outlines of the surest objects of one image after every stage, to look at.

    From the octagon on; none is suppressed, and `size` is the image's own without its padding.
    """
    features, best = detected(graphs, images, config, thresholds.score, [size])
    found = Found(*(each[:SHOWN] for each in best))
    history = trace_contours(graphs, features, found, config)
    shown = {}
    for stage, rings in enumerate(history):
        polygons, _ = polygons_from_rings(rings.astype(np.float64), size)
        there = ~shapely.is_empty(polygons)
        shown[f"stage {stage}" if stage else "octagon"] = Instances.of_valid(
            polygons[there], labels=found.labels[there], size=size, classes=config.classes
        )
    return shown
