"""Tiles: windows of an image that is too large for one view, so that nothing is lost between them.

Each tile owns a cell of the image, and its window shows the cell with a halo: what decides about
the cell's objects, and the objects themselves. Windows begin at multiples of a network's total
stride, so a tile gives the candidates of its cell exactly as the whole image would.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from kontur.infer.view import Window
from kontur.models.family import up

LARGEST = 4.0  # sides of a typical object that an object may reach beyond its tile at first,
UNKNOWN_SIDE = 32.0  # pixels: a typical object where the card does not say
FARTHEST = 1024  # pixels that an object may reach beyond its tile, or as far as a cell is long
AGREE = 48  # pixels that an object may begin above the tiles that give it (`owners.FIXED_SLACK`)


class Halo(NamedTuple):
    """How many pixels a window reaches beyond its cell at least, where the image does."""

    left: int
    top: int
    right: int
    below: int


class Tile(NamedTuple):
    """A tile in pixels of the scaled image: the cell whose objects it owns, and what it shows."""

    row: int
    column: int
    cell: Window
    window: Window
    halo: Halo


@dataclass(frozen=True)
class Tiling:
    """The tiles of a scaled image of `size` (h, w), row by row.

    `side` is that of a cell and `halo` what a window shows around it, both multiples of `grid`;
    `reach` is how far around a place it is decided what is predicted there. `by_first_pixel`:
    objects belong to the tile of their first pixel, so that none reaches far above its tile.
    """

    size: tuple[int, int]
    side: int
    halo: int
    reach: int
    grid: int
    by_first_pixel: bool = False

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

    def tile(self, row: int, column: int, halo: Halo | None = None) -> Tile:
        """The tile in this row and column; with a halo of its own where one is given."""
        halo = Halo(*[self.halo] * 4) if halo is None else halo
        top, left = row * self.side, column * self.side
        height, width = self.size
        cell = Window(top, left, min(self.side, height - top), min(self.side, width - left))
        high, wide = self.side + halo.top + halo.below, self.side + halo.left + halo.right
        first, rows = _span(top - halo.top, high, height, self.grid)
        start, columns = _span(left - halo.left, wide, width, self.grid)
        return Tile(row, column, cell, Window(first, start, rows, columns), halo)

    def cells_of(self, points: Float[np.ndarray, "n 2"]) -> list[tuple[int, int]]:
        """The row and column of the tile in whose cell each point (x, y) lies, or the nearest."""
        last = np.array([self.rows, self.columns]) - 1
        cells = np.clip(points[:, ::-1] // self.side, 0, last).astype(int)
        return [(row, column) for row, column in cells.tolist()]

    def wider(self, tile: Tile, hidden: Sequence[bool]) -> Tile | None:
        """The same tile with twice the room for objects on the sides that hide something.

        `hidden` are these sides: left, top, right, below. None where one has the most.
        """
        rooms = [each - self.reach for each in tile.halo]
        if any(room >= self.farthest for room, short in zip(rooms, hidden, strict=True) if short):
            return None
        wanted = [
            up(self.reach + min(max(2 * room, self.grid), self.farthest), self.grid)
            if short
            else each
            for each, room, short in zip(tile.halo, rooms, hidden, strict=True)
        ]
        return self.tile(tile.row, tile.column, Halo(*wanted))

    @property
    def farthest(self) -> float:
        """Pixels that an object may reach beyond its tile at most.

        What it is for is to know what is still to come (`settled_above`), so there is no limit
        where that is known anyway.
        """
        return math.inf if self.by_first_pixel else max(self.side, FARTHEST)

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
        upwards = AGREE if self.by_first_pixel else self.farthest
        return math.inf if row + 1 >= self.rows else (row + 1) * self.side - upwards


def _span(first: int, wide: int, whole: int, grid: int) -> tuple[int, int]:
    """Where a window begins along an axis of an image, and how long it is.

    At the image's borders it is moved inwards, so that, padded, all windows have one size: a
    runtime that meets new sizes again and again keeps memory for each.
    """
    if wide >= whole:
        return 0, whole
    start = min(max(first, 0), up(whole - wide, grid))
    return start, min(wide, whole - start)
