"""GeoJSON as QuPath (0.4 and later) reads and writes it.

Points are full-resolution pixels, the image's corner is (0, 0): as inside, nothing is shifted.
Outlines are written with all digits, with holes and parts, so that reading gives back exactly the
same objects; a second export is identical. Objects keep what QuPath said of them (name, colour,
measurements, metadata, plane). The image's size, the list of classes and our ids stand in a member
`kontur` beside the features: QuPath ignores it and does not write it back; ids then count from 1.
After QuPath's `PathObjectTypeAdapters` and RFC 7946. Members beside the features that others wrote
are not kept.
"""

import copy
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import document
from kontur.formats.colours import GREY, of_label
from kontur.instances import CLASSES, Instances

IGNORE = "Ignore*"  # QuPath's own class for regions to leave alone
OBJECT_TYPES = ("annotation", "detection", "cell", "tile", "tmaCore")

Kind = Literal["annotation", "detection"]


def read(path: str | Path) -> Instances:
    """The objects of a GeoJSON file; errors and repairs as in `from_document`."""
    return from_document(document.load(path), where=path)


def write(
    path: str | Path,
    instances: Instances,
    *,
    image_name: str | None = None,
    kind: Kind | None = None,
    overwrite: bool = True,
) -> None:
    """Write a FeatureCollection, whole or not at all; see `to_document`."""
    name = image_name or Path(path).stem
    content = to_document(instances, image_name=name, kind=kind)
    document.dump(path, content, overwrite=overwrite)


def to_document(
    instances: Instances, *, image_name: str = "", kind: Kind | None = None
) -> dict[str, Any]:
    """The objects as a FeatureCollection.

    Without `kind` an object stays what it was read as, and is else an `annotation`: those can be
    corrected by hand in QuPath; a `detection` cannot, but is drawn faster where there are many
    thousands. Ids are UUIDs made of `image_name` and our id: the same objects give the same file.
    """
    features: list[dict[str, Any]] = []
    own: dict[str, Any] = {
        "size": list(instances.size) if instances.size else None,
        "classes": list(instances.classes),
        "ids": {},
        "ignored": {},
    }
    for i in range(len(instances)):
        feature = _feature(instances, i, kind)
        name = feature["id"] or _new_uuid(f"kontur/{image_name}/{instances.ids[i]}")
        while name in own["ids"]:  # a copy of another object
            name = _new_uuid(f"{name}/copy")
        feature["id"] = name
        own["ids"][name] = int(instances.ids[i])
        if instances.ignore[i]:
            own["ignored"][name] = instances.classes[instances.labels[i]]
        features.append(feature)
    return {"type": "FeatureCollection", "features": features, "kontur": own}


def from_document(content: Any, *, where: str | Path = "GeoJSON") -> Instances:
    """The objects of a FeatureCollection, a list of features, one feature or one geometry.

    What is no area (points, lines, a missing geometry) is left out and outlines that cross
    themselves are repaired, both with a line of logging. Classes come in our own list's order or
    as they appear; unclassified objects are of the class `object`, those of QuPath's class
    `Ignore*` are regions to ignore. Raises `InputError` naming the feature that is not one.
    """
    own = content.get("kontur") if isinstance(content, Mapping) else None
    own = own if isinstance(own, Mapping) else {}
    read = [
        _read_feature(feature, f"{where}: feature {number}")
        for number, feature in enumerate(_features(content, where), start=1)
    ]
    polygons, kept = document.mend([one.shape for one in read], where)
    found = [one for one, keep in zip(read, kept, strict=True) if keep]
    labels, classes = _labels(found, own)
    return Instances.of_valid(
        polygons,
        labels=labels or None,
        scores=[one.score for one in found] or None,
        ids=_ids(found, own) or None,
        ignore=[one.name == IGNORE for one in found] or None,
        extras=[{"geojson": one.extra} for one in found],
        size=_size(own, where),
        classes=classes,
    )


def with_classes(
    content: Any,
    names: Sequence[str | None],
    classes: Sequence[str],
    *,
    where: str | Path = "GeoJSON",
) -> Any:
    """The document with other classes of its objects, everything else as it is written there.

    `names` has the class of each object that `from_document` finds, None where it stays; `classes`
    are all that there can be: a class has the same colour in every file. Raises `InputError` where
    the objects are not so many, and as `from_document` does.
    """
    content = copy.deepcopy(content)
    features = _features(content, where)
    shapes = [
        _read_feature(feature, f"{where}: feature {number}").shape
        for number, feature in enumerate(features, start=1)
    ]
    _, kept = document.mend(shapes, where)
    objects = [feature for feature, keep in zip(features, kept, strict=True) if keep]
    document.check_count(objects, names, where)
    for feature, name in zip(objects, names, strict=True):
        if name is not None:
            colour = list(of_label(classes.index(name)))
            told = {"classification": {"name": name, "color": colour}}
            feature["properties"] = {**(feature.get("properties") or {}), **told}
    if isinstance(content, dict) and isinstance(content.get("kontur"), dict):
        content["kontur"]["classes"] = list(classes)  # those of regions to ignore are by them
    bare = isinstance(content, dict) and "coordinates" in content
    return features[0] if bare else content


class _Found(NamedTuple):
    """A feature as read: its unchecked area or None, QuPath's class name, score, and the rest."""

    shape: Polygon | MultiPolygon | None
    name: str | None
    score: float
    extra: dict[str, Any]


def _read_feature(feature: Any, which: str) -> _Found:
    if not isinstance(feature, Mapping) or "geometry" not in feature:
        raise InputError(f"{which} is no GeoJSON feature: it has no geometry")
    properties = feature.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise InputError(f"{which} has properties that are no object")
    return _Found(
        _shape(feature.get("geometry"), which),
        _class_name(properties.get("classification")),
        _score(properties),
        _extra(feature, properties),
    )


def _feature(instances: Instances, i: int, kind: Kind | None) -> dict[str, Any]:
    """One feature: what was read of it, and over that what we know; `id` None where it has none."""
    known = instances.extras[i].get("geojson", {})
    properties = dict(known.get("properties", {}))
    properties["objectType"] = kind or properties.get("objectType") or "annotation"
    label = int(instances.labels[i])
    name, colour = (IGNORE, GREY) if instances.ignore[i] else (instances.classes[label], None)
    if _class_name(properties.get("classification")) != name:
        properties["classification"] = {"name": name, "color": list(colour or of_label(label))}
    measured = {k: v for k, v in properties.get("measurements", {}).items() if k != "score"}
    if not np.isnan(instances.scores[i]):
        measured["score"] = float(instances.scores[i])
    properties.pop("measurements", None)
    if measured:
        properties["measurements"] = measured
    return {
        "type": "Feature",
        "id": known.get("id"),
        "geometry": known.get("geometry", {}) | _geometry(instances.polygons[i]),
        "properties": properties,
        **known.get("feature", {}),
    }


def _geometry(polygon: Polygon | MultiPolygon) -> dict[str, Any]:
    turned = shapely.orient_polygons(polygon, exterior_cw=False)  # RFC 7946: of y up
    parts = [
        [shapely.get_coordinates(ring).tolist() for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(turned)
    ]
    if polygon.geom_type == "Polygon":
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _extra(feature: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be written back, old spellings brought to those of QuPath 0.4."""
    kept = dict(properties)
    if "measurements" in kept:
        kept["measurements"] = _measurements(kept["measurements"])
    legacy = str(feature.get("id", "")).removeprefix("Path").removesuffix("Object").lower()
    spelled = (kept.get("objectType"), kept.pop("object_type", None), kept.get("type"), legacy)
    kind = next((name for name in spelled if name in OBJECT_TYPES), None)
    if kind:
        kept["objectType"] = kind
        if kept.get("type") == kind:
            del kept["type"]
    geometry = feature.get("geometry") or {}
    stale = ("type", "coordinates", "bbox", "isEllipse")  # said anew; ours are no ellipses
    read = ("type", "id", "geometry", "properties", "bbox")
    return {
        "id": _uuid(feature.get("id")),
        "properties": kept,
        "geometry": {k: v for k, v in geometry.items() if k not in stale},
        "feature": {k: v for k, v in feature.items() if k not in read},
    }


def _features(content: Any, where: str | Path) -> list[Any]:
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
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "geometry": content, "properties": {}}]
    raise InputError(f"{where} is no GeoJSON with areas; its type is {kind!r}")


def _shape(geometry: Any, which: str) -> Polygon | MultiPolygon | None:
    """The area of a geometry, unchecked; None for points, lines and no geometry at all."""
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return None
    try:
        rings = geometry["coordinates"]
        parts = [document.polygon(part) for part in (rings if kind == "MultiPolygon" else [rings])]
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"{which} has coordinates that are no rings of numbers [[[x, y], …]]"
        ) from None
    areas = [part for part in parts if part is not None]
    if kind == "Polygon" or not areas:
        return areas[0] if areas else None
    return MultiPolygon(areas)


def _class_name(classification: Any) -> str | None:
    """The name of QuPath's classification: a string, an object with `name` or with `names`."""
    if isinstance(classification, Mapping):
        names = classification.get("names")
        classification = classification.get("name") or (
            ": ".join(map(str, names)) if isinstance(names, list) else None
        )
    return classification if isinstance(classification, str) and classification else None


def _measurements(values: Any) -> dict[str, Any]:
    """Measurements as an object, also where they are the older list of names and values."""
    if isinstance(values, Mapping):
        return dict(values)
    pairs = values if isinstance(values, list) else []
    return {str(p["name"]): p.get("value") for p in pairs if isinstance(p, Mapping) and "name" in p}


def _score(properties: Mapping[str, Any]) -> float:
    """The measurement `score` where it is a number from 0 to 1, else NaN."""
    score = _measurements(properties.get("measurements")).get("score")
    is_score = isinstance(score, int | float) and 0 <= score <= 1
    return float(score) if is_score and score is not None else float("nan")


def _labels(found: list[_Found], own: Mapping[str, Any]) -> tuple[list[int], list[str]]:
    """Class indices and class names: our list first, then as they appear."""
    listed, ignored = own.get("classes"), own.get("ignored")
    classes = list(map(str, listed)) if isinstance(listed, list) else []
    behind = ignored if isinstance(ignored, Mapping) else {}  # the class of a region to ignore
    unclassified = classes[0] if classes else CLASSES[0]
    names = [
        behind.get(one.extra["id"]) if one.name == IGNORE else one.name or unclassified
        for one in found
    ]
    classes = list(dict.fromkeys([*classes, *(n for n in names if n is not None)])) or [*CLASSES]
    place = {name: label for label, name in enumerate(classes)}
    return [0 if name is None else place[name] for name in names], classes


def _ids(found: list[_Found], own: Mapping[str, Any]) -> list[int]:
    """Our ids where the file still has them, else the next free numbers."""
    listed = own.get("ids")
    known = dict(listed) if isinstance(listed, Mapping) else {}
    ids = [known.pop(one.extra["id"], None) for one in found]  # popped: a copy gets a new number
    following = max((n for n in ids if isinstance(n, int)), default=0)
    for i, number in enumerate(ids):
        if not isinstance(number, int):
            following += 1
            ids[i] = following
    return ids


def _size(own: Mapping[str, Any], where: str | Path) -> tuple[int, int] | None:
    size = own.get("size")
    if size is None:
        return None
    if not (isinstance(size, list) and len(size) == 2 and all(isinstance(n, int) for n in size)):
        raise InputError(f"{where}: kontur.size is {size!r}; wanted [height, width]")
    return size[0], size[1]


def _new_uuid(of: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, of))


def _uuid(name: Any) -> str | None:
    try:
        return str(uuid.UUID(name)) if isinstance(name, str) else None
    except ValueError:
        return None
