"""Tiles: windows of an image that is too large for one view, so that nothing is lost between them.

Each tile owns a cell of the image, and its window shows the cell with a halo: what decides about
the cell's objects, and the objects themselves. Windows begin at multiples of a network's total
stride, so a tile gives the candidates of its cell exactly as the whole image would.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from kontur.infer.view import Window
from kontur.models.family import up

LARGEST = 4.0  # sides of a typical object that an object may reach beyond its tile at first,
UNKNOWN_SIDE = 32.0  # pixels: a typical object where the card does not say
FARTHEST = 1024  # pixels that an object may reach beyond its tile, or as far as a cell is long


class Tile(NamedTuple):
    """A tile in pixels of the scaled image: of which cell it owns the objects, and what it shows.

    `halo` is how far the window reaches beyond the cell at least, where the image does.
    """

    row: int
    column: int
    cell: Window
    window: Window
    halo: int


@dataclass(frozen=True)
class Tiling:
    """The tiles of a scaled image of `size` (h, w), row by row.

    `side` is that of a cell and `halo` what a window shows around it, both multiples of `grid`;
    `reach` is how far around a place it is decided what is predicted there.
    """

    size: tuple[int, int]
    side: int
    halo: int
    reach: int
    grid: int

    @property
    def rows(self) -> int:
        """The number of rows of tiles."""
        return -(-self.size[0] // self.side)

    @property
    def columns(self) -> int:
        """The number of tiles in a row."""
        return -(-self.size[1] // self.side)

    def __len__(self) -> int:
        """The number of tiles."""
        return self.rows * self.columns

    def __iter__(self) -> Iterator[Tile]:
        """All tiles, row by row."""
        for row in range(self.rows):
            for column in range(self.columns):
                yield self.tile(row, column)

    def tile(self, row: int, column: int, halo: int | None = None) -> Tile:
        """The tile in this row and column; with a halo of its own where one is given."""
        halo = self.halo if halo is None else halo
        top, left = row * self.side, column * self.side
        height, width = self.size
        cell = Window(top, left, min(self.side, height - top), min(self.side, width - left))
        wide = self.side + 2 * halo
        first, rows = _span(top - halo, wide, height, self.grid)
        start, columns = _span(left - halo, wide, width, self.grid)
        return Tile(row, column, cell, Window(first, start, rows, columns), halo)

    def wider(self, tile: Tile) -> Tile | None:
        """The same tile with twice the room for objects; None where it has the most."""
        room = tile.halo - self.reach
        if room >= self.farthest or _covers(tile.window, self.size):
            return None
        wanted = self.reach + min(max(2 * room, self.grid), self.farthest)
        return self.tile(tile.row, tile.column, up(wanted, self.grid))

    @property
    def farthest(self) -> int:
        """Pixels that an object may reach beyond its tile at most."""
        return max(self.side, FARTHEST)

    def trusted(self, tile: Tile) -> tuple[float, float, float, float]:
        """The box xyxy in which the tile predicts what the whole image would."""
        height, width = self.size
        top, left, rows, columns = tile.window
        below, right = top + rows, left + columns
        margin = max(self.reach, 1)
        return (
            left + margin if left else -math.inf,
            top + margin if top else -math.inf,
            right - margin if right < width else math.inf,
            below - margin if below < height else math.inf,
        )

    def settled_above(self, row: int) -> float:
        """The y above which nothing reaches that the tiles after this row give."""
        return math.inf if row + 1 >= self.rows else (row + 1) * self.side - self.farthest


def _span(first: int, wide: int, whole: int, grid: int) -> tuple[int, int]:
    """Where a window begins along an axis of an image, and how long it is.

    At the image's borders it is moved inwards, so that, padded, all windows have one size: a
    runtime that meets new sizes again and again keeps memory for each.
    """
    if wide >= whole:
        return 0, whole
    start = min(max(first, 0), up(whole - wide, grid))
    return start, min(wide, whole - start)


def _covers(window: Window, size: tuple[int, int]) -> bool:
    return (window.height, window.width) == size
