"""Colours by which objects that touch are told apart.

From left to right, one object after the other takes the next colour of the palette that differs
clearly from those that its neighbours have by then; where all are taken, from the nearest ones.
Neighbours are objects whose boxes touch or nearly do. In a heap there are more than there are
colours, and those beyond the first of it take the next colour of the palette.
"""

import numpy as np
import shapely
from jaxtyping import Float, Int, UInt8

from kontur.display.colours import PALETTE

NEAR = 0.5  # of the usual side of a box: boxes that are farther apart are no neighbours
SHARPNESS = 4  # power of likeness: the likest neighbour decides, not how many there are
SAME = 8.0  # in CIE Lab, in place of 0: the same colour is worse than any other, and not endless
CLEAR = 60.0  # in CIE Lab; colours so far apart differ clearly, and which are farther is no matter
AT_A_TIME = 1000  # objects whose neighbours are looked for: what lies in one heap has many
MOST = 24  # neighbours of an object that count, the nearest; boxes of a heap that look at others


def neighbour_colours(boxes: Float[np.ndarray, "k 4"]) -> Int[np.ndarray, " k"]:
    """The number in the palette of each object's colour; `boxes` are x0, y0, x1, y1 in pixels.

    The same boxes in the same order always have the same colours. An object without neighbours has
    the next colour of the palette.

    >>> boxes = np.array([[0, 0, 9, 9], [99, 0, 108, 9], [9, 0, 18, 9.0]])
    >>> neighbour_colours(boxes).tolist(), neighbour_colours(boxes[:0]).tolist()
    ([0, 1, 2], [])
    """
    count, several = len(boxes), len(PALETTE)
    turn = np.arange(count) % several
    if count < 2:
        return turn
    sweep = _sweep(boxes)
    starts, earlier, weights = _earlier_neighbours(boxes[sweep])
    alike, colours = likeness(), turn[sweep]
    order = np.array([np.roll(np.arange(several), -first) for first in range(several)])
    for i in np.flatnonzero(np.diff(starts)).tolist():
        some = slice(starts[i], starts[i + 1])
        cost = weights[some] @ alike[colours[earlier[some]]]
        turns = order[colours[i]]  # of colours that are as good the next one
        colours[i] = turns[cost[turns].argmin()]
    turn[sweep] = colours
    return turn


def neighbours(
    boxes: Float[np.ndarray, "k 4"],
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The pairs of neighbours, each once, and their weights.

    A weight is 1 where boxes touch and 0 where they are as far apart as neighbours may be.
    """
    if len(boxes) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    sweep = _sweep(boxes)
    starts, earlier, weights = _earlier_neighbours(boxes[sweep])
    return sweep[np.repeat(np.arange(len(sweep)), np.diff(starts))], sweep[earlier], weights


def _sweep(boxes: Float[np.ndarray, "k 4"]) -> Int[np.ndarray, " s"]:
    """The boxes from left to right, so that few neighbours are before each; of a heap the first."""
    sweep = np.lexsort(boxes[:, 1::-1].T)
    return sweep[_first_of_heaps(boxes[sweep])]


def _first_of_heaps(boxes: Float[np.ndarray, "k 4"]) -> Int[np.ndarray, " s"]:
    """The boxes before which fewer than `MOST` have about the same sides and middle, in order.

    Such boxes lie on one another. If each looked at all others, a heap would take as many steps as
    the square of their number.
    """
    corners = boxes.reshape(-1, 2, 2)
    sizes = np.exp2(np.floor(np.log2(np.maximum(corners[:, 1] - corners[:, 0], 1))))
    alike = np.hstack([sizes, np.floor(corners.mean(axis=1) / sizes)])
    _, heap = np.unique(alike, axis=0, return_inverse=True)
    order = np.argsort(heap, kind="stable")
    heap = heap[order]
    rank = np.arange(len(heap)) - np.searchsorted(heap, heap)
    return np.sort(order[rank < MOST])


def _earlier_neighbours(
    boxes: Float[np.ndarray, "k 4"],
) -> tuple[Int[np.ndarray, " k+1"], Int[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """The neighbours of each object among those before it, one after the other, and their weights.

    Those of object i are from place `starts[i]` to `starts[i + 1]`.

    They are looked for among the first few boxes, then among those that follow: a large box may
    touch thousands of small ones, of which the first `MOST` count. Boxes are sorted by their left
    sides, so that no box that begins too far to the right is looked at.
    """
    near = NEAR * float(np.median(boxes[:, 2:] - boxes[:, :2]))
    reaches = boxes[:, 0] - near
    wider = shapely.box(*(boxes + near * np.array([-1, -1, 1, 1])).T)
    touching = np.zeros(len(boxes), dtype=np.int64)
    none = np.zeros(0, dtype=np.int64)
    found = [(none, none, np.zeros(0))]
    first, size = 0, MOST
    while first < len(boxes):
        tree = shapely.STRtree(shapely.box(*boxes[first : first + size].T))
        stop = np.searchsorted(reaches, boxes[first : first + size, 2].max(), side="right")
        looking = np.flatnonzero(touching[first:stop] < MOST) + first  # others have their first
        for some in np.split(looking, range(AT_A_TIME, len(looking), AT_A_TIME)):
            own, other = tree.query(wider[some])
            own, other = some[own], other + first
            earlier = other < own
            own, other = own[earlier], other[earlier]
            gap = _gaps(boxes[own], boxes[other])
            close = gap <= near
            found.append(_nearest(own[close], other[close], gap[close]))
            own, _, gap = found[-1]
            np.add.at(touching, own[gap == 0], 1)
        first, size = first + size, min(2 * size, AT_A_TIME)
    own, other, gap = _nearest(*map(np.concatenate, zip(*found, strict=True)))
    counts = np.bincount(own, minlength=len(boxes))
    weights = 1 - gap / near if near > 0 else np.ones(len(gap))
    return np.append(0, counts.cumsum()), other, weights


def _gaps(
    boxes: Float[np.ndarray, "n 4"], others: Float[np.ndarray, "n 4"]
) -> Float[np.ndarray, " n"]:
    """How far each box is from its other one; 0 where they touch or overlap."""
    low = np.maximum(boxes[:, :2], others[:, :2])
    high = np.minimum(boxes[:, 2:], others[:, 2:])
    return np.hypot(*np.maximum(low - high, 0).T)


def _nearest(
    own: Int[np.ndarray, " n"], other: Int[np.ndarray, " n"], gap: Float[np.ndarray, " n"]
) -> tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """Of each object the `MOST` neighbours of the smallest gaps, of equal ones the first."""
    order = np.lexsort((other, gap, own))
    own, other, gap = own[order], other[order], gap[order]
    kept = np.arange(len(own)) - np.searchsorted(own, own) < MOST
    return own[kept], other[kept], gap[kept]


def likeness() -> Float[np.ndarray, "c c"]:
    """How alike two colours of the palette are, by their distance in CIE Lab.

    1 for the same and 0 where they differ clearly.
    """
    lab = _lab(np.array(PALETTE, dtype=np.uint8))
    apart = np.linalg.norm(lab[:, None] - lab, axis=2)
    return np.where(apart < CLEAR, (SAME / np.maximum(apart, SAME)) ** SHARPNESS, 0)


def _lab(colours: UInt8[np.ndarray, "c 3"]) -> Float[np.ndarray, "c 3"]:
    """CIE Lab of sRGB, for the white D65."""
    shares = colours / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    xyz = linear @ XYZ_OF_RGB.T / XYZ_OF_RGB.sum(axis=1)
    cubic = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = cubic.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


XYZ_OF_RGB = np.array(  # linear sRGB, IEC 61966-2-1
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)
