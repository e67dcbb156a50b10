"""Valid polygons: with area, and inside the image.

A predicted ring may cross itself or leave the image. Only such rings are changed, and then run
clockwise on screen as all of Kontur's; the others become polygons as they are.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float, Shaped
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

SAMPLE = 200  # sides of a ring whose crossings are counted
AREAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def repair(shape: BaseGeometry | Float[np.ndarray, "n 2"]) -> Polygon | MultiPolygon:
    """The valid polygon of a shape or ring, lines and points dropped; empty if nothing remains.

    What a ring encloses twice stays inside, loops across an edge become parts (GEOS' "structure"
    method). What has fewer than three points, or NaN or infinite ones, is empty.

    >>> repair(np.array([[0.0, 0], [2, 2], [2, 0], [0, 2]])).area
    2.0
    """
    points = shape if isinstance(shape, np.ndarray) else shapely.get_coordinates(shape)
    if len(points) < 3 or not np.isfinite(points).all():
        return Polygon()
    if isinstance(shape, np.ndarray):
        shape = Polygon(shape)
    if shape.geom_type in ("Polygon", "MultiPolygon") and shape.is_valid:
        return shape
    return _areal(shapely.make_valid(shape, method="structure", keep_collapsed=False))


def repair_all(
    polygons: Shaped[np.ndarray, " k"],
) -> tuple[Shaped[np.ndarray, " k"], Bool[np.ndarray, " k"]]:
    """`repair` for an array of polygons: the repaired array and which of them needed it."""
    broken = ~shapely.is_valid(polygons)
    if broken.any():
        polygons = polygons.copy()
        repaired = np.array([repair(polygon) for polygon in polygons[broken]], dtype=object)
        polygons[broken] = _clockwise(repaired)
    return polygons, broken


def crossings(points: Float[np.ndarray, "n 2"]) -> float:
    """About how often the sides of a closed ring cross one another: `SAMPLE` sides are looked at.

    Exact for rings of fewer points; 0 for one that does not cross itself.

    >>> crossings(np.array([[0.0, 0], [2, 2], [2, 0], [0, 2]]))
    1.0
    """
    n = len(points)
    after = np.roll(points, -1, axis=0)
    sampled = np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64))
    total = 0
    for i in sampled:
        start, stop = points[i], after[i]
        of_start, of_stop = _side(points, after, start), _side(points, after, stop)
        of_points, of_after = _side(start, stop, points), _side(start, stop, after)
        total += int(((of_start * of_stop < 0) & (of_points * of_after < 0)).sum())
    return total * n / max(len(sampled), 1) / 2


def _side(
    start: Float[np.ndarray, "*n 2"],
    stop: Float[np.ndarray, "*n 2"],
    point: Float[np.ndarray, "*m 2"],
) -> Float[np.ndarray, " k"]:
    """The sign of the side of a line on which a point lies; 0 on it."""
    along, to_point = stop - start, point - start
    return np.sign(along[..., 0] * to_point[..., 1] - along[..., 1] * to_point[..., 0])


def polygons_from_rings(
    rings: Float[np.ndarray, "m n 2"], size: tuple[int, int] | None = None
) -> tuple[Shaped[np.ndarray, " m"], Bool[np.ndarray, " m"]]:
    """A valid polygon of each ring, clipped to an image of `size` (h, w), and which were repaired.

    A ring is the outline of one object: of a repaired ring that falls into parts the largest stays.
    What clipping cuts into parts is kept whole (the object goes on outside). Polygons may be empty:
    rings with NaN, without area, or outside the image.
    """
    m, n, _ = rings.shape
    if n < 3:
        return np.full(m, Polygon(), dtype=object), np.ones(m, dtype=bool)
    finite = np.isfinite(rings).all(axis=(1, 2), keepdims=True)
    polygons = shapely.polygons(np.where(finite, rings, 0).astype(float))
    polygons, repaired = repair_all(polygons)
    for i in np.flatnonzero(repaired):
        polygons[i] = largest_part(polygons[i])
    return (polygons if size is None else clip(polygons, size)), repaired


def clip(polygons: Shaped[np.ndarray, " k"], size: tuple[int, int]) -> Shaped[np.ndarray, " k"]:
    """Each valid polygon cut to the image [0, W] × [0, H]; empty where nothing is inside."""
    height, width = size
    x0, y0, x1, y1 = shapely.bounds(polygons).T
    outside = (x0 < 0) | (y0 < 0) | (x1 > width) | (y1 > height)
    if outside.any():
        polygons = polygons.copy()
        cut = shapely.intersection(polygons[outside], shapely.box(0, 0, width, height))
        polygons[outside] = _clockwise(np.array([_areal(shape) for shape in cut], dtype=object))
    return polygons


def rings_of(polygon: Polygon | MultiPolygon) -> list[list[Float[np.ndarray, "_ 2"]]]:
    """Of every part the outer ring, then its holes; each ends with the point that it begins with.

    >>> square, hole = np.array([(0, 0), (9, 0), (9, 9)]), np.array([(5, 1), (8, 1), (8, 4)])
    >>> [[len(ring) for ring in part] for part in rings_of(Polygon(square, [hole]))]
    [[4, 4]]
    """
    return [
        [shapely.get_coordinates(ring) for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(polygon)
    ]


def largest_part(polygon: Polygon | MultiPolygon) -> Polygon:
    """The part with the largest area, the first of equals; an empty Polygon of an empty one."""
    parts = shapely.get_parts(polygon)
    if len(parts) == 0:
        return Polygon()
    return parts[int(shapely.area(parts).argmax())]


def _clockwise(polygons: Shaped[np.ndarray, " k"]) -> Shaped[np.ndarray, " k"]:
    """Outer rings clockwise on screen, y being down: what GEOS, y being up, calls the reverse."""
    return shapely.orient_polygons(polygons, exterior_cw=False)


def _areal(shape: BaseGeometry) -> Polygon | MultiPolygon:
    """The polygons with area of any geometry, as one."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape if shape.area > 0 else Polygon()
    parts = shapely.get_parts(shapely.get_parts(shape))  # a collection may hold multipolygons
    parts = parts[np.isin(shapely.get_type_id(parts), AREAL) & (shapely.area(parts) > 0)]
    if len(parts) == 0:
        return Polygon()
    return shapely.union_all(parts) if len(parts) > 1 else parts[0]
