"""Owners: which tile gives an object that several tiles show, and whether it shows all of it.

A candidate belongs to the cell in which its point lies: the centre of its box, or the first pixel
of its region. Two tiles that see one object compute that point alike, but for rounding; what lies
within the slack of a border is given by both, and one of the two is dropped when all are resolved.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float

from kontur.infer.tiles import Tile, Tiling
from kontur.models.candidates import Box, Candidates

SLACK = 1.0  # pixels by which two tiles may differ in where they see an object
FIXED_SLACK = 16.0  # the same of networks in which everything decides about all


def owned_box(tile: Tile, tiling: Tiling, slack: float) -> Box:
    """The box xyxy, in pixels of the scaled image, of points that the tile owns.

    Its cell, and beyond the image's border whatever lies there: it is clipped later.
    """
    top, left, height, width = tile.cell
    below, right = top + height, left + width
    return (
        left - slack if left else -np.inf,
        top - slack if top else -np.inf,
        right + slack if right < tiling.size[1] else np.inf,
        below + slack if below < tiling.size[0] else np.inf,
    )


def owned(candidates: Candidates, tile: Tile, tiling: Tiling, slack: float) -> Candidates:
    """The candidates of a tile's view that belong to it, in pixels of the scaled image."""
    located = candidates.located((tile.window.left, tile.window.top), tiling.size)
    return located.selected(_inside(located.owner_points, owned_box(tile, tiling, slack)))


def near_border(
    candidates: Candidates, tile: Tile, tiling: Tiling, slack: float
) -> Bool[np.ndarray, " m"]:
    """Which of a tile's own candidates a neighbour may give too."""
    return ~_inside(candidates.owner_points, owned_box(tile, tiling, -slack))


def _inside(points: Float[np.ndarray, "m 2"], box: Box) -> Bool[np.ndarray, " m"]:
    low, high = np.array(box).reshape(2, 2)
    within: np.ndarray = (points >= low) & (points <= high)
    return np.all(within, axis=1)


def hidden(candidates: Candidates, tile: Tile, tiling: Tiling) -> list[bool]:
    """On which sides something that decides about a tile's own candidates lies beyond its window.

    Left, top, right, below.
    """
    trusted = tiling.trusted(tile)
    bounds = _bounds(candidates)
    low, high = bounds[:, :2] < trusted[:2], bounds[:, 2:] > trusted[2:]
    return [*low.any(axis=0).tolist(), *high.any(axis=0).tolist()]


def _bounds(candidates: Candidates) -> Float[np.ndarray, "n 4"]:
    """The bounds of the outlines and the boxes from which they came; of empty ones none."""
    outlines = shapely.bounds(candidates.polygons).reshape(-1, 4)
    both = np.concatenate([outlines, candidates.boxes.astype(float)])
    return both[np.isfinite(both).all(axis=1)]
