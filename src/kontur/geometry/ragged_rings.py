"""Many rings at once, whatever their numbers of points.

The objects of an image are many short rings, and a call of numpy takes longer than the arithmetic
of one. So all points lie in one array, ring after ring. `ring` says what a ring is, and has these
functions for a single one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from kontur.geometry.raster import ramp

SPACING = 0.5  # pixels between the points of a smoothed ring, at most
FEWEST = 16  # points of a smoothed ring, at least
WIDEST = 1 / 4  # of the perimeter: a wider window would shrink small rings away


@dataclass(frozen=True)
class RaggedRings:
    """The points of m rings, one ring after the other, and how many each has (0 or more)."""

    points: Float[np.ndarray, "p 2"]
    counts: Int[np.ndarray, " m"]

    @classmethod
    def of(cls, rings: Sequence[Float[np.ndarray, "_ 2"]]) -> Self:
        """Of any number of rings, also none."""
        points = np.concatenate(rings) if len(rings) else np.empty((0, 2))
        return cls(points, np.array([len(points) for points in rings], np.int64))

    @classmethod
    def equal(cls, rings: Float[np.ndarray, "m k 2"]) -> Self:
        """Of rings that have k points each."""
        m, k, _ = rings.shape
        return cls(rings.reshape(m * k, 2), np.full(m, k))

    def split(self) -> list[Float[np.ndarray, "_ 2"]]:
        """The rings by themselves."""
        return np.split(self.points, self.first[1:]) if len(self) else []

    def take(self, chosen: Int[np.ndarray, " t"] | Bool[np.ndarray, " m"]) -> Self:
        """Some of the rings, by their places or a mask."""
        counts, first = self.counts[chosen], self.first[chosen]
        return type(self)(self.points[np.repeat(first, counts) + ramp(counts)], counts)

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def first(self) -> Int[np.ndarray, " m"]:
        """Where each ring begins."""
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def owner(self) -> Int[np.ndarray, " p"]:
        """The ring of each point."""
        return np.repeat(np.arange(len(self)), self.counts)

    @cached_property
    def following(self) -> Int[np.ndarray, " p"]:
        """The next point around, of each point."""
        return self.first[self.owner] + (ramp(self.counts) + 1) % self.counts[self.owner]

    def summed(self, values: Shaped[np.ndarray, " p"]) -> Float[np.ndarray, " m"]:
        """Values of points, added up ring by ring; 0 for a ring without points."""
        return np.bincount(self.owner, values, minlength=len(self)).astype(float)

    def least(self, values: Float[np.ndarray, " p"]) -> Float[np.ndarray, " m"]:
        """The least value in each ring, infinite for a ring without points."""
        return _least(values, self.owner, len(self))


def _least(
    values: Float[np.ndarray, " p"], group: Int[np.ndarray, " p"], groups: int
) -> Float[np.ndarray, "{groups}"]:
    least = np.full(groups, np.inf)
    np.minimum.at(least, group, values)
    return least


def _first(mask: Bool[np.ndarray, " p"], rings: RaggedRings) -> Int[np.ndarray, " m"]:
    """The first point of each ring where the mask holds; -1 where none."""
    found = np.full(len(rings), -1)
    places = np.flatnonzero(mask)[::-1]
    found[rings.owner[places]] = places  # of several the last one written is the first
    return found


def signed_areas(rings: RaggedRings) -> Float[np.ndarray, " m"]:
    """Shoelace areas in square pixels; positive where a ring runs clockwise on screen."""
    origin = rings.points[rings.first[rings.owner]].astype(float)  # no digits are lost far out
    x, y = (rings.points - origin).T
    onward = rings.following
    return rings.summed(x * y[onward] - x[onward] * y) / 2


def perimeters(rings: RaggedRings) -> Float[np.ndarray, " m"]:
    """Lengths of the closed rings in pixels; 0 for no point or one."""
    steps = rings.points[rings.following].astype(float) - rings.points
    return rings.summed(np.hypot(steps[:, 0], steps[:, 1]))


def resample(rings: RaggedRings, counts: int | Int[np.ndarray, " m"]) -> RaggedRings:
    """Points at equal arc lengths around each ring, the first at its first, so many for each.

    The dtype stays. A ring without length gives its point again and again. Raises ValueError for
    rings without points, or with some that are not finite, and for counts below 1.
    """
    wanted = np.broadcast_to(counts, len(rings))
    wrong = (rings.counts == 0) | (wanted < 1)
    if wrong.any():
        raise ValueError(
            f"resampling wants rings with points and a count above 0, got a ring of "
            f"{rings.counts[wrong][0]} points, count {wanted[wrong][0]}"
        )
    check_finite(rings.points)
    closed = rings.counts + 1
    ring = np.repeat(np.arange(len(rings)), closed)
    around = rings.first[ring] + ramp(closed) % rings.counts[ring]
    return resample_lines(RaggedRings(rings.points[around], closed), wanted)


def resample_lines(lines: RaggedRings, counts: int | Int[np.ndarray, " m"]) -> RaggedRings:
    """Points at equal arc lengths along each open line of at least one point, its end left out."""
    counts = np.broadcast_to(counts, len(lines))
    exact = lines.points.astype(float)
    steps = np.diff(exact, axis=0, prepend=exact[:1])
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    lengths[lines.first] = 0
    travelled = np.cumsum(lengths)
    travelled -= travelled[lines.first][lines.owner]
    last = lines.first + lines.counts - 1
    total = travelled[last]
    travelled /= np.where(total > 0, total, 1)[lines.owner]
    travelled[last] = lines.counts > 1  # 1 also for a line without length
    # One np.interp for all lines: line i is measured from 2i to 2i + 1, so that no two lines touch.
    line = np.repeat(np.arange(len(lines)), counts)
    share = np.where(lines.counts[line] > 1, ramp(counts) / counts[line], 0)
    at, known = 2.0 * line + share, 2.0 * lines.owner + travelled
    x, y = (np.interp(at, known, each) if len(at) else np.empty(0) for each in exact.T)
    return RaggedRings(np.stack([x, y], axis=-1).astype(lines.points.dtype), counts)


def smooth(rings: RaggedRings, window: float) -> RaggedRings:
    """Each point replaced by the mean of the outline over `window` pixels of arc length around it.

    The mean is the exact integral, taken at points at most half a pixel apart (16 or more), so it
    straightens the staircase of a pixel mask without a choice of samples. The window is at most a
    quarter of the perimeter; `window=0` and rings without length come back as they are. Raises
    ValueError for points that are not finite.
    """
    if window <= 0:
        return rings
    check_finite(rings.points)
    moves = perimeters(rings) > 0
    if moves.all():
        return _smooth(rings, window)
    moved = _smooth(rings.take(moves), window)
    counts = rings.counts.copy()
    counts[moves] = moved.counts
    points = np.empty((counts.sum(), 2), rings.points.dtype)
    points[np.repeat(moves, counts)] = moved.points
    points[np.repeat(~moves, counts)] = rings.take(~moves).points
    return RaggedRings(points, counts)


def _smooth(rings: RaggedRings, window: float) -> RaggedRings:
    """`smooth` of rings that have a length."""
    perimeter = perimeters(rings)
    width = np.minimum(window, WIDEST * perimeter)
    origin = rings.points[rings.first].astype(float)  # the integral from there on, to stay small
    corners = rings.points - origin[rings.owner]
    steps = corners[rings.following] - corners
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    edges = lengths > 0
    starts, steps, lengths = corners[edges], steps[edges], lengths[edges]
    count = np.bincount(rings.owner[edges], minlength=len(rings))
    outlines = _Outlines(starts, steps / lengths[:, None], lengths, count)

    counts = np.maximum(FEWEST, np.ceil(perimeter / SPACING)).astype(np.int64)
    ring = np.repeat(np.arange(len(rings)), counts)
    at = ramp(counts) * (outlines.length / counts)[ring]
    half = width[ring] / 2
    sums = outlines.integral(ring, at + half) - outlines.integral(ring, at - half)
    points = sums / width[ring, None] + origin[ring]
    return RaggedRings(points.astype(rings.points.dtype), counts)


class _Outlines:
    """The integrals of outlines along themselves, known at every corner."""

    def __init__(
        self,
        starts: Float[np.ndarray, "e 2"],
        slopes: Float[np.ndarray, "e 2"],
        lengths: Float[np.ndarray, " e"],
        count: Int[np.ndarray, " m"],
    ):
        self.starts, self.slopes = starts, slopes
        self.end = np.cumsum(count)  # of each outline among the edges
        self.first = self.end - count
        pieces = (starts + slopes * lengths[:, None] / 2) * lengths[:, None]
        self.travelled = np.concatenate([[0.0], np.cumsum(lengths)])
        self.whole = np.concatenate([np.zeros((1, 2)), np.cumsum(pieces, axis=0)])
        self.length = self.travelled[self.end] - self.travelled[self.first]

    def integral(
        self, outline: Int[np.ndarray, " p"], at: Float[np.ndarray, " p"]
    ) -> Float[np.ndarray, "p 2"]:
        """From each outline's first point to the place `at` along it, also several times around."""
        first, end = self.first[outline], self.end[outline]
        turns, rest = np.divmod(at, self.length[outline])
        rest += self.travelled[first]
        edge = np.clip(np.searchsorted(self.travelled, rest, side="right") - 1, first, end - 1)
        along = (rest - self.travelled[edge])[:, None]
        on_edge = along * (self.starts[edge] + self.slopes[edge] * along / 2)
        before = self.whole[first]
        return turns[:, None] * (self.whole[end] - before) + self.whole[edge] - before + on_edge


def extremes(rings: RaggedRings, tolerance: float = 0.0) -> Float[np.ndarray, "m 4 2"]:
    """The top, right, bottom and left of each ring.

    Points next to one another along the ring and within `tolerance` × the box side of the extreme
    form a run (Deep Snake's published code: 0.02). The run that holds the extreme gives its middle,
    at the extreme itself in the other axis, so a flat top edge has its middle as top. Of several
    equally extreme runs the longest counts, then the one further left (or up): the answer does not
    depend on where the ring starts. Raises ValueError for a ring without points, or with some that
    are not finite.
    """
    if (rings.counts == 0).any():
        raise ValueError("a ring without points has no extremes; drop empty rings first")
    check_finite(rings.points)
    x, y = rings.points.T.astype(float)
    left, top = rings.least(x), rings.least(y)
    right, bottom = -rings.least(-x), -rings.least(-y)
    across, down = tolerance * (right - left), tolerance * (bottom - top)
    ring = rings.owner
    sides = [
        (_middles(rings, y - top[ring], x, down), top),
        (right, _middles(rings, right[ring] - x, y, across)),
        (_middles(rings, bottom[ring] - y, x, down), bottom),
        (left, _middles(rings, x - left[ring], y, across)),
    ]
    points = np.stack([each for side in sides for each in side], axis=-1)
    return points.reshape(-1, 4, 2).astype(rings.points.dtype)


def _middles(
    rings: RaggedRings,
    distance: Float[np.ndarray, " p"],
    along: Float[np.ndarray, " p"],
    tolerance: Float[np.ndarray, " m"],
) -> Float[np.ndarray, " m"]:
    """The middle of `along` over the run of near points that holds a point at distance 0.

    Every ring with points has such a run; without points the middle is 0.
    """
    ring = rings.owner
    near = distance <= tolerance[ring]
    begins = np.zeros(len(near), bool)
    begins[rings.following] = ~near
    begins &= near
    whole = (rings.summed(near) == rings.counts) & (rings.counts > 0)
    begins[rings.first[whole]] = True  # all points are near
    runs = np.flatnonzero(begins)
    number = np.bincount(ring[runs], minlength=len(rings))
    first = np.cumsum(number) - number
    points = np.flatnonzero(near)
    own = ring[points]
    # A run that passes the first point of its ring goes on from the last one that begins there.
    run = first[own] + (np.cumsum(begins)[points] - 1 - first[own]) % number[own]
    low, high = _least(along[points], run, len(runs)), -_least(-along[points], run, len(runs))
    chosen = np.flatnonzero(_least(distance[points], run, len(runs)) == 0)
    middle = (low + high) / 2
    # The longest, then the lowest coordinate; of each ring the first of these is written last.
    order = chosen[np.lexsort((middle[chosen], (low - high)[chosen]))][::-1]
    middles = np.zeros(len(rings))
    middles[ring[runs[order]]] = middle[order]
    return middles


def canonical(rings: RaggedRings) -> RaggedRings:
    """The rings clockwise and each from its top, as every ring inside Kontur runs.

    The top is that of `extremes`; where it lies inside an edge it becomes a new point, so the
    outline itself does not change. Neither start nor direction of a ring given matter. Raises
    ValueError for points that are not finite.
    """
    check_finite(rings.points)
    step, ring = ramp(rings.counts), rings.owner
    turned = (signed_areas(rings) < 0)[ring]
    onward = np.where(turned, -step % rings.counts[ring], step)  # the first point stays first
    rings = RaggedRings(rings.points[rings.first[ring] + onward], rings.counts)
    x, y = rings.points.T
    height = rings.least(y.astype(float))
    distance = y - height[ring]
    level = np.zeros(len(rings))
    top = _middles(rings, distance, x.astype(float), level).astype(rings.points.dtype)
    is_top, is_left, after = distance == 0, x < top[ring], rings.following
    start = _first(is_top & (x == top[ring]), rings)
    lacks = (start < 0) & (rings.counts > 0)
    within = _first(is_top & is_top[after] & (is_left != is_left[after]), rings)
    start[lacks] = after[within[lacks]]

    counts = rings.counts + lacks
    own = np.repeat(np.arange(len(rings)), counts)
    from_start = ramp(counts) - lacks[own]
    first = rings.first[own]
    found = RaggedRings(
        rings.points[first + (start[own] - first + from_start) % rings.counts[own]], counts
    )
    found.points[found.first[lacks]] = np.stack([top, height], axis=-1)[lacks]
    return found


def check_finite(points: Float[np.ndarray, "*n 2"]) -> None:
    """Raises ValueError where a coordinate is NaN or infinite: it has no place along a ring."""
    wrong = ~np.isfinite(points).all(axis=-1)
    if wrong.any():
        raise ValueError(
            f"the points of a ring must be finite, got {points[wrong][0].tolist()};"
            " kontur.geometry.polygons.repair makes an empty polygon of such a ring"
        )
