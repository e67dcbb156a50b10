"""Areas as geometries of GeoJSON (RFC 7946), both ways."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from jaxtyping import Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import outline_repair
from kontur.formats.coordinates import nested
from kontur.wording import listed

log = logging.getLogger("kontur.formats")


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
    """What a feature has that is no area: `Point`, `LineString`, `no geometry`; None for areas.

    A collection is an area where it holds one.
    """
    if not isinstance(geometry, Mapping):
        return "no geometry"
    kind = str(geometry.get("type"))
    areal = kind in ("Polygon", "MultiPolygon")
    return None if areal or not all(map(without_area, _members(geometry))) else kind


def area_of(geometry: Any, which: str) -> Polygon | MultiPolygon | None:
    """The area of a geometry, unchecked; None for points, lines and no geometry at all."""
    if without_area(geometry):
        return None
    others = [other for one in _members(geometry) if (other := without_area(one))]
    if others:
        log.warning(
            "%s: beside its areas it has %s: left out", which, listed(dict.fromkeys(others))
        )
    try:
        parts = [outline_repair.polygon(part) for part in _parts_of(geometry)]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InputError(
            f"{which} has coordinates that are no rings of numbers [[[x, y], …]]"
        ) from None
    areas = [part for part in parts if not part.is_empty]
    several = geometry["type"] != "Polygon"
    return MultiPolygon(areas) if several and areas else areas[0] if areas else Polygon()


def _members(geometry: Mapping[str, Any]) -> list[Any]:
    """The geometries of a collection; none of any other."""
    members = geometry.get("geometries")
    is_collection = geometry.get("type") == "GeometryCollection" and isinstance(members, list)
    return members if is_collection and members else []


def _parts_of(geometry: Mapping[str, Any]) -> list[Any]:
    """The rings of every polygon of an area."""
    if geometry["type"] == "GeometryCollection":
        areas = (one for one in _members(geometry) if not without_area(one))
        return [part for one in areas for part in _parts_of(one)]
    rings = geometry["coordinates"]
    return list(rings) if geometry["type"] == "MultiPolygon" else [rings]
