"""Boxes: (k, 4) arrays of x0, y0, x1, y1 in pixels, corner to corner."""

import numpy as np
import shapely
from jaxtyping import Float, Int

from kontur.geometry.suppression import Answers, Places, suppress_greedily

SMALLEST_SIDE = 1e-3  # pixels; a box of no width or height still has a scale
LARGEST_GROWTH = 1000 / 16  # of a side in one step: the published bound, against overflow


def bounds(rings: Float[np.ndarray, "m n 2"]) -> Float[np.ndarray, "m 4"]:
    """The bounding box of each ring. Raises ValueError for rings without points.

    >>> bounds(np.array([[[1.0, 2], [3, 0], [2, 5]]])).tolist()
    [[1.0, 0.0, 3.0, 5.0]]
    """
    return np.concatenate([rings.min(axis=1), rings.max(axis=1)], axis=-1)


def area(boxes: Float[np.ndarray, "k 4"]) -> Float[np.ndarray, " k"]:
    """Areas in square pixels; 0 where x1 < x0 or y1 < y0."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def intersection(
    a: Float[np.ndarray, "k 4"], b: Float[np.ndarray, "l 4"]
) -> Float[np.ndarray, "k l"]:
    """The area that each box of `a` shares with each box of `b`, in square pixels."""
    sides = []
    for low, high in ((0, 2), (1, 3)):  # an axis at a time: pairs of numbers are slow to go through
        side = np.minimum(a[:, None, high], b[None, :, high])
        side -= np.maximum(a[:, None, low], b[None, :, low])
        sides.append(np.maximum(side, 0, out=side))
    return sides[0] * sides[1]


def iou(a: Float[np.ndarray, "k 4"], b: Float[np.ndarray, "l 4"]) -> Float[np.ndarray, "k l"]:
    """Intersection over union of each pair; 0 where neither box has area.

    >>> iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [4, 4, 5, 5]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None]
    union -= shared
    union[union <= 0] = 1  # nothing is shared either
    return np.divide(shared, union, out=shared)


def clip(boxes: Float[np.ndarray, "k 4"], size: tuple[int, int]) -> Float[np.ndarray, "k 4"]:
    """Boxes cut to an image of `size` (h, w); one outside gets no area, at the border."""
    height, width = size
    limits = np.array([width, height, width, height], dtype=boxes.dtype)
    return np.clip(boxes, 0, limits)


def suppress(
    boxes: Float[np.ndarray, "k 4"],
    scores: Float[np.ndarray, " k"],
    threshold: float,
    groups: Int[np.ndarray, " k"] | None = None,
) -> Int[np.ndarray, " kept"]:
    """The places of the boxes that stay, best score first.

    Greedy: from the best score down, a box stays unless its IoU with one of its group that stayed
    is above `threshold`. Equal scores: the earlier wins. Boxes without area always stay, and so do
    those that are not finite. Memory is linear in the number of boxes.

    >>> boxes = np.array([[0.0, 0, 4, 4], [0, 0, 4, 3], [8, 0, 9, 9]])
    >>> suppress(boxes, np.array([0.5, 0.9, 0.1]), 0.5).tolist()
    [1, 2]
    """
    order = np.argsort(-scores, kind="stable")
    size = area(boxes[order].astype(float))
    solid = np.isfinite(size) & (size > 0)
    places = order[solid]
    ranked, size = boxes[places].astype(float), size[solid]
    group = np.zeros_like(places) if groups is None else groups[places]

    def is_over(i: Places, j: Places) -> Answers:
        low = np.maximum(ranked[i, :2], ranked[j, :2])
        sides = np.maximum(np.minimum(ranked[i, 2:], ranked[j, 2:]) - low, 0)
        shared = sides[:, 0] * sides[:, 1]
        return (group[i] == group[j]) & (shared > threshold * (size[i] + size[j] - shared))

    stays = ~solid
    stays[np.flatnonzero(solid)[suppress_greedily(shapely.box(*ranked.T), is_over)]] = True
    return order[stays]


def deltas(
    boxes: Float[np.ndarray, "k 4"], targets: Float[np.ndarray, "k 4"]
) -> Float[np.ndarray, "k 4"]:
    """The regression target of each box: tx, ty, tw, th of Faster R-CNN, equation 2.

    The shift of the centre as a share of the box's sides, and the logarithm of the sides' ratio.
    Sides below `SMALLEST_SIDE` count as that.
    """
    side = np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST_SIDE)
    target_side = np.maximum(targets[:, 2:] - targets[:, :2], SMALLEST_SIDE)
    shift = (targets[:, :2] + targets[:, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2
    return np.concatenate([shift / side, np.log(target_side / side)], axis=-1)


def apply_deltas(
    boxes: Float[np.ndarray, "k 4"], deltas: Float[np.ndarray, "k 4"]
) -> Float[np.ndarray, "k 4"]:
    """The boxes moved: the inverse of `deltas`; a side grows by `LARGEST_GROWTH` at most.

    >>> apply_deltas(np.array([[0.0, 0, 4, 2]]), np.array([[0.25, 0, np.log(2), 0]])).tolist()
    [[-1.0, 0.0, 7.0, 2.0]]
    """
    side = np.maximum(boxes[:, 2:] - boxes[:, :2], SMALLEST_SIDE)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 + deltas[:, :2] * side
    half = side * np.exp(np.minimum(deltas[:, 2:], np.log(LARGEST_GROWTH))) / 2
    return np.concatenate([middle - half, middle + half], axis=-1)
