"""The pixels of objects on the image grid, and how many of them two sets of objects share.

A pixel belongs to an object when its centre lies inside (`geometry.raster`). Objects may overlap,
so a pixel can be in several; nothing here is quadratic in the objects or dense in their pairs.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, Integer, Shaped

from kontur.geometry import raster


class Pixels(NamedTuple):
    """Every pixel of every object: its place `row · width + col` and the object that owns it.

    Sorted by owner, then by place. `areas` counts the pixels of each object; an object that covers
    no pixel centre inside the image has area 0.
    """

    place: Int[np.ndarray, " p"]
    owner: Int[np.ndarray, " p"]
    areas: Int[np.ndarray, " k"]
    size: tuple[int, int]

    def union(self) -> Bool[np.ndarray, " hw"]:
        """The flattened mask of the pixels that any object covers."""
        mask = np.zeros(self.size[0] * self.size[1], dtype=bool)
        mask[self.place] = True
        return mask

    def of(self, objects: Integer[np.ndarray, " m"]) -> "Pixels":
        """The pixels of some objects, each named once, renumbered in the order given."""
        number = np.full(len(self.areas), -1)
        number[objects] = np.arange(len(objects))
        kept = np.flatnonzero(number[self.owner] >= 0)
        kept = kept[np.argsort(number[self.owner[kept]], kind="stable")]
        return Pixels(self.place[kept], number[self.owner[kept]], self.areas[objects], self.size)

    def where(self, kept: Bool[np.ndarray, " p"]) -> "Pixels":
        """The same objects with only some of their pixels."""
        areas = np.bincount(self.owner[kept], minlength=len(self.areas))
        return Pixels(self.place[kept], self.owner[kept], areas, self.size)


def pixels_of(polygons: Shaped[np.ndarray, " k"], size: tuple[int, int]) -> Pixels:
    """Rasterise polygons exactly on an image of `size` (h, w); what lies outside is cut off."""
    spans = raster.spans(polygons, size)
    owner = np.repeat(spans.owner, spans.stop - spans.start)
    areas = np.bincount(owner, minlength=len(polygons))
    return Pixels(raster.pixels(spans, size[1]), owner, areas, size)


class Shared(NamedTuple):
    """The pairs of objects that share pixels, one of the first set, one of the second."""

    rows: Int[np.ndarray, " e"]
    cols: Int[np.ndarray, " e"]
    area: Int[np.ndarray, " e"]


def shared(first: Pixels, second: Pixels) -> Shared:
    """How many pixels each object of `first` shares with each of `second`; zeros are left out.

    Pairs come sorted by row, then column. Works through as many layers as objects of `first` lie
    on one another: a layer is an image of owners, looked up at the pixels of `second`.
    """
    columns = max(len(second.areas), 1)
    keys, counts = [], []
    layer = np.empty(first.size[0] * first.size[1], dtype=np.int32)
    place, owner = first.place, first.owner
    while len(place):
        layer.fill(-1)
        layer[place] = owner
        below = layer[place] != owner  # hidden under another object: the next layer's
        place, owner = place[below], owner[below]
        above = layer[second.place].astype(np.int64)
        hit = above >= 0
        key = above[hit] * columns + second.owner[hit]
        starts = run_starts(key)  # neighbours mostly have the same key
        keys.append(key[starts])
        counts.append(np.diff(starts, append=len(key)))
    if not keys:
        none = np.zeros(0, dtype=np.int64)
        return Shared(none, none, none)
    pair, run = np.unique(np.concatenate(keys), return_inverse=True)
    count = np.zeros(len(pair), dtype=np.int64)
    np.add.at(count, run, np.concatenate(counts))
    return Shared(pair // columns, pair % columns, count)


def run_starts(values: Integer[np.ndarray, " n"], step: int = 0) -> Int[np.ndarray, " r"]:
    """Where runs begin in which each value is the one before it plus `step`."""
    begins = np.ones(len(values), dtype=bool)
    begins[1:] = values[1:] != (values[:-1] + step if step else values[:-1])
    return np.flatnonzero(begins)
