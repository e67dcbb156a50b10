"""Owners: which tile gives an object that several tiles show, and whether it shows all of it.

A candidate belongs to the cell in which its point lies: the centre of its box, or the first pixel
of its region. Two tiles that see one object compute that point alike, but for rounding; what lies
within the slack of a border is given by both, and when all are resolved the one stays that lies in
the cell of its own tile: there its surroundings are seen whole.
A flat top is all about as high, so that any of its pixels may be the first: every tile of which a
part lies within the slack of the top gives the object, unless it sees the first pixel to the left
of its cell: the tile there sees a part as high of its own. So not each looks at all of a long top.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float

from kontur.infer.tiling.tiles import Tile, Tiling
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


def owned(
    candidates: Candidates, tile: Tile, tiling: Tiling, slack: float
) -> Bool[np.ndarray, " n"]:
    """Which candidates, in pixels of the scaled image, belong to a tile."""
    box = owned_box(tile, tiling, slack)
    own = _inside(candidates.owner_points, box)
    if tiling.by_first_pixel:
        earlier = _inside(candidates.owner_points, (-np.inf, box[1], box[0], box[3]))
        own |= _tops_in(candidates, box, slack) & ~earlier
    return own


def in_cell(candidates: Candidates, tile: Tile, tiling: Tiling) -> Bool[np.ndarray, " m"]:
    """Which candidates have their point in the cell of a tile itself, without any slack.

    All where everything decides about all: no tile knows more than another.
    """
    if not tiling.reach:
        return np.ones(len(candidates), bool)
    return _inside(candidates.owner_points, owned_box(tile, tiling, 0.0))


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


def hidden(candidates: Candidates, tile: Tile, tiling: Tiling) -> Bool[np.ndarray, "n 4"]:
    """On which sides something that decides about a candidate lies beyond a tile's window.

    Left, top, right, below; of the outlines and the boxes from which they came.
    """
    low, high = np.array(tiling.trusted(tile)).reshape(2, 2)
    sides = np.zeros((len(candidates.scores), 4), bool)
    for bounds in (shapely.bounds(candidates.polygons).reshape(-1, 4), candidates.boxes):
        sides |= np.concatenate([bounds[:, :2] < low, bounds[:, 2:] > high], axis=1)
    return sides


def possible_centres(
    candidates: Candidates, tile: Tile, tiling: Tiling, slack: float
) -> Float[np.ndarray, "n 4"]:
    """The boxes xyxy in which the centres lie of what a tile may show only in part.

    What goes on beyond its window may turn there, and reach as far as the image on any side.
    """
    height, width = tiling.size
    visible = shapely.bounds(candidates.polygons).reshape(-1, 4)
    goes_on = hidden(candidates, tile, tiling).any(axis=1, keepdims=True)
    far = np.where(goes_on, [0, 0, width, height], visible)
    low, high = far[:, :2] + visible[:, 2:], visible[:, :2] + far[:, 2:]
    return np.concatenate([low / 2 - slack, high / 2 + slack], axis=1)
