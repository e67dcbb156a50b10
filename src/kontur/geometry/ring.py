"""A ring: the closed outline of one object as an open array of points.

A ring is `(n, 2)` points `(x, y)` in pixels whose last point joins the first without repeating it.
With y pointing down, clockwise on screen is a positive shoelace area. Extremes come in the order
top, right, bottom, left. The arithmetic is that of many rings, `ragged_rings`.
"""

import numpy as np
from jaxtyping import Float

from kontur.geometry import ragged_rings
from kontur.geometry.ragged_rings import RaggedRings


def signed_area(points: Float[np.ndarray, "n 2"]) -> float:
    """Shoelace area in square pixels; positive when the ring runs clockwise on screen.

    >>> square = np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]])
    >>> signed_area(square), signed_area(square[::-1]), signed_area(np.empty((0, 2)))
    (4.0, -4.0, 0.0)
    """
    return float(ragged_rings.signed_areas(RaggedRings.of([points]))[0])


def clockwise(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """The ring running clockwise on screen, its first point still first.

    >>> clockwise(np.array([[0.0, 0], [0, 2], [2, 0]])).tolist()
    [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]
    """
    return points if signed_area(points) >= 0 else _turn(points[::-1], len(points) - 1)


def perimeter(points: Float[np.ndarray, "n 2"]) -> float:
    """Length of the closed ring in pixels; 0 for no point or one."""
    return float(ragged_rings.perimeters(RaggedRings.of([points]))[0])


def resample(points: Float[np.ndarray, "n 2"], count: int) -> Float[np.ndarray, "count 2"]:
    """`count` points at equal arc lengths around the ring, the first at `points[0]`.

    A ring without length (one point, or the same point again) gives that point `count` times.
    Raises ValueError for a ring without points.

    >>> resample(np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]]), 2).tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    return ragged_rings.resample(RaggedRings.of([points]), count).points


def smooth(points: Float[np.ndarray, "n 2"], window: float) -> Float[np.ndarray, "p 2"]:
    """Each point replaced by the mean of the outline around it, see `ragged_rings.smooth`."""
    return ragged_rings.smooth(RaggedRings.of([points]), window).points


def extremes(points: Float[np.ndarray, "n 2"], tolerance: float = 0.0) -> Float[np.ndarray, "4 2"]:
    """The top, right, bottom and left of a ring, see `ragged_rings.extremes`.

    >>> extremes(np.array([[0.0, 0], [4, 0], [4, 2], [0, 2]])).tolist()
    [[2.0, 0.0], [4.0, 1.0], [2.0, 2.0], [0.0, 1.0]]
    """
    return ragged_rings.extremes(RaggedRings.of([points]), tolerance)[0]


def canonical(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "p 2"]:
    """The ring clockwise and from its top, as every ring inside Kontur runs.

    The top is that of `extremes`; where it lies inside an edge it becomes a new point, so the
    outline itself does not change. Neither start nor direction of the ring given matter.

    >>> canonical(np.array([[0.0, 0], [0, 2], [2, 2], [2, 0]])).tolist()
    [[1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]
    """
    return ragged_rings.canonical(RaggedRings.of([points])).points


def _turn(points: Float[np.ndarray, "n 2"], first: int) -> Float[np.ndarray, "n 2"]:
    """The ring from its point `first` on."""
    return np.concatenate([points[first:], points[:first]])
