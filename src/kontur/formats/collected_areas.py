"""The area of a geometry as databases and GIS write it: one polygon, several, or a collection.

A collection is the object that its areas make; points and lines beside them are left out, and said.
"""

import logging

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from kontur.geometry.polygons import AREAL
from kontur.wording import listed

log = logging.getLogger("kontur.formats")


def area_of(shape: BaseGeometry | None, which: str) -> Polygon | MultiPolygon | None:
    """The unchecked area of a geometry; None where it has none. `which` names it in a sentence.

    >>> area_of(shapely.from_wkt("GEOMETRYCOLLECTION (POINT (1 1))"), "a") is None
    True
    """
    if shape is None or shape.geom_type != "GeometryCollection":
        return shape if shapely.get_type_id(shape) in AREAL else None
    parts = np.array([shape], dtype=object)
    while (shapely.get_type_id(parts) >= shapely.GeometryType.MULTIPOINT).any():  # nested
        parts = shapely.get_parts(parts)
    areal = np.isin(shapely.get_type_id(parts), AREAL) & ~shapely.is_empty(parts)
    if not areal.any():
        return None
    others = dict.fromkeys(part.geom_type for part in parts[~areal] if not part.is_empty)
    if others:
        log.warning("%s: beside its areas it has %s: left out", which, listed(others))
    return MultiPolygon(list(parts[areal]))
