"""Prediction in tiles: the three steps on a window at a time, in constant memory.

Every tile proposes the candidates of its own cell, in a window that shows all that decides about
them; `models.resolve_parts` resolves them as they come. The objects are those of the whole image.
A tile that shows an object only in part looks again, wider.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from kontur.errors import InputError
from kontur.infer import owners
from kontur.infer.region import Region
from kontur.infer.tiles import LARGEST, UNKNOWN_SIDE, Tile, Tiling
from kontur.infer.view import PreparedImage, View
from kontur.models.candidates import Box, Candidates
from kontur.models.card import Card, Thresholds
from kontur.models.family import FIXED_CELL, FIXED_HALO, Block, Family, up
from kontur.models.resolve import Resolved
from kontur.models.resolve_parts import PartialResolve

BUDGET = 1.5e9  # bytes that a view may need; what needs more is looked at in tiles
ENOUGH = 4e9  # bytes: with so much free memory its exact size does not matter
SHARE = 0.5  # of the free memory that a view may need

ProposeView = Callable[[View, Any, Box], Candidates]  # a view, the settings, the box that counts


class ObjectTooLargeError(InputError):
    """An object reaches farther than tiles can show; the whole image might."""


@dataclass(frozen=True, eq=False)
class TiledImage:
    """An image at a scale, the tiles in which it is looked at, and how a view is looked at.

    `config` are the settings of the family with what was measured on the whole image.
    """

    image: PreparedImage
    scale: float
    tiling: Tiling
    slack: float
    config: Any
    propose: ProposeView
    region: Region | None = None

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """The tiles that may give an object of the region, row by row."""
        if self.region is None:
            return tuple(self.tiling)
        factor, room = self.scale * self.image.scale, self.tiling.halo - self.tiling.reach
        wanted = []
        for tile in self.tiling:
            top, left, height, width = tile.cell
            box = (left - room, top - room, left + width + room, top + height + room)
            if self.region.meets(*(side / factor for side in box)):
                wanted.append(tile)
        return tuple(wanted)

    def candidates(self, tile: Tile, thresholds: Thresholds) -> Candidates:
        """What a tile owns, in pixels of the scaled image, as the whole image would propose it.

        Raises `ObjectTooLargeError` where an object reaches too far.
        """
        shown: Tile | None = tile
        while shown is not None:
            view = self.image.view(self.scale, shown.window)
            box = owners.owned_box(shown, self.tiling, self.slack)
            corner = np.tile([shown.window.left, shown.window.top], 2)
            x0, y0, x1, y1 = (np.array(box) - corner).tolist()
            proposed = self.propose(view, self.config, (x0, y0, x1, y1))
            proposed = proposed.selected(proposed.scores >= thresholds.score)
            own = owners.owned(proposed, shown, self.tiling, self.slack)
            hidden = owners.hidden(own, shown, self.tiling)
            if not any(hidden):
                return own
            shown = self.tiling.wider(shown, hidden)
        raise ObjectTooLargeError(
            f"an object reaches more than {self.tiling.farthest} pixels beyond its tile; give "
            "larger tiles with --tile, or shrink the image with --diameter"
        )

    def resolved(
        self,
        thresholds: Thresholds,
        classes: tuple[str, ...],
        candidates: Callable[[Tile], Candidates],
    ) -> Iterator[Resolved]:
        """The objects in pixels of the image, a part after each row of tiles.

        `candidates` gives what a tile owns; it is called for each in turn.
        """
        parts = PartialResolve(self.tiling.size, classes, thresholds)
        for tile, following in zip(self.tiles, (*self.tiles[1:], None), strict=True):
            own = candidates(tile)
            parts.add(own, owners.near_border(own, tile, self.tiling, self.slack))
            if following is None or following.row != tile.row:
                line = math.inf if following is None else self.tiling.settled_above(tile.row)
                instances, repaired = parts.settle(line)
                yield Resolved(self.image.in_image(instances, self.scale), repaired)

    def measured(self, family: Family) -> "TiledImage":
        """The same with the settings that the family measures on the whole image."""
        return replace(self, config=family.measure(self.config, self._blocks))

    def _blocks(self) -> Iterator[Block]:
        for tile in self.tiling:
            view = self.image.view(self.scale, tile.window)
            height, width = view.size
            values = view.images[0, :, :height, :width].transpose(1, 2, 0)
            top, left = tile.cell.top - tile.window.top, tile.cell.left - tile.window.left
            rows = slice(top, top + tile.cell.height)
            columns = slice(left, left + tile.cell.width)
            yield Block(values, (rows, columns))


def plan_tiles(
    family: Family,
    config: Any,
    card: Card,
    size: tuple[int, int],
    *,
    side: int | None,
    free: float,
) -> Tiling | None:
    """The tiles of a scaled image of `size` (h, w); None where it is looked at as a whole.

    `side` is that of a cell where one is wanted; else whatever fits into the `free` bytes.
    Raises `InputError` for a side below 1.
    """
    if side is not None and side < 1:
        raise InputError(f"the side of a tile is a number of pixels above 0, got {side}")
    object_side = (card.object_size or UNKNOWN_SIDE / card.scale) * card.scale * LARGEST
    reach = family.reach(config, object_side)
    grid, first = family.grid(config), family.by_first_pixel
    if reach is None:
        halo = up(max(FIXED_HALO, object_side), grid)
        if max(size) <= FIXED_CELL + 2 * halo:
            return None
        return Tiling(size, up(FIXED_CELL, grid), halo, 0, grid, first)
    halo = up(reach + object_side, grid)
    budget = min(BUDGET, SHARE * free)
    if side is None:
        if family.memory(config, size) <= budget:
            return None
        side = _largest_cell(family, config, halo, grid, budget)
    return Tiling(size, up(side, grid), halo, reach, grid, first)


def _largest_cell(family: Family, config: Any, halo: int, grid: int, budget: float) -> int:
    """The side of the largest cell whose window fits into the budget; at least one of the grid."""
    side = grid
    while family.memory(config, (side + grid + 2 * halo,) * 2) <= budget:
        side += grid
    return side
