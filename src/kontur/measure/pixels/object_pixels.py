"""The pixels of every object, whose centres lie in its polygon, in blocks that fit into memory.

A pixel in several objects is a pixel of each of them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Int, Shaped

from kontur.geometry import raster

AT_A_TIME = 4_000_000  # pixels in the boxes of a block of objects
OBJECT = 256  # pixels by which an object counts beyond its box: it has a row of its own in results


class Pixels(NamedTuple):
    """The pixels of the objects from `first` on, sorted by object.

    `place` is the flat index of a pixel in the image or its window, `owner` its object less
    `first`, `number` the number of pixels of each object of the block: 0 where it lies between
    pixel centres.
    """

    first: int
    place: Int[np.ndarray, " p"]
    owner: Int[np.ndarray, " p"]
    number: Int[np.ndarray, " b"]

    @property
    def has_pixels(self) -> Bool[np.ndarray, " b"]:
        """Which objects have a pixel."""
        return self.number > 0


def pixels_of(
    polygons: Shaped[np.ndarray, " k"], size: tuple[int, int], corner: tuple[int, int] = (0, 0)
) -> Iterator[Pixels]:
    """The pixels of all objects in a window of `size` (h, w) whose first pixel lies at `corner`.

    Block by block. The corner is a row and a column of the image.
    """
    x0, y0, x1, y1 = shapely.bounds(polygons).reshape(-1, 4).T
    area = np.cumsum((x1 - x0 + 1) * (y1 - y0 + 1) + OBJECT)
    first = 0
    while first < len(polygons):
        done = area[first - 1] if first else 0.0
        last = max(int(np.searchsorted(area, done + AT_A_TIME, side="right")), first + 1)
        spans = raster.spans(polygons[first:last], size, corner=corner)
        owner = np.repeat(spans.owner, spans.stop - spans.start)
        count = np.bincount(owner, minlength=len(polygons[first:last]))
        yield Pixels(first, raster.pixels(spans, size[1]), owner, count)
        first = last
