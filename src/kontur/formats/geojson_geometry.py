"""Areas as geometries of GeoJSON (RFC 7946), both ways."""

from collections.abc import Mapping
from typing import Any

import shapely
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import document


def geometry_of(polygon: Polygon | MultiPolygon) -> dict[str, Any]:
    """The geometry of an outline: outer rings counterclockwise where y points up, holes not."""
    turned = shapely.orient_polygons(polygon, exterior_cw=False)  # RFC 7946: of y up
    parts = [
        [shapely.get_coordinates(ring).tolist() for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(turned)
    ]
    if polygon.geom_type == "Polygon":
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def without_area(geometry: Any) -> str | None:
    """What a feature has that is no area: `Point`, `LineString`, `no geometry`; None for areas."""
    if not isinstance(geometry, Mapping):
        return "no geometry"
    kind = str(geometry.get("type"))
    return None if kind in ("Polygon", "MultiPolygon") else kind


def area_of(geometry: Any, which: str) -> Polygon | MultiPolygon | None:
    """The area of a geometry, unchecked; None for points, lines and no geometry at all."""
    if without_area(geometry):
        return None
    try:
        rings = geometry["coordinates"]
        several = geometry["type"] == "MultiPolygon"
        parts = [document.polygon(part) for part in (rings if several else [rings])]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InputError(
            f"{which} has coordinates that are no rings of numbers [[[x, y], …]]"
        ) from None
    areas = [part for part in parts if not part.is_empty]
    return MultiPolygon(areas) if several and areas else areas[0] if areas else Polygon()
