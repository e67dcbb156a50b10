"""Marching squares: outlines along a level between samples.

A field of numbers, such as the probabilities of a mask, becomes the polygons inside which its
bilinear interpolation is at least the level. The outline runs between the samples, not along them,
so a mask of a few cells gives a smooth outline at full resolution. After Lorensen and Cline,
Marching cubes, 1987, in two dimensions; where two high samples meet only across a corner they stay
apart, so that a ring never touches itself.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Int, Shaped
from shapely import Polygon

from kontur.geometry.raster import follow_rings

CORNER = 1e-6  # of the way between two samples: how near a point may come to one of them
FINEST = 8  # steps between two samples at most: 224 pixels at 28 samples are one a pixel
SLACK = 0.1  # pixels that an outline may move for having fewer points, at most,
SHARE = 1 / 200  # and of its box's longer side
MOST = 1 << 24  # numbers of refined fields that are held at once

TOP, RIGHT, BOTTOM, LEFT, NONE = range(5)
# By which of its corners are high (1 top left, 2 top right, 4 bottom right, 8 bottom left) the
# sides of a square between which its pieces of outline run, the high side on the right hand.
ENTERS = np.full((16, 2), NONE)
LEAVES = np.full((16, 2), NONE)
for _case, _pieces in {
    1: [(TOP, LEFT)],
    2: [(RIGHT, TOP)],
    3: [(RIGHT, LEFT)],
    4: [(BOTTOM, RIGHT)],
    5: [(TOP, LEFT), (BOTTOM, RIGHT)],
    6: [(BOTTOM, TOP)],
    7: [(BOTTOM, LEFT)],
    8: [(LEFT, BOTTOM)],
    9: [(TOP, BOTTOM)],
    10: [(RIGHT, TOP), (LEFT, BOTTOM)],
    11: [(RIGHT, BOTTOM)],
    12: [(LEFT, RIGHT)],
    13: [(TOP, RIGHT)],
    14: [(LEFT, TOP)],
}.items():
    for _place, (_enter, _leave) in enumerate(_pieces):
        ENTERS[_case, _place], LEAVES[_case, _place] = _enter, _leave


class Rings(NamedTuple):
    """Closed rings of points `(x, y)`: those of ring 0 first; clockwise around what is high."""

    points: Float[np.ndarray, "p 2"]
    ring: Int[np.ndarray, " p"]
    field: Int[np.ndarray, " r"]


def rings(fields: Float[np.ndarray, "m h w"], level: float) -> Rings:
    """The rings at `level` (above 0) of every field; sample [i, j] stands at (j + .5, i + .5).

    Outside its border a field counts as 0, and so does NaN. A sample at the level is high.
    """
    padded = np.pad(np.nan_to_num(fields.astype(float)), ((0, 0), (1, 1), (1, 1)))
    _, height, width = padded.shape
    high = padded >= level
    corners = [high[:, :-1, :-1], high[:, :-1, 1:], high[:, 1:, 1:], high[:, 1:, :-1]]
    case = np.packbits(np.stack(corners, axis=-1), axis=-1, bitorder="little")[..., 0]
    field, row, column = np.nonzero((case != 0) & (case != 15))
    sample = (field * height + row) * width + column  # the square's top left
    # A side is named by twice its first sample, and one more where it runs down.
    sides = [2 * sample, 2 * (sample + 1) + 1, 2 * (sample + width), 2 * sample + 1]
    named = np.stack([*sides, np.full_like(sample, -1)], axis=-1)  # (squares, 5)
    case = case[field, row, column]
    enters = np.take_along_axis(named, ENTERS[case], axis=1).ravel()
    leaves = np.take_along_axis(named, LEAVES[case], axis=1).ravel()
    pieces = enters >= 0
    enters, leaves = enters[pieces], leaves[pieces]
    by_side = np.argsort(enters)
    enters, leaves = enters[by_side], leaves[by_side]
    order, ring = follow_rings(np.searchsorted(enters, leaves))
    side, ring = enters[order], ring[order]
    first, down = side // 2, side % 2 == 1
    flat = padded.ravel()
    below, above = flat[first], flat[first + np.where(down, width, 1)]
    share = np.clip((level - below) / (above - below), CORNER, 1 - CORNER)
    field, place = np.divmod(first, height * width)
    row, column = np.divmod(place, width)
    x = column - 0.5 + np.where(down, 0, share)
    y = row - 0.5 + np.where(down, share, 0)
    begins = np.flatnonzero(np.diff(ring, prepend=-1))
    return Rings(np.stack([x, y], axis=-1), ring, field[begins])


def refine(fields: Float[np.ndarray, "m h w"], steps: int) -> Float[np.ndarray, "m h2 w2"]:
    """Bilinear values at `steps` positions from each sample to the next, within a frame of zeros.

    Position [0, 0] is the frame's corner, one sample above and left of the first; (h + 1)·steps + 1
    rows.
    """
    padded = np.pad(fields, ((0, 0), (1, 1), (1, 1)))
    down, across = (_between(count, steps) for count in padded.shape[1:])
    return down @ padded @ across.T


def outlines(
    fields: Float[np.ndarray, "m h h"], boxes: Float[np.ndarray, "m 4"], *, level: float = 0.5
) -> Shaped[np.ndarray, " m"]:
    """The polygon at `level` of each square field spread over its xyxy box, in pixels.

    Of several parts the largest stays, with its holes; empty where a field is below the level or
    its box has no area. Valid, and inside the box (but for rounding) where no value is above twice
    the level. A long way between samples is refined to one point per pixel (`FINEST`), and points
    that change little (`SLACK`) are left out.
    """
    polygons = np.full(len(fields), Polygon(), dtype=object)
    side = (boxes[:, 2:] - boxes[:, :2]).min(axis=-1, initial=np.inf)
    usable = np.isfinite(boxes).all(axis=-1) & (side > 0)
    largest = np.where(usable, np.nan_to_num(boxes[:, 2:] - boxes[:, :2]).max(axis=-1), 0)
    count = fields.shape[-1]
    steps = np.clip(np.ceil(largest / count), 1, FINEST).astype(int)
    for finer in np.unique(steps[usable]).tolist():
        members = np.flatnonzero(usable & (steps == finer))
        chunk = max(1, MOST // ((count + 1) * finer + 1) ** 2)
        for first in range(0, len(members), chunk):
            chosen = members[first : first + chunk]
            traced = rings(refine(fields[chosen].astype(float), finer), level)
            own = boxes[chosen][traced.field[traced.ring]].astype(float)
            share = ((traced.points - 0.5) / finer - 0.5) / count
            points = own[:, :2] + share * (own[:, 2:] - own[:, :2])
            polygons[chosen] = largest_parts(traced._replace(points=points), len(chosen))
    return shapely.simplify(polygons, np.minimum(SLACK, largest * SHARE))


def largest_parts(traced: Rings, count: int) -> Shaped[np.ndarray, " count"]:
    """Of each of `count` fields the largest part with its holes; empty where it has no ring."""
    polygons = np.full(count, Polygon(), dtype=object)
    if len(traced.field) == 0:
        return polygons
    closed = shapely.linearrings(traced.points, indices=traced.ring)
    area = _signed_areas(traced)
    shells = np.lexsort((-area, traced.field))  # the first of each field is its largest part
    shells = shells[np.flatnonzero(np.diff(traced.field[shells], prepend=-1))]
    field = traced.field[shells]
    polygons[field] = shapely.polygons(closed[shells])
    holes = np.flatnonzero(area < 0)
    if len(holes):
        begins = np.flatnonzero(np.diff(traced.ring, prepend=-1))
        x, y = traced.points[begins[holes]].T
        holes = holes[shapely.contains_xy(polygons[traced.field[holes]], x, y)]
    for index in np.unique(traced.field[holes]).tolist():
        own = holes[traced.field[holes] == index]
        polygons[index] = Polygon(polygons[index].exterior, _outermost(closed[own]))
    return polygons


def _outermost(holes: Shaped[np.ndarray, " k"]) -> Shaped[np.ndarray, " k2"]:
    """Without the holes of islands, which lie inside other holes."""
    filled = shapely.polygons(holes)
    inside, around = shapely.STRtree(filled).query(filled, predicate="within")
    return np.delete(holes, inside[inside != around])


def _signed_areas(traced: Rings) -> Float[np.ndarray, " r"]:
    """Shoelace areas in square pixels, positive around what is high."""
    begins = np.flatnonzero(np.diff(traced.ring, prepend=-1))
    after = np.arange(1, len(traced.ring) + 1)
    after[np.append(begins[1:], len(after)) - 1] = begins
    origin = traced.points[begins[traced.ring]]
    (x, y), (x2, y2) = (traced.points - origin).T, (traced.points[after] - origin).T
    return np.add.reduceat(x * y2 - x2 * y, begins) / 2


def _between(count: int, steps: int) -> Float[np.ndarray, "k {count}"]:
    """The matrix that interpolates `count` samples at `steps` places from each to the next."""
    places = np.arange((count - 1) * steps + 1) / steps
    return np.maximum(1 - np.abs(places[:, None] - np.arange(count)), 0)
