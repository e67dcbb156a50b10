"""Areas as geometries of GeoJSON (RFC 7946), both ways."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from jaxtyping import Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import document
from kontur.formats.coordinates import nested


def geometry_of(polygon: Polygon | MultiPolygon) -> dict[str, Any]:
    """The geometry of one outline, see `geometries_of`."""
    array = np.empty(1, dtype=object)
    array[0] = polygon
    return geometries_of(array)[0]


def geometries_of(polygons: Shaped[np.ndarray, " k"]) -> list[dict[str, Any]]:
    """The geometries of outlines: outer rings counterclockwise where y points up, holes not."""
    turned = shapely.orient_polygons(polygons, exterior_cw=False)  # RFC 7946: of y up
    several = shapely.get_type_id(polygons) == shapely.GeometryType.MULTIPOLYGON
    return [
        {"type": "MultiPolygon", "coordinates": parts}
        if many
        else {"type": "Polygon", "coordinates": parts[0]}
        for parts, many in zip(nested(turned), several.tolist(), strict=True)
    ]


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
