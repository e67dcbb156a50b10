"""Shared boundaries: where two traced objects touch, a line of pixel edges becomes smooth.

Outlines that are traced along pixel edges run in stairs. Towards the background the stairs show
where pixels are; between two objects they show only the grid. The points of a shared boundary are
moved to the middle of their two neighbours and back by as much, repeatedly, which removes the
stairs and keeps wide bends and areas (Taubin, Curve and surface smoothing without shrinkage, 1995).
None moves far, and the ends stay where they are. Both objects get the same points: no gap and no
overlap appears.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Shaped

ROUNDS = 30
SHRINK, SWELL = 0.5, -0.51  # of the way to the middle of both neighbours; Taubin 1995
REACH = 0.75  # pixels that a point moves at most; half a pixel's diagonal is .71
WIDE = 1 << 31  # more than any image is high
SLACK = 0.25  # pixels: the side of a square as large as the triangle at a point that is left out


class MovablePoints(NamedTuple):
    """The points of shared boundaries that may move, and the two neighbours of each."""

    point: Int[np.ndarray, " f"]
    before: Int[np.ndarray, " f"]
    after: Int[np.ndarray, " f"]

    def without(self, fixed: Bool[np.ndarray, " p"]) -> "MovablePoints":
        """The same without the points that are fixed."""
        kept = ~fixed[self.point]
        return MovablePoints(self.point[kept], self.before[kept], self.after[kept])


def smooth_shared_boundaries(polygons: Shaped[np.ndarray, " k"]) -> Shaped[np.ndarray, " k"]:
    """The polygons of `raster.trace_labels`, smooth where two of them touch.

    Boundaries with the background stay as they are, and so do the ends of each shared boundary and
    points where more than two objects meet. An object that would cross itself (where it is a pixel
    wide) keeps its boundaries. All polygons remain valid and without overlap.
    """
    if len(polygons) < 2:
        return polygons
    rings = shapely.get_rings(shapely.get_parts(shapely.segmentize(polygons, 1.0)))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    numbers, place = np.unique(_number(points), return_inverse=True)  # of the corners of pixels
    corners = np.stack(np.divmod(numbers, WIDE), axis=-1).astype(float)
    along = ring[1:] == ring[:-1]
    free, at_cut = _free(place[:-1][along], place[1:][along], len(corners))
    needed = at_cut.copy()
    needed[np.searchsorted(numbers, _number(shapely.get_coordinates(polygons)))] = True
    polygon = _polygon_of(polygons)
    ring, place = ring[needed[place]], place[needed[place]]
    while len(free.point):
        moved = _moved(corners, free)
        smooth = _assemble(polygons, moved[place], ring)
        broken = ~shapely.is_valid(smooth)
        if not broken.any():
            smooth = shapely.coverage_simplify(smooth, SLACK, simplify_boundary=False)
            return shapely.orient_polygons(smooth, exterior_cw=False)
        fixed = np.zeros(len(corners), bool)
        fixed[place[broken[polygon[ring]]]] = True
        free = free.without(fixed)
    return polygons


def _free(
    tail: Int[np.ndarray, " e"], head: Int[np.ndarray, " e"], count: int
) -> tuple[MovablePoints, Bool[np.ndarray, " {count}"]]:
    """The points of just two edges, both shared by two objects; and all points of shared ones."""
    edges, times = np.unique(
        np.minimum(tail, head) * count + np.maximum(tail, head), return_counts=True
    )
    ends = np.stack(np.divmod(edges, count))  # (2, e)
    cuts = ends[:, times == 2]
    meets, meets_cuts = (np.bincount(which.ravel(), minlength=count) for which in (ends, cuts))
    inner = (meets == 2) & (meets_cuts == 2)
    point, beside = np.concatenate([cuts, cuts[::-1]], axis=1)
    point, beside = point[inner[point]], beside[inner[point]]
    pairs = beside[np.argsort(point, kind="stable")].reshape(-1, 2)
    return MovablePoints(np.flatnonzero(inner), pairs[:, 0], pairs[:, 1]), meets_cuts > 0


def _moved(corners: Float[np.ndarray, "p 2"], free: MovablePoints) -> Float[np.ndarray, "p 2"]:
    """All points, the free ones smoothed."""
    moved, start = corners.copy(), corners[free.point]
    for share in (SHRINK, SWELL) * ROUNDS:
        beside = (moved[free.before] + moved[free.after]) / 2
        offset = moved[free.point] + share * (beside - moved[free.point]) - start
        far = np.maximum(np.hypot(*offset.T) / REACH, 1)[:, None]
        moved[free.point] = start + offset / far
    return moved


def _assemble(
    polygons: Shaped[np.ndarray, " k"],
    points: Float[np.ndarray, "p 2"],
    ring: Int[np.ndarray, " p"],
) -> Shaped[np.ndarray, " k"]:
    """Polygons of the same rings, parts and holes with other points."""
    parts, polygon = shapely.get_parts(polygons, return_index=True)
    part = np.repeat(np.arange(len(parts)), 1 + shapely.get_num_interior_rings(parts))
    made = shapely.polygons(shapely.linearrings(points, indices=ring), indices=part)
    joined = shapely.multipolygons(made, indices=polygon)
    single = shapely.get_num_geometries(joined) == 1
    joined[single] = shapely.get_geometry(joined[single], 0)
    return joined


def _polygon_of(polygons: Shaped[np.ndarray, " k"]) -> Int[np.ndarray, " r"]:
    """The polygon of each ring."""
    parts, polygon = shapely.get_parts(polygons, return_index=True)
    return np.repeat(polygon, 1 + shapely.get_num_interior_rings(parts))


def _number(points: Float[np.ndarray, "p 2"]) -> Int[np.ndarray, " p"]:
    """Points with whole coordinates as numbers, by x, then y."""
    x, y = np.rint(points).astype(np.int64).T
    return x * WIDE + y
