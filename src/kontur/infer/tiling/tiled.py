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
import shapely
from jaxtyping import Bool

from kontur.errors import InputError
from kontur.infer.region import Region
from kontur.infer.tiling import owners
from kontur.infer.tiling.tiles import LARGEST, UNKNOWN_SIDE, Tile, Tiling
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
        """The tiles near the region, row by row; what goes on beyond them is followed."""
        room, wanted = self.tiling.halo - self.tiling.reach, []
        for tile in self.tiling:
            top, left, height, width = tile.cell
            if self._meets(left - room, top - room, left + width + room, top + height + room):
                wanted.append(tile)
        return tuple(wanted)

    def _meets(self, *box: float) -> bool:
        """Whether some of a box xyxy of the scaled image is wanted."""
        factor = self.scale * self.image.scale
        return self.region is None or self.region.meets(*(side / factor for side in box))

    def candidates(self, tile: Tile, thresholds: Thresholds) -> Candidates:
        """What a tile owns, in pixels of the scaled image, as the whole image would propose it.

        And what it shows of objects that may be of the region and belong to none of `tiles`.
        Raises `ObjectTooLargeError` where an object reaches too far.
        """
        shown: Tile | None = tile
        while shown is not None:
            view = self.image.view(self.scale, shown.window)
            box = owners.owned_box(shown, self.tiling, self.slack)
            corner = np.tile([shown.window.left, shown.window.top], 2)
            x0, y0, x1, y1 = (np.array(box) - corner).tolist()
            proposed = self.propose(view, self.config, (x0, y0, x1, y1))
            located = proposed.located((shown.window.left, shown.window.top), self.tiling.size)
            own = owners.owned(located, shown, self.tiling, self.slack)
            enough = located.scores >= thresholds.score
            if not self.tiling.by_first_pixel:  # whose scores are those of all that is seen
                own &= enough
            sides = owners.hidden(located.selected(own), shown, self.tiling)
            hidden: list[bool] = np.any(sides, axis=0).tolist()
            if not any(hidden):
                return located.selected((own & enough) | self._strangers(located, shown))
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

        `candidates` gives what `self.candidates` does; with a region it is called for each twice.
        """
        parts = PartialResolve(self.tiling.size, classes, thresholds)
        tiles = self._followed(candidates)
        for tile, following in zip(tiles, (*tiles[1:], None), strict=True):
            shown = candidates(tile)
            own = shown.selected(owners.owned(shown, tile, self.tiling, self.slack))
            parts.add(own, owners.near_border(own, tile, self.tiling, self.slack))
            if following is None or following.row != tile.row:
                line = math.inf if following is None else self.tiling.settled_above(tile.row)
                instances, repaired = parts.settle(line)
                yield Resolved(self.image.in_image(instances, self.scale), repaired)

    def _strangers(self, shown: Candidates, tile: Tile) -> Bool[np.ndarray, " n"]:
        """Which candidates may be of the region, have a part in the cell, and belong to no tile.

        Only objects of their first pixel, which may lie far from their centre.
        """
        strange = np.zeros(len(shown.scores), bool)
        if self.region is None or not self.tiling.by_first_pixel:
            return strange
        top, left, height, width = tile.cell
        cell = shapely.box(left, top, left + width, top + height)
        known = {(near.row, near.column) for near in self.tiles}
        owner = self.tiling.cells_of(shown.owner_points)
        centres = owners.possible_centres(shown, tile, self.tiling, self.slack)
        for i in np.flatnonzero(shapely.intersects(cell, shown.polygons)).tolist():
            strange[i] = owner[i] not in known and self._meets(*centres[i].tolist())
        return strange

    def _followed(self, candidates: Callable[[Tile], Candidates]) -> tuple[Tile, ...]:
        """The tiles, and those to which objects of the region lead that go on beyond them.

        Each is followed to the first pixel that a tile shows of it, until one shows all of it.
        """
        if self.region is None or not self.tiling.by_first_pixel:
            return self.tiles
        found, ahead = set(self.tiles), list(self.tiles)
        while ahead:
            tile = ahead.pop()
            shown = candidates(tile)
            strange = ~owners.owned(shown, tile, self.tiling, self.slack)
            for cell in self.tiling.cells_of(shown.owner_points[strange]):
                further = self.tiling.tile(*cell)
                if further not in found:
                    found.add(further)
                    ahead.append(further)
        return tuple(sorted(found))

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
