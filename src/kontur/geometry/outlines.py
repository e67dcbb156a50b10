"""How far the outlines of two objects are from each other, where they lie close together.

Each pair is drawn in a window of its own; all windows lie on one line of cells, and a piece of the
line is drawn at a time, so that the image itself is never held. Along the rows every cell learns
its distance to the nearest pixel of an outline, as far as `REACH`; a pixel of the other outline
looks it up in its own row and in the rows above and below, one step farther each time, until the
step alone is farther than what was found.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int, UInt8

from kontur.geometry.raster import Spans
from kontur.geometry.runs import Runs

STEPS = 1, 2, 4  # cells; each doubles how far a cell sees along its row
REACH = sum(STEPS)  # pixels
FAR = (REACH + 1) ** 2  # square pixels: stands for all beyond the reach; with a step's fits a byte
CELLS = 1 << 19  # drawn at a time: one byte each


class Windows(NamedTuple):
    """Windows of pairs, one behind the other on a line of cells, farther apart than the reach.

    Attributes:
        begin: the first cell of each window, and the end of the line.
        top, left: the row and column of that cell.
        row: cells from a row to the next.
    """

    begin: Int[np.ndarray, " m+1"]
    top: Int[np.ndarray, " m"]
    left: Int[np.ndarray, " m"]
    row: int

    @classmethod
    def around(cls, first: Spans, second: Spans) -> "Windows":
        """Windows that hold both objects of each pair."""
        (top, left, bottom, right), other = extents(first), extents(second)
        top, left = np.minimum(top, other[0]), np.minimum(left, other[1])
        bottom, right = np.maximum(bottom, other[2]), np.maximum(right, other[3])
        row = int((right - left).max()) + REACH
        begin = np.append(0, np.cumsum((bottom - top + REACH) * row))
        return cls(begin, top, left, row)

    def runs(self, spans: Spans) -> Runs:
        """The cells of every object."""
        origin = self.begin[:-1] - self.top * self.row - self.left
        line = origin[spans.owner] + spans.row * self.row
        return Runs(line + spans.start, line + spans.stop)

    def pair(self, cells: Int[np.ndarray, " p"]) -> Int[np.ndarray, " p"]:
        """The pair of each of some ascending cells."""
        count = np.diff(np.searchsorted(cells, self.begin))
        return np.repeat(np.arange(len(count)), count)

    def pixels(self, cells: Int[np.ndarray, " p"]) -> Int[np.ndarray, "3 p"]:
        """Pair, row and column of ascending cells."""
        pair = self.pair(cells)
        row, column = np.divmod(cells - self.begin[pair], self.row)
        return np.stack([pair, row + self.top[pair], column + self.left[pair]])


class Outline(NamedTuple):
    """Pixels of the outlines of one side.

    Attributes:
        cells: where they lie in the windows, ascending.
        squared: the squared distance of each to the other side's outline, `FAR` beyond the reach.
    """

    cells: Int[np.ndarray, " p"]
    squared: UInt8[np.ndarray, " p"]


def extents(spans: Spans) -> Int[np.ndarray, "4 m"]:
    """First row and column of each object and those behind its last; owners are numbered from 0."""
    begin = np.flatnonzero(np.diff(spans.owner, prepend=-1))
    return np.stack(
        [
            spans.row[begin],
            np.minimum.reduceat(spans.start, begin),
            np.maximum.reduceat(spans.row, begin) + 1,
            np.maximum.reduceat(spans.stop, begin),
        ]
    )


def outlines(first: Spans, second: Spans) -> tuple[Windows, Outline, Outline]:
    """The outlines of pairs of objects; the owners number the pairs, each has pixels on both sides.

    An outline is the pixels with a side neighbour outside; so is all beyond the frame.
    """
    windows = Windows.around(first, second)
    sides = windows.runs(first), windows.runs(second)
    margin, end = REACH * (windows.row + 1), int(windows.begin[-1])
    piece = max(CELLS, 4 * margin)
    found: tuple[list[Outline], list[Outline]] = [], []
    for begin in range(0, end, piece):
        low, high = begin - margin, min(begin + piece, end) + margin
        drawn = [_outline(runs, windows.row, low, high) for runs in sides]
        for into, mine, other in zip(found, drawn, drawn[::-1], strict=True):
            cells = np.flatnonzero(mine[margin:-margin])
            squared = _squared(_along_rows(other), cells + margin, windows.row)
            into.append(Outline(cells + begin, squared))
    one, two = (Outline(*map(np.concatenate, zip(*parts, strict=True))) for parts in found)
    return windows, one, two


def _outline(runs: Runs, row: int, low: int, high: int) -> Bool[np.ndarray, " c"]:
    """The outline drawn on the cells from `low` to `high`; the next row is `row` cells away."""
    low, high = low - row, high + row
    first, last = np.searchsorted(runs.stop, low), np.searchsorted(runs.start, high)
    ends = np.stack([runs.start[first:last], runs.stop[first:last]], axis=1).ravel()
    length = np.diff(np.clip(ends, low, high), prepend=low, append=high)
    mask = np.repeat(np.arange(len(length)) & 1 == 1, length)
    inner = mask[: -2 * row] & mask[2 * row :]
    inner &= mask[row - 1 : -row - 1]
    inner &= mask[row + 1 : len(mask) - row + 1]
    return mask[row:-row] > inner


def _along_rows(outline: Bool[np.ndarray, " c"]) -> UInt8[np.ndarray, " c"]:
    """The squared distance of each cell to the nearest of an outline to its left or right."""
    away = ~outline * np.uint8(REACH + 1)
    for step in STEPS:
        for into, of in ((away[step:], away[:-step]), (away[:-step], away[step:])):
            np.minimum(into, of + np.uint8(step), out=into)
    return away * away


def _squared(
    drawn: UInt8[np.ndarray, " c"], cells: Int[np.ndarray, " p"], row: int
) -> UInt8[np.ndarray, " p"]:
    """The squared distance of some cells to the nearest outline, from those along the rows."""
    squared, active = drawn[cells], np.arange(len(cells))
    for step in range(1, REACH + 1):
        active = active[squared[active] > step**2]
        at = cells[active]
        nearest = np.minimum(drawn[at - step * row], drawn[at + step * row]) + np.uint8(step**2)
        squared[active] = np.minimum(squared[active], nearest)
    return squared
