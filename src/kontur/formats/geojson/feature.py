"""A feature of GeoJSON, one object: as it is read, and as it is written for QuPath."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from shapely import MultiPolygon, Polygon

from kontur.display.colours import GREY, class_colour
from kontur.errors import InputError
from kontur.formats.attributes import attributes_of
from kontur.formats.geojson.geometry import area_of, without_area
from kontur.formats.qupath import (
    IGNORE,
    UUID,
    class_name,
    rest_of,
    score_of,
    takes,
    uuid_of,
    with_attributes,
    written_measurements,
)
from kontur.formats.rounding import rounded_score
from kontur.instances import Instances
from kontur.wording import quoted

EXTRAS = "geojson"

Kind = Literal["annotation", "detection"]


class Feature(NamedTuple):
    """A feature as read: its unchecked area or None, QuPath's class name, score, and the rest."""

    shape: Polygon | MultiPolygon | None
    without: str | None  # what it has in place of an area
    name: str | None
    score: float
    extra: dict[str, Any]


def features_in(content: Any, where: str | Path) -> list[Any]:
    """The features of a document as they stand there; `InputError` where it is no GeoJSON."""
    if isinstance(content, list):
        return content
    kind = content.get("type") if isinstance(content, Mapping) else None
    if kind == "FeatureCollection" or (kind is None and isinstance(content, Mapping)):
        features = content.get("features")
        if not isinstance(features, list):
            raise InputError(
                f"{where} is neither GeoJSON (features) nor COCO (images, annotations)"
            )
        return features
    if kind == "Feature":
        return [content]
    if kind in ("Polygon", "MultiPolygon", "GeometryCollection"):
        return [{"type": "Feature", "geometry": content, "properties": {}}]
    raise InputError(f"{where} is no GeoJSON with areas; its type is {quoted(kind)}")


def read_features(content: Any, where: str | Path) -> list[Feature]:
    """The features of a document, of which some may have been read while it was parsed."""
    return [
        feature
        if isinstance(feature, Feature)
        else read_feature(feature, f"{where}: feature {number}")
        for number, feature in enumerate(features_in(content, where), start=1)
    ]


def read_feature(feature: Any, which: str) -> Feature:
    """A feature as it is read; `InputError`, which names it as `which`, where it is none."""
    if not isinstance(feature, Mapping) or "geometry" not in feature:
        raise InputError(f"{which} is no GeoJSON feature: it has no geometry")
    properties = feature.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise InputError(f"{which} has properties that are no object")
    return Feature(
        area_of(feature["geometry"], which),
        without_area(feature["geometry"]),
        class_name(properties.get("classification")),
        score_of(properties),
        rest_of(feature, properties),
    )


def written_feature(
    instances: Instances, i: int, geometry: dict[str, Any], kind: Kind | None
) -> dict[str, Any]:
    """One feature: what was read of it, and over that what we know; `id` None where it has none."""
    known = instances.extras[i].get(EXTRAS, {})
    label = int(instances.labels[i])
    name, colour = (IGNORE, GREY) if instances.ignore[i] else (instances.classes[label], None)
    others = takes(attributes_of(instances, i, but=EXTRAS))
    properties = with_attributes(known.get("properties", {}), others, name)
    properties["objectType"] = kind or properties.get("objectType") or "annotation"
    if class_name(properties.get("classification")) != name:
        properties["classification"] = {"name": name, "color": list(colour or class_colour(label))}
    measured = written_measurements(properties)
    if not np.isnan(instances.scores[i]):
        measured["score"] = rounded_score(instances.scores[i])
    properties.pop("measurements", None)
    if measured:
        properties["measurements"] = measured
    return {
        "type": "Feature",
        "id": known.get("id") or uuid_of(others.get(UUID)),
        "geometry": known.get("geometry", {}) | geometry,
        "properties": properties,
        **known.get("feature", {}),
    }
