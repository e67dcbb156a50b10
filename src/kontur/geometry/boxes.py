"""Boxes: (k, 4) arrays of x0, y0, x1, y1 in pixels, corner to corner."""

import numpy as np
from jaxtyping import Float


def bounds(rings: Float[np.ndarray, "m n 2"]) -> Float[np.ndarray, "m 4"]:
    """The bounding box of each ring. Raises ValueError for rings without points.

    >>> bounds(np.array([[[1.0, 2], [3, 0], [2, 5]]])).tolist()
    [[1.0, 0.0, 3.0, 5.0]]
    """
    return np.concatenate([rings.min(axis=1), rings.max(axis=1)], axis=-1)


def area(boxes: Float[np.ndarray, "k 4"]) -> Float[np.ndarray, " k"]:
    """Areas in square pixels; 0 for boxes turned inside out."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def intersection(
    a: Float[np.ndarray, "k 4"], b: Float[np.ndarray, "l 4"]
) -> Float[np.ndarray, "k l"]:
    """The area that each box of `a` shares with each box of `b`, in square pixels."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)
    return sides[..., 0] * sides[..., 1]


def iou(a: Float[np.ndarray, "k 4"], b: Float[np.ndarray, "l 4"]) -> Float[np.ndarray, "k l"]:
    """Intersection over union of each pair; 0 where neither box has area.

    >>> iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2], [4, 4, 5, 5]])).round(3).tolist()
    [[0.333, 0.0]]
    """
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def clip(boxes: Float[np.ndarray, "k 4"], size: tuple[int, int]) -> Float[np.ndarray, "k 4"]:
    """Boxes cut to an image of `size` (h, w); one outside gets no area, at the border."""
    height, width = size
    limits = np.array([width, height, width, height], dtype=boxes.dtype)
    return np.clip(boxes, 0, limits)
