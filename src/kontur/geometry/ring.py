"""Rings: the closed outline of one object as an open array of points.

A ring is `(n, 2)` points `(x, y)` in pixels whose last point joins the first without repeating it.
With y pointing down, clockwise on screen is a positive shoelace area. Extremes come in the order
top, right, bottom, left. Diamond and octagon are those of Peng et al., Deep Snake, CVPR 2020;
unlike the published code we walk clockwise, and we resample exactly by arc length.
"""

import numpy as np
from jaxtyping import Float

from kontur.geometry import rings as many
from kontur.geometry.rings import Rings

REACH = 1 / 8  # of the box side, each way along it; Deep Snake's octagon


def signed_area(points: Float[np.ndarray, "n 2"]) -> float:
    """Shoelace area in square pixels; positive when the ring runs clockwise on screen.

    >>> square = np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]])
    >>> signed_area(square), signed_area(square[::-1]), signed_area(np.empty((0, 2)))
    (4.0, -4.0, 0.0)
    """
    return float(many.signed_areas(Rings.of([points]))[0])


def clockwise(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """The ring running clockwise on screen, its first point still first.

    >>> clockwise(np.array([[0.0, 0], [0, 2], [2, 0]])).tolist()
    [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]
    """
    return points if signed_area(points) >= 0 else _turn(points[::-1], len(points) - 1)


def perimeter(points: Float[np.ndarray, "n 2"]) -> float:
    """Length of the closed ring in pixels; 0 for no point or one."""
    return float(many.perimeters(Rings.of([points]))[0])


def resample(points: Float[np.ndarray, "n 2"], count: int) -> Float[np.ndarray, "count 2"]:
    """`count` points at equal arc lengths around the ring, the first at `points[0]`.

    A ring without length (one point, or the same point again) gives that point `count` times.
    Raises ValueError for a ring without points.

    >>> resample(np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]]), 2).tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    return many.resample(Rings.of([points]), count).points


def subdivide(
    rings: Float[np.ndarray, "m k 2"], per_edge: int
) -> Float[np.ndarray, "m k*{per_edge} 2"]:
    """Every edge cut into `per_edge` equal pieces; the old points stay at 0, per_edge, 2·per_edge …

    >>> subdivide(np.array([[[0.0, 0], [2, 0], [2, 2]]]), 2)[0].tolist()
    [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [2.0, 1.0], [2.0, 2.0], [1.0, 1.0]]
    """
    m, k, _ = rings.shape
    share = (np.arange(per_edge) / per_edge).astype(rings.dtype)[:, None]
    steps = np.roll(rings, -1, axis=1) - rings
    return (rings[:, :, None] + steps[:, :, None] * share).reshape(m, k * per_edge, 2)


def smooth(points: Float[np.ndarray, "n 2"], window: float) -> Float[np.ndarray, "p 2"]:
    """Each point replaced by the mean of the outline around it, see `rings.smooth`."""
    return many.smooth(Rings.of([points]), window).points


def extremes(points: Float[np.ndarray, "n 2"], tolerance: float = 0.0) -> Float[np.ndarray, "4 2"]:
    """The top, right, bottom and left of a ring, see `rings.extremes`.

    >>> extremes(np.array([[0.0, 0], [4, 0], [4, 2], [0, 2]])).tolist()
    [[2.0, 0.0], [4.0, 1.0], [2.0, 2.0], [0.0, 1.0]]
    """
    return many.extremes(Rings.of([points]), tolerance)[0]


def diamond(boxes: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, "m 4 2"]:
    """The side midpoints of each xyxy box: top, right, bottom, left, in pixels."""
    x0, y0, x1, y1 = boxes.T
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    return np.stack([cx, y0, x1, cy, cx, y1, x0, cy], axis=-1).reshape(-1, 4, 2)


def octagon(
    extremes: Float[np.ndarray, "m 4 2"], reach: float = REACH
) -> Float[np.ndarray, "m 12 2"]:
    """Deep Snake's second start shape: 12 vertices, clockwise from the top extreme.

    The box is that of the four extremes. Each extreme lies on its side of the box, is extended
    along it by `reach` × the side both ways and clamped to the corners: top, its right end; the
    right's upper end, right, lower end; the bottom's right end, bottom, left end; the left's lower
    end, left, upper end; the top's left end.
    """
    low, high = extremes.min(axis=1), extremes.max(axis=1)  # (m, 2)
    x0, y0, x1, y1 = low[:, 0], low[:, 1], high[:, 0], high[:, 1]
    across, down = reach * (x1 - x0), reach * (y1 - y0)
    top, bottom = extremes[:, 0, 0], extremes[:, 2, 0]
    right, left = extremes[:, 1, 1], extremes[:, 3, 1]
    points = [
        (top, y0),
        (np.minimum(top + across, x1), y0),
        (x1, np.maximum(right - down, y0)),
        (x1, right),
        (x1, np.minimum(right + down, y1)),
        (np.minimum(bottom + across, x1), y1),
        (bottom, y1),
        (np.maximum(bottom - across, x0), y1),
        (x0, np.minimum(left + down, y1)),
        (x0, left),
        (x0, np.maximum(left - down, y0)),
        (np.maximum(top - across, x0), y0),
    ]
    return np.stack([side for point in points for side in point], axis=-1).reshape(-1, 12, 2)


def canonical(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "p 2"]:
    """The ring clockwise and from its top, as every ring inside Kontur runs.

    The top is that of `extremes`; where it lies inside an edge it becomes a new point, so the
    outline itself does not change. Neither start nor direction of the ring given matter.

    >>> canonical(np.array([[0.0, 0], [0, 2], [2, 2], [2, 0]])).tolist()
    [[1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]
    """
    return many.canonical(Rings.of([points])).points


def _turn(points: Float[np.ndarray, "n 2"], first: int) -> Float[np.ndarray, "n 2"]:
    """The ring from its point `first` on."""
    return np.concatenate([points[first:], points[:first]])
