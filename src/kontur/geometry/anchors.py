"""Anchors: boxes of a few shapes at every cell of every level, and their assignment to objects.

After Ren et al., Faster R-CNN, 2015, section 3.1. All anchors of an image stand in one list: level
by level from the finest, row by row, column by column, shape by shape.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from kontur.geometry import boxes as rectangles

BACKGROUND, UNSURE = -1, -2  # of an anchor that is assigned to no object
CHUNK = 1 << 20  # pairs of anchor and box compared at a time


def anchors(
    size: tuple[int, int],
    strides: Sequence[int],
    *,
    sizes: Sequence[float],
    ratios: Sequence[float],
) -> Float[np.ndarray, "a 4"]:
    """The anchors of an image of `size` (h, w), a multiple of every stride, in pixels.

    `sizes` are the sides of a square of the anchor's area, in strides; `ratios` are height over
    width. Anchors stand in the middle of their cells and may reach beyond the image.

    >>> anchors((4, 8), [4], sizes=[1], ratios=[1]).tolist()
    [[0.0, 0.0, 4.0, 4.0], [4.0, 0.0, 8.0, 4.0]]
    """
    half = np.array([(s / r**0.5, s * r**0.5) for s in sizes for r in ratios]) / 2
    shapes = np.concatenate([-half, half], axis=1)  # (shapes, 4), in strides
    levels = [np.zeros((0, 4))]
    for stride in strides:
        y, x = np.mgrid[: size[0] // stride, : size[1] // stride] + 0.5
        middles = np.stack([x, y, x, y], axis=-1)[:, :, None]  # (h, w, 1, 4)
        levels.append(((middles + shapes) * stride).reshape(-1, 4))
    return np.concatenate(levels)


def match(
    anchors: Float[np.ndarray, "a 4"],
    boxes: Float[np.ndarray, "m 4"],
    *,
    low: float,
    high: float,
) -> Int[np.ndarray, " a"]:
    """The index of the box to which each anchor is assigned, `BACKGROUND` or `UNSURE`.

    The box of the largest IoU where that is at least `high`; background where it is below `low`.
    The anchors of largest IoU with a box are assigned to it however small that is, so that a box is
    without one only where another box has the same best anchor.
    """
    assigned = np.full(len(anchors), BACKGROUND)
    if len(boxes) == 0 or len(anchors) == 0:
        return assigned
    best = np.zeros(len(anchors))
    step = max(1, CHUNK // len(boxes))
    highest = np.full(len(boxes), 1e-9)  # an anchor that does not touch the box does not fit it
    best_pairs: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for first in range(0, len(anchors), step):
        iou = rectangles.iou(anchors[first : first + step], boxes)
        best[first : first + step] = iou.max(axis=1)
        assigned[first : first + step] = iou.argmax(axis=1)
        highest = np.maximum(highest, iou.max(axis=0, initial=0))
        anchor, box = np.nonzero(iou >= highest * (1 - TIE))
        best_pairs.append((first + anchor, box, iou[anchor, box]))
    assigned[best < high] = UNSURE
    assigned[best < low] = BACKGROUND
    anchor, box, iou = (np.concatenate(column) for column in zip(*best_pairs, strict=True))
    fits = iou >= highest[box] * (1 - TIE)
    assigned[anchor[fits]] = box[fits]
    return assigned


TIE = 1e-6  # relative; anchors of equal IoU differ by rounding
