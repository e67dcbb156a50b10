"""Rings: the closed outline of one object as an open array of points.

A ring is `(n, 2)` points `(x, y)` in pixels whose last point joins the first without repeating it.
With y pointing down, clockwise on screen is a positive shoelace area. Extremes come in the order
top, right, bottom, left. Diamond, octagon and alignment are those of Peng et al., Deep Snake,
CVPR 2020; unlike the published code we walk clockwise, and we resample exactly by arc length.
"""

import numpy as np
from jaxtyping import Float, Int

REACH = 1 / 8  # of the box side, each way along it; Deep Snake's octagon
SPACING = 0.5  # pixels between the points of a smoothed ring, at most
FEWEST = 16  # points of a smoothed ring, at least
WIDEST = 1 / 4  # of the perimeter: a wider window would shrink small rings away


def signed_area(points: Float[np.ndarray, "n 2"]) -> float:
    """Shoelace area in square pixels; positive when the ring runs clockwise on screen.

    >>> square = np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]])
    >>> signed_area(square), signed_area(square[::-1]), signed_area(np.empty((0, 2)))
    (4.0, -4.0, 0.0)
    """
    if len(points) == 0:
        return 0.0
    x, y = (points.astype(float) - points[0]).T  # from the first point on: no digits lost far out
    return float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2


def clockwise(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """The ring running clockwise on screen, its first point still first.

    >>> clockwise(np.array([[0.0, 0], [0, 2], [2, 0]])).tolist()
    [[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]
    """
    return points if signed_area(points) >= 0 else _turn(points[::-1], len(points) - 1)


def perimeter(points: Float[np.ndarray, "n 2"]) -> float:
    """Length of the closed ring in pixels; 0 for no point or one."""
    steps = np.roll(points, -1, axis=0) - points
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def resample(points: Float[np.ndarray, "n 2"], count: int) -> Float[np.ndarray, "count 2"]:
    """`count` points at equal arc lengths around the ring, the first at `points[0]`.

    A ring without length (one point, or the same point again) gives that point `count` times.
    Raises ValueError for a ring without points.

    >>> resample(np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]]), 2).tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    return resample_rings(points[None], count)[0]


def resample_rings(
    rings: Float[np.ndarray, "m k 2"], count: int
) -> Float[np.ndarray, "m {count} 2"]:
    """`resample` for m rings of k points each, at once; the dtype stays, m may be 0."""
    k = rings.shape[1]
    if k == 0 or count < 1:
        raise ValueError(
            f"resampling wants rings with points and a count above 0, got {k} points, count {count}"
        )
    _check_finite(rings)
    return resample_lines(np.concatenate([rings, rings[:, :1]], axis=1), count)


def resample_lines(
    lines: Float[np.ndarray, "m k 2"], count: int
) -> Float[np.ndarray, "m {count} 2"]:
    """`count` points at equal arc lengths along each open line of k points, its end left out.

    The dtype stays; m may be 0. A line without length gives its point `count` times.
    """
    m, k, _ = lines.shape
    if m == 0:
        return np.empty((0, count, 2), dtype=lines.dtype)
    exact = lines.astype(float)
    steps = np.diff(exact, axis=1)
    travelled = np.zeros((m, k))
    np.cumsum(np.hypot(steps[..., 0], steps[..., 1]), axis=1, out=travelled[:, 1:])
    travelled /= np.where(travelled[:, -1:] > 0, travelled[:, -1:], 1)
    travelled[:, -1] = 1  # also for a line without length
    # One np.interp for all lines: line i is measured from 2i to 2i + 1, so that no two lines touch.
    starts = 2.0 * np.arange(m)[:, None]
    at = (starts + np.arange(count) / count).ravel()
    known = (starts + travelled).ravel()
    x = np.interp(at, known, exact[..., 0].ravel())
    y = np.interp(at, known, exact[..., 1].ravel())
    return np.stack([x, y], axis=-1).reshape(m, count, 2).astype(lines.dtype)


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
    """Each point replaced by the mean of the outline over `window` pixels of arc length around it.

    The mean is the exact integral, taken at points at most half a pixel apart (16 or more), so it
    straightens the staircase of a pixel mask without a choice of samples. The window is at most a
    quarter of the perimeter; `window=0` and rings without length come back as they are.
    """
    length = perimeter(points)
    if window <= 0 or length == 0:
        return points
    _check_finite(points)
    width = min(window, WIDEST * length)
    closed = np.concatenate([points, points[:1]]).astype(float)
    steps = np.diff(closed, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    edges = lengths > 0
    starts, steps, lengths = closed[:-1][edges], steps[edges], lengths[edges]
    travelled = np.concatenate([[0.0], np.cumsum(lengths)])
    pieces = (starts + steps / 2) * lengths[:, None]  # the integral of the outline along each edge
    whole = np.concatenate([np.zeros((1, 2)), np.cumsum(pieces, axis=0)])

    slopes = steps / lengths[:, None]
    count = max(FEWEST, int(np.ceil(length / SPACING)))
    at = np.arange(count) * (travelled[-1] / count)
    before, after = (
        _integral(end, starts, slopes, travelled, whole) for end in (at - width / 2, at + width / 2)
    )
    return ((after - before) / width).astype(points.dtype)


def _integral(
    at: Float[np.ndarray, " p"],
    starts: Float[np.ndarray, "n 2"],
    slopes: Float[np.ndarray, "n 2"],
    travelled: Float[np.ndarray, " n+1"],
    whole: Float[np.ndarray, "n+1 2"],
) -> Float[np.ndarray, "p 2"]:
    """The integral of an outline from its first point on, known at every vertex (`whole`).

    A function of its own, not one inside `smooth`: that would be made, and where annotations are
    checked prepared for it, for each of many small outlines.
    """
    turns, rest = np.divmod(at, travelled[-1])
    edge = np.clip(np.searchsorted(travelled, rest, side="right") - 1, 0, len(starts) - 1)
    along = (rest - travelled[edge])[:, None]
    on_edge = along * (starts[edge] + slopes[edge] * along / 2)
    return turns[:, None] * whole[-1] + whole[edge] + on_edge


def extremes(points: Float[np.ndarray, "n 2"], tolerance: float = 0.0) -> Float[np.ndarray, "4 2"]:
    """The top, right, bottom and left of a ring.

    Points next to one another along the ring and within `tolerance` × the box side of the extreme
    form a run (Deep Snake's published code: 0.02). The run that holds the extreme gives its middle,
    at the extreme itself in the other axis, so a flat top edge has its middle as top. Of several
    equally extreme runs the longest counts, then the one further left (or up): the answer does not
    depend on where the ring starts. Raises ValueError for a ring without points, or with some that
    are not finite.

    >>> extremes(np.array([[0.0, 0], [4, 0], [4, 2], [0, 2]])).tolist()
    [[2.0, 0.0], [4.0, 1.0], [2.0, 2.0], [0.0, 1.0]]
    """
    if len(points) == 0:
        raise ValueError("a ring without points has no extremes; drop empty rings first")
    _check_finite(points)
    x, y = points[:, 0], points[:, 1]
    width, height = float(np.ptp(x)), float(np.ptp(y))
    top, bottom, left, right = y.min(), y.max(), x.min(), x.max()
    points_at = [
        (_middle(y - top, x, tolerance * height), top),
        (right, _middle(right - x, y, tolerance * width)),
        (_middle(bottom - y, x, tolerance * height), bottom),
        (left, _middle(x - left, y, tolerance * width)),
    ]
    return np.array(points_at, dtype=points.dtype)


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


def align(
    points: Float[np.ndarray, "n 2"], start: Float[np.ndarray, " 2"]
) -> Float[np.ndarray, "n 2"]:
    """The ring turned so that its point nearest to `start` comes first (the first of equals)."""
    if len(points) == 0:
        return points
    nearest = int(((points - start) ** 2).sum(axis=1).argmin())
    return _turn(points, nearest)


def canonical(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "p 2"]:
    """The ring clockwise and from its top, as every ring inside Kontur runs.

    The top is that of `extremes`; where it lies inside an edge it becomes a new point, so the
    outline itself does not change. Neither start nor direction of the ring given matter.

    >>> canonical(np.array([[0.0, 0], [0, 2], [2, 2], [2, 0]])).tolist()
    [[1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]
    """
    if len(points) == 0:
        return points
    _check_finite(points)
    ring = clockwise(points)
    x, y = ring[:, 0], ring[:, 1]
    height = y.min()
    top = ring.dtype.type(_middle(y - height, x, 0.0))
    at_top = np.flatnonzero(y == height)
    here = at_top[x[at_top] == top]
    if len(here):
        return _turn(ring, int(here[0]))
    following = (at_top + 1) % len(ring)
    inside = (y[following] == height) & ((x[at_top] < top) != (x[following] < top))
    after = int(following[inside][0])
    return np.concatenate([np.array([[top, height]], ring.dtype), ring[after:], ring[:after]])


def _check_finite(points: Float[np.ndarray, "*n 2"]) -> None:
    """Raises ValueError where a coordinate is NaN or infinite: it has no place along a ring."""
    wrong = ~np.isfinite(points).all(axis=-1)
    if wrong.any():
        raise ValueError(
            f"the points of a ring must be finite, got {points[wrong][0].tolist()};"
            " kontur.geometry.polygons.repair makes an empty polygon of such a ring"
        )


def _turn(points: Float[np.ndarray, "n 2"], first: int) -> Float[np.ndarray, "n 2"]:
    """The ring from its point `first` on."""
    return np.concatenate([points[first:], points[:first]])


def _middle(
    distance: Float[np.ndarray, " n"], along: Float[np.ndarray, " n"], tolerance: float
) -> float:
    """The middle of `along` over the run of near points that holds a point at distance 0."""
    near = np.flatnonzero(distance <= tolerance)
    if len(near) == 1:
        return float(along[near[0]])
    ranks = []
    for run in _runs(near, len(distance)):
        if distance[run].min() == 0:
            low, high = float(along[run].min()), float(along[run].max())
            ranks.append((low - high, (low + high) / 2))  # the longest, then the lowest coordinate
    return min(ranks)[1]


def _runs(near: Int[np.ndarray, " r"], n: int) -> list[Int[np.ndarray, " _"]]:
    """Sorted indices into a ring of n points, split where neighbours are missing, cyclically."""
    if near[-1] - near[0] == len(near) - 1:
        return [near]
    runs = np.split(near, np.flatnonzero(np.diff(near) > 1) + 1)
    if near[0] == 0 and near[-1] == n - 1:
        runs = [np.concatenate([runs[-1], runs[0]]), *runs[1:-1]]
    return runs
