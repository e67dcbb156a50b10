"""How far pixels are from outlines, near them: a signed distance that is cut off.

Positive inside any of the objects, negative outside, 0 on an outline; where two objects touch it
falls to 0 between them. Only pixels within the limit of an edge are looked at, so the cost goes
with the length of the outlines and not with the image.
"""

import numpy as np
import shapely
from jaxtyping import Float

from kontur.geometry import raster
from kontur.geometry.ragged_rings import RaggedRings
from kontur.geometry.raster import ramp

LONGEST = 2.0  # pixels; longer edges are cut, so that what lies around each is a small square
PIECE = 4096  # edges at a time: bounds what is between to some 10 MB


def signed_distance(
    rings: RaggedRings, size: tuple[int, int], limit: float
) -> Float[np.ndarray, "h w"]:
    """The distance of every pixel's centre to the nearest ring, at most `limit` pixels.

    Rings are closed by themselves, in pixels of an image of `size` (h, w), and may leave it.
    Without rings every pixel is `-limit`. Exact: the distance to edges, not to their points.
    """
    height, width = size
    reach = int(np.ceil(limit + LONGEST / 2))
    margin = 2 * reach + 1  # so that what lies around an edge that matters is never cut
    wide = width + 2 * margin
    away = np.full((height + 2 * margin) * wide, limit**2, np.float32)
    starts, steps = _edges(rings)
    cells = np.floor(starts + steps / 2)
    matters = np.all((cells >= -reach - 1) & (cells <= [width + reach, height + reach]), axis=1)
    near = np.arange(-reach, reach + 1, dtype=np.float32)
    for first in range(0, len(starts), PIECE):
        chosen = np.flatnonzero(matters[first : first + PIECE]) + first
        cell, step = cells[chosen], steps[chosen].astype(np.float32)
        # From the edge's start to the centres of the pixels around: rows and columns.
        x, y = (cell + 0.5 - starts[chosen]).astype(np.float32).T[..., None] + near
        along = (x * step[:, :1])[:, None] + (y * step[:, 1:])[..., None]
        along /= (step**2).sum(axis=1)[:, None, None]
        np.clip(along, 0, 1, out=along)
        squared = (x[:, None] - along * step[:, 0, None, None]) ** 2
        squared += (y[..., None] - along * step[:, 1, None, None]) ** 2
        rows, columns = (cell.astype(np.int64) + margin).T[::-1][..., None] + near.astype(np.int64)
        np.minimum.at(away, ((rows * wide)[..., None] + columns[:, None]).ravel(), squared.ravel())
    distance = np.sqrt(away.reshape(-1, wide)[margin : margin + height, margin : margin + width])
    polygons = shapely.polygons(shapely.linearrings(rings.points, indices=rings.owner))
    objects = np.zeros(height * width, bool)
    objects[raster.pixels(raster.spans(polygons, size), width)] = True
    return np.where(objects.reshape(size), distance, -distance)


def _edges(rings: RaggedRings) -> tuple[Float[np.ndarray, "e 2"], Float[np.ndarray, "e 2"]]:
    """Starts and steps of all edges, none longer than `LONGEST`, none without length."""
    whole = rings.points[rings.following] - rings.points
    count = np.ceil(np.hypot(whole[:, 0], whole[:, 1]) / LONGEST).astype(np.int64)
    edge = np.repeat(np.arange(len(count)), count)
    steps = whole[edge] / count[edge, None]
    return rings.points[edge] + ramp(count)[:, None] * steps, steps
