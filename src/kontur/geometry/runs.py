"""Sets of pixels as runs: intersected, united and eroded without a mask.

Pixels of any number of objects are addressed on one line of whole numbers, row after row and object
after object, with an empty address behind each row and an empty row behind each object. A set of
pixels is then a few ascending runs of addresses, and all that is done with sets is done with the
ends of runs: memory and time grow with the height of objects, not with their area.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from kontur.geometry.raster import Spans, ramp


class Runs(NamedTuple):
    """The addresses [start, stop) of each run, ascending; no run meets the next."""

    start: Int[np.ndarray, " r"]
    stop: Int[np.ndarray, " r"]

    @property
    def length(self) -> Int[np.ndarray, " r"]:
        """The pixels of each run."""
        return self.stop - self.start


class Grid(NamedTuple):
    """How pixels of objects in an image of `height` × `width` are addressed."""

    height: int
    width: int

    @property
    def row(self) -> int:
        """Addresses from a pixel to the one below."""
        return self.width + 1

    @property
    def plane(self) -> int:
        """Addresses from a pixel of an object to the same of the next object."""
        return (self.height + 1) * self.row

    def runs(self, spans: Spans) -> Runs:
        """The pixels of every object, each in a plane of its own."""
        line = spans.owner * self.plane + spans.row * self.row
        return united(line + spans.start, line + spans.stop)

    def union(self, spans: Spans) -> Runs:
        """The pixels that any of the objects covers, in the plane of object 0."""
        line = spans.row * self.row
        return united(line + spans.start, line + spans.stop)

    def spans(self, runs: Runs) -> Spans:
        """The runs as spans of their objects."""
        owner, place = np.divmod(runs.start, self.plane)
        row, start = np.divmod(place, self.row)
        return Spans(owner, row, start, start + runs.length)

    def erode(self, runs: Runs, distance: int) -> Runs:
        """The pixels whose square of `distance` pixels each way lies inside; the frame is outside.

        Erosion by 3×3, `distance` times. The intersection of 2, 4, 8 … successive rows, each of
        two of the last one.
        """
        inside = _not_empty(Runs(runs.start + distance, runs.stop - distance))
        rows, wanted = 1, 2 * distance + 1
        while rows < wanted and len(inside.start):
            step = min(rows, wanted - rows)
            inside = intersect(inside, shift(inside, -step * self.row))
            rows += step
        return shift(inside, distance * self.row)


def united(start: Int[np.ndarray, " n"], stop: Int[np.ndarray, " n"]) -> Runs:
    """The union of runs in any order, which may overlap.

    >>> united(np.array([5, 0, 2]), np.array([6, 3, 4]))
    Runs(start=array([0, 5]), stop=array([4, 6]))
    """
    if len(start) == 0:
        return Runs(start, stop)
    order = np.argsort(start, kind="stable")
    start, reached = start[order], np.maximum.accumulate(stop[order])
    begins = np.append(True, start[1:] > reached[:-1])
    return Runs(start[begins], reached[np.append(begins[1:], True)])


def intersect(first: Runs, second: Runs) -> Runs:
    """The addresses in both.

    >>> intersect(united(np.array([0]), np.array([9])), united(np.array([1, 5]), np.array([3, 20])))
    Runs(start=array([1, 5]), stop=array([3, 9]))
    """
    low = np.searchsorted(second.stop, first.start, side="right")
    high = np.searchsorted(second.start, first.stop, side="left")
    count = np.maximum(high - low, 0)
    i = np.repeat(np.arange(len(count)), count)
    j = np.repeat(low, count) + ramp(count)
    return Runs(
        np.maximum(first.start[i], second.start[j]), np.minimum(first.stop[i], second.stop[j])
    )


def subtract(first: Runs, second: Runs) -> Runs:
    """The addresses of `first` that are not in `second`.

    >>> subtract(united(np.array([0]), np.array([9])), united(np.array([1]), np.array([3])))
    Runs(start=array([0, 3]), stop=array([1, 9]))
    """
    if len(first.start) == 0:
        return first
    ends = first.start[:1], first.stop[-1:]
    between = Runs(np.append(ends[0], second.stop), np.append(second.start, ends[1]))
    return intersect(first, _not_empty(between))


def shift(runs: Runs, by: int) -> Runs:
    """All addresses moved by a number."""
    return Runs(runs.start + by, runs.stop + by)


def _not_empty(runs: Runs) -> Runs:
    """Without runs that end where or before they start."""
    filled = runs.start < runs.stop
    return Runs(runs.start[filled], runs.stop[filled])
