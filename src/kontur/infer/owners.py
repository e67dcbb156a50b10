"""Owners: which tile gives an object that several tiles show, and whether it shows all of it.

A candidate belongs to the cell in which its point lies: the centre of its box, or the first pixel
of its region. Two tiles that see one object compute that point alike, but for rounding; what lies
within the slack of a border is given by both, and one of the two is dropped when all are resolved.
A flat top is all about as high, so that any of its pixels may be the first: every tile of which a
part lies within the slack of the top gives the object.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float

from kontur.infer.tiles import Tile, Tiling
from kontur.models.candidates import Box, Candidates

FAR = 1e9  # pixels; more than any image is wide
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
    box = owned_box(tile, tiling, slack)
    own = _inside(located.owner_points, box)
    if tiling.by_first_pixel:
        own |= _tops_in(located, box, slack)
    return located.selected(own)


def near_border(
    candidates: Candidates, tile: Tile, tiling: Tiling, slack: float
) -> Bool[np.ndarray, " m"]:
    """Which of a tile's own candidates a neighbour may give too."""
    box = owned_box(tile, tiling, -slack)
    inside = _inside(candidates.owner_points, box)
    if tiling.by_first_pixel:
        x0, _, x1, _ = shapely.bounds(candidates.polygons).reshape(-1, 4).T
        bottom = candidates.owner_points[:, 1] + slack
        inside &= (x0 >= box[0]) & (x1 <= box[2]) & (bottom <= box[3])
    return ~inside


def _tops_in(candidates: Candidates, box: Box, slack: float) -> Bool[np.ndarray, " m"]:
    """Of which candidates something within the slack of the top lies in a box."""
    x0, y0, x1, y1 = np.clip(np.array(box), -FAR, FAR)
    bottom = np.minimum(candidates.owner_points[:, 1] + slack, y1)
    found = bottom > y0
    tops = shapely.box(x0, y0, x1, bottom[found])
    found[found] = shapely.intersects(candidates.polygons[found], tops)
    return found


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
    beyond = np.concatenate([bounds[:, :2] < trusted[:2], bounds[:, 2:] > trusted[2:]], axis=1)
    sides: list[bool] = np.any(beyond, axis=0).tolist()
    return sides


def _bounds(candidates: Candidates) -> Float[np.ndarray, "n 4"]:
    """The bounds of the outlines and the boxes from which they came; of empty ones none."""
    outlines = shapely.bounds(candidates.polygons).reshape(-1, 4)
    both = np.concatenate([outlines, candidates.boxes.astype(float)])
    return both[np.isfinite(both).all(axis=1)]
