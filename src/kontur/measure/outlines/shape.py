"""Size and shape of every object, measured on its polygon and not on a pixel mask.

Area and moments are exact integrals over the polygon by Green's theorem (Steger, "On the
calculation of arbitrary moments of polygons", 1996), holes and parts included. Names and meanings
are those of scikit-image's `regionprops`. For outlines along pixel edges the numbers agree too, but
for the moments: a pixel has an extent, so that each second moment is 1/12 larger (as in MATLAB),
and a single pixel has axes.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float, Shaped

from kontur.geometry.overlap import touching
from kontur.measure.columns import Column, Values
from kontur.measure.outlines.feret import feret_diameters
from kontur.measure.outlines.object_rings import ObjectRings, rings_of

COLUMNS = {
    "area": Column("area", "area, holes taken out"),
    "area_filled": Column("area", "area with holes filled, and with what lies in them"),
    "area_convex": Column("area", "area of the convex hull"),
    "area_bbox": Column("area", "area of the upright bounding box"),
    "equivalent_diameter_area": Column("length", "diameter of a disc of the same area"),
    "perimeter": Column("length", "length of the outline, holes included"),
    "axis_major_length": Column("length", "major axis of the ellipse of the same second moments"),
    "axis_minor_length": Column("length", "minor axis of that ellipse"),
    "feret_diameter_max": Column("length", "largest distance of two points of the outline"),
    "feret_diameter_min": Column("length", "smallest width between two parallel lines"),
    "orientation": Column("angle", "from the vertical to the major axis, counter-clockwise"),
    "eccentricity": Column("", "of that ellipse: 0 a circle, 1 a line"),
    "aspect_ratio": Column("", "major by minor axis"),
    "circularity": Column("", "4π · area / perimeter²: 1 for a disc"),
    "solidity": Column("", "area / area of the convex hull"),
    "extent": Column("", "area / area of the bounding box"),
    "convexity": Column("", "perimeter of the convex hull / that of the outer outline"),
    "parts": Column("", "number of parts"),
    "holes": Column("", "number of holes"),
}
INTEGERS = ("parts", "holes")


def measure_shape(
    polygons: Shaped[np.ndarray, " k"], rings: ObjectRings, edges: ObjectRings
) -> Values:
    """One value per object for each of `COLUMNS`, in pixels.

    `rings` are those of the polygons, `edges` the same straightened. Ratios are above 0 and at most
    1, but for `aspect_ratio`, which is at least 1.
    """
    hulls = rings_of(shapely.convex_hull(polygons))
    area = rings.of_objects(rings.areas)
    outer = outermost(polygons, rings)
    convex = hulls.areas
    box = shapely.bounds(polygons).reshape(-1, 4)
    frame = (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])
    lengths = edges.lengths
    perimeter = np.bincount(rings.owner, weights=lengths, minlength=len(polygons))
    outline = np.bincount(rings.owner, weights=lengths * outer, minlength=len(polygons))
    xx, xy, yy = second_moments(rings)
    major, minor = ellipse_axes(xx, xy, yy)
    widest, narrowest = feret_diameters(hulls)
    holes = np.bincount(rings.owner, weights=rings.hole, minlength=len(polygons))
    return {
        "area": area,
        "area_filled": rings.of_objects(rings.areas * outer),
        "area_convex": convex,
        "area_bbox": frame,
        "equivalent_diameter_area": np.sqrt(4 * area / np.pi),
        "perimeter": perimeter,
        "axis_major_length": major,
        "axis_minor_length": minor,
        "feret_diameter_max": widest,
        "feret_diameter_min": narrowest,
        "orientation": orientation(xx, xy, yy),
        "eccentricity": np.sqrt(np.maximum(1 - (minor / major) ** 2, 0)),
        "aspect_ratio": major / minor,
        "circularity": 4 * np.pi * area / perimeter**2,
        "solidity": np.minimum(area / convex, 1),
        "extent": np.minimum(area / frame, 1),
        "convexity": np.minimum(hulls.lengths / outline, 1),
        "parts": np.bincount(rings.owner, minlength=len(polygons)) - holes.astype(np.int64),
        "holes": holes.astype(np.int64),
    }


def outermost(polygons: Shaped[np.ndarray, " k"], rings: ObjectRings) -> Bool[np.ndarray, " r"]:
    """Which rings bound their object from outside: no hole, and no part inside a hole of it."""
    outer = ~rings.hole
    parts, holes = (
        np.bincount(rings.owner[kind], minlength=len(polygons)) for kind in (outer, ~outer)
    )
    nested = (parts > 1) & (holes > 0)
    if not nested.any():
        return outer
    among = np.flatnonzero(nested[rings.owner])
    shells, inner = among[outer[among]], among[rings.hole[among]]
    pieces = shapely.get_parts(polygons[nested])  # one for each shell, in their order
    drawn = shapely.get_rings(pieces)  # one for each ring
    enclosed = shapely.polygons(drawn[rings.hole[among]])
    # A part may touch the ring of a hole with a corner; its middle lies in the hole or outside.
    middles = shapely.point_on_surface(pieces)
    piece, hole = touching(middles, enclosed)
    own = rings.owner[shells[piece]] == rings.owner[inner[hole]]
    own &= shapely.within(middles[piece], enclosed[hole])
    outer[shells[piece[own]]] = False
    return outer


def centroids(rings: ObjectRings) -> Float[np.ndarray, "k 2"]:
    """The centre of mass of every object, in pixels of the image."""
    return _centres(rings) + rings.origin


def second_moments(
    rings: ObjectRings,
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Variances of x, covariance of x and y, and of y over the inside of every object."""
    (x, y), (u, v) = rings.points.T, rings.points[rings.following].T
    cross = x * v - y * u
    area = rings.of_objects(rings.areas)
    cx, cy = _centres(rings).T
    xx = rings.of_objects(rings.sums((x * x + x * u + u * u) * cross)) / 12
    yy = rings.of_objects(rings.sums((y * y + y * v + v * v) * cross)) / 12
    xy = rings.of_objects(rings.sums((2 * x * y + x * v + u * y + 2 * u * v) * cross)) / 24
    return xx / area - cx**2, xy / area - cx * cy, yy / area - cy**2


def ellipse_axes(
    xx: Float[np.ndarray, " k"], xy: Float[np.ndarray, " k"], yy: Float[np.ndarray, " k"]
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Major and minor axis, 4·√eigenvalue, of the ellipse of these second moments.

    The small eigenvalue is the determinant over the large one: it stays above 0 for slivers.
    """
    middle, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    large = middle + half
    small = np.where(half < large / 2, middle - half, (xx * yy - xy**2) / large)
    return 4 * np.sqrt(large), 4 * np.sqrt(np.maximum(small, np.finfo(float).tiny))


def orientation(
    xx: Float[np.ndarray, " k"], xy: Float[np.ndarray, " k"], yy: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    """Angle in (−π/2, π/2] between the vertical and the major axis, as `regionprops` has it."""
    angle = np.arctan2(2 * xy, yy - xx) / 2
    return np.where((xx == yy) & (xy == 0), -np.pi / 4, angle)  # a disc has none


def _centres(rings: ObjectRings) -> Float[np.ndarray, "k 2"]:
    """The centres of mass relative to the origins."""
    (x, y), (u, v) = rings.points.T, rings.points[rings.following].T
    cross = x * v - y * u
    area = rings.of_objects(rings.areas)
    cx = rings.of_objects(rings.sums((x + u) * cross)) / 6
    cy = rings.of_objects(rings.sums((y + v) * cross)) / 6
    return np.column_stack([cx / area, cy / area])
