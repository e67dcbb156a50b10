"""Rings: the outlines of all objects of an image in flat arrays, for computation without loops.

They hold every ring of every part, holes too, open and clockwise, relative to the middle of its
object's box, so that sums of products lose no digits far from the origin. An outline along pixel
edges is a staircase, up to 4/π times as long as the true edge and full of corners; `straightened`
replaces it for measurements along the edge (lengths, curvature, normals). Areas and moments need no
such correction.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Num, Shaped

from kontur.geometry.raster import ramp

WINDOW = 3  # pixel edges that are averaged: lengths of discs of any radius are then true to 2 %
MOST = 5.0  # largest factor by which a ring is scaled to keep its area; a single pixel needs 4.2


class ObjectRings(NamedTuple):
    """The rings of k objects: p points in r rings.

    `points` are relative to the `origin` of their object; ring i has `number[i]` of them from
    `start[i]` on and belongs to object `owner[i]`; `hole` marks inner rings, `main` is the outer
    ring of each object's largest part.
    """

    points: Float[np.ndarray, "p 2"]
    start: Int[np.ndarray, " r"]
    number: Int[np.ndarray, " r"]
    owner: Int[np.ndarray, " r"]
    hole: Bool[np.ndarray, " r"]
    main: Int[np.ndarray, " k"]
    origin: Float[np.ndarray, "k 2"]

    @property
    def ring(self) -> Int[np.ndarray, " p"]:
        """The ring of every point."""
        return np.repeat(np.arange(len(self.number)), self.number)

    @property
    def following(self) -> Int[np.ndarray, " p"]:
        """The index of the next point of the same ring."""
        onward = np.arange(1, len(self.points) + 1)
        onward[self.start + self.number - 1] = self.start
        return onward

    @property
    def steps(self) -> Float[np.ndarray, "p 2"]:
        """From every point to the next one of its ring."""
        return self.points[self.following] - self.points

    @property
    def lengths(self) -> Float[np.ndarray, " r"]:
        """The length of every ring, in pixels."""
        steps = self.steps
        return self.sums(np.hypot(steps[:, 0], steps[:, 1]))

    @property
    def areas(self) -> Float[np.ndarray, " r"]:
        """The area that every ring encloses, in square pixels, above 0."""
        onward = self.points[self.following]
        return self.sums(_cross(self.points, onward)) / 2

    def sums(self, values: Num[np.ndarray, "p *d"]) -> Num[np.ndarray, "r *d"]:
        """A value of every point summed up ring by ring."""
        return np.add.reduceat(values, self.start, axis=0)

    def of_objects(self, values: Float[np.ndarray, " r"]) -> Float[np.ndarray, " k"]:
        """A value of every ring summed up object by object, those of holes subtracted."""
        signed = np.where(self.hole, -values, values)
        return np.bincount(self.owner, signed, minlength=len(self.main)).astype(float)

    def mains(self) -> "ObjectRings":
        """The outer ring of each object's largest part alone."""
        count = self.number[self.main]
        places = np.repeat(self.start[self.main], count) + ramp(count)
        k = len(self.main)
        return ObjectRings(
            points=self.points[places],
            start=np.cumsum(count) - count,
            number=count,
            owner=np.arange(k),
            hole=np.zeros(k, dtype=bool),
            main=np.arange(k),
            origin=self.origin,
        )


def rings_of(polygons: Shaped[np.ndarray, " k"]) -> ObjectRings:
    """The rings of valid polygons with area; of equally large parts the first is the main one."""
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.ones(len(ring), dtype=bool)
    last[:-1] = ring[1:] != ring[:-1]
    points, ring = points[~last], ring[~last]  # the last point repeats the first
    owner = part_owner[ring_part]
    box = shapely.bounds(polygons).reshape(-1, 4)
    origin = (box[:, :2] + box[:, 2:]) / 2
    points = points - origin[owner[ring]]
    count = np.bincount(ring, minlength=len(rings))
    hole = np.zeros(len(rings), dtype=bool)
    hole[1:] = ring_part[1:] == ring_part[:-1]
    # the parts of every object by size, the largest first; its shell is its first ring
    by_size = np.lexsort((np.arange(len(parts)), -shapely.area(parts), part_owner))
    largest = by_size[np.searchsorted(part_owner[by_size], np.arange(len(polygons)))]
    main = np.searchsorted(ring_part, largest)
    start = np.cumsum(count) - count
    unordered = ObjectRings(points, start, count, owner, hole, main, origin)
    return unordered._replace(points=points[_clockwise(unordered)])


def straightened(rings: ObjectRings) -> ObjectRings:
    """The rings with those along pixel edges replaced by smooth ones of the same area.

    Each point becomes the mean of three neighbouring pixel edges' midpoints, and the ring is scaled
    to the area it had. A ring is such a staircase where all its points are whole numbers and all
    its edges upright or level.
    """
    stairs = along_pixels(rings)
    if not stairs.any():
        return rings
    steps = np.rint(rings.steps).astype(np.int64)
    ring = rings.ring
    unit_edges = np.abs(steps).sum(axis=1)  # of a staircase: how many pixels long every edge is
    pieces = np.where(stairs[ring], unit_edges, 1)
    at = np.repeat(np.arange(len(pieces)), pieces)
    share = (ramp(pieces) + 0.5) / pieces[at]
    share[~stairs[ring[at]]] = 0  # the points of the others stay
    points = rings.points[at] + rings.steps[at] * share[:, None]
    count = np.bincount(ring[at], minlength=len(rings.number))
    cut = rings._replace(points=points, start=np.cumsum(count) - count, number=count)
    onward = cut.following
    before = np.empty_like(onward)
    before[onward] = np.arange(len(onward))
    averaged = (points[before] + points + points[onward]) / WINDOW
    smooth = cut._replace(points=np.where(stairs[cut.ring][:, None], averaged, points))
    # Averaging shrinks corners, and small rings are all corners: each is scaled to its area.
    left = smooth.areas
    grow = np.sqrt(np.divide(rings.areas, left, out=np.ones(len(left)), where=left > 0))
    grow = np.where(stairs, np.minimum(grow, MOST), 1)
    middle = smooth.sums(smooth.points) / smooth.number[:, None]
    grown = (smooth.points - middle[cut.ring]) * grow[cut.ring][:, None] + middle[cut.ring]
    return smooth._replace(points=np.where(stairs[cut.ring][:, None], grown, points))


def along_pixels(rings: ObjectRings) -> Bool[np.ndarray, " r"]:
    """Which rings run along the edges of pixels, as outlines traced from masks do."""
    steps = rings.steps
    absolute = rings.points + rings.origin[rings.owner[rings.ring]]
    bent = (steps[:, 0] != 0) & (steps[:, 1] != 0)
    off = bent | (absolute != np.rint(absolute)).any(axis=1)
    return rings.sums(off.astype(np.int64)) == 0


def _clockwise(rings: ObjectRings) -> Int[np.ndarray, " p"]:
    """The places of the points in an order that makes every ring clockwise."""
    backward = rings.areas < 0
    ring = rings.ring
    place = np.arange(len(rings.points))
    mirrored = 2 * rings.start[ring] + rings.number[ring] - 1 - place
    return np.where(backward[ring], mirrored, place)


def _cross(a: Float[np.ndarray, "p 2"], b: Float[np.ndarray, "p 2"]) -> Float[np.ndarray, " p"]:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
