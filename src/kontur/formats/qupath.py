"""Properties of QuPath's objects: class, score, measurements and type, in all their spellings.

After QuPath's `PathObjectTypeAdapters` (0.4 and later) and the forms of earlier versions that it
still reads.
"""

import json
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from kontur.display.colours import as_hex, class_colour
from kontur.files import json_document
from kontur.formats.attributes import default_colour, hex_of, plain
from kontur.formats.image_annotation import PROBABILITY, ClassPrediction, without_probabilities
from kontur.formats.object_uuid import is_ours
from kontur.formats.planes import EVERY_CHANNEL
from kontur.formats.rounding import rounded_score
from kontur.instances import Instances

PLAIN = (("objectType", "annotation"), ("isLocked", False))  # of every object
IGNORE = "Ignore*"  # QuPath's own class for regions to leave alone
UUID, COLOUR, CLASS_COLOUR = "uuid", "color", "class_color"  # as columns of other formats
NESTED = ("measurements", "metadata", "classification")
HEX = re.compile(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})")
OBJECT_TYPES = ("annotation", "detection", "cell", "tile", "tmaCore")


def class_name(classification: Any) -> str | None:
    """The name of QuPath's classification: a string, an object with `name` or with `names`."""
    if isinstance(classification, Mapping):
        names = classification.get("names")
        classification = classification.get("name") or (
            ": ".join(map(str, names)) if isinstance(names, list) else None
        )
    return classification if isinstance(classification, str) and classification else None


def measurements_of(values: Any) -> dict[str, Any]:
    """Measurements as an object, also where they are the older list of names and values."""
    if isinstance(values, Mapping):
        return dict(values)
    pairs = values if isinstance(values, list) else []
    return {str(p["name"]): p.get("value") for p in pairs if isinstance(p, Mapping) and "name" in p}


def score_of(properties: Mapping[str, Any]) -> float:
    """The measurement `score` where it is a number from 0 to 1, else NaN."""
    return json_document.score(measurements_of(properties.get("measurements")).get("score"))


def written_measurements(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The measurements that are written, without the score, which is ours.

    QuPath before 0.5 wrote NaN for what could not be measured, later ones leave it out.
    """
    written = {
        name: value
        for name, value in measurements_of(properties.get("measurements")).items()
        if not (isinstance(value, float) and not math.isfinite(value))
    }
    if not math.isnan(score_of(properties)):
        del written["score"]
    return written


def rest_of(feature: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be written back, old spellings brought to those of QuPath 0.4."""
    kept = dict(properties)
    if "measurements" in kept:
        kept["measurements"] = measurements_of(kept["measurements"])
    legacy = str(feature.get("id", "")).removeprefix("Path").removesuffix("Object").lower()
    spelled = (kept.get("objectType"), kept.pop("object_type", None), kept.get("type"), legacy)
    kind = next((name for name in spelled if name in OBJECT_TYPES), None)
    if kind:
        kept["objectType"] = kind
        if kept.get("type") == kind:
            del kept["type"]
    geometry = feature["geometry"] if isinstance(feature["geometry"], Mapping) else {}
    stale = (
        "type",
        "coordinates",
        "geometries",
        "bbox",
        "isEllipse",
    )  # written anew; ours are no ellipses
    read = ("type", "id", "geometry", "properties", "bbox")
    return {
        "id": uuid_of(feature.get("id")),
        "properties": kept,
        "geometry": {k: v for k, v in geometry.items() if k not in stale},
        "feature": {k: v for k, v in feature.items() if k not in read},
    }


def reclassified(
    properties: Mapping[str, Any], prediction: ClassPrediction, classes: Sequence[str]
) -> dict[str, Any]:
    """The properties with a predicted class in its colour, and its probabilities as measurements.

    Those of an earlier classifier go, also where the object keeps its class.
    """
    changed = dict(properties)
    if prediction.name is not None:
        colour = list(class_colour(classes.index(prediction.name)))
        changed["classification"] = {"name": prediction.name, "color": colour}
    before = measurements_of(properties.get("measurements"))
    shares = {
        f"{PROBABILITY[1]}{name}": rounded_score(share)
        for name, share in prediction.probabilities.items()
    }
    measured = without_probabilities(before) | shares
    if measured != before:
        changed["measurements"] = measured
    return changed


def with_attributes(
    properties: Mapping[str, Any], attributes: Mapping[str, Any], class_name: str
) -> dict[str, Any]:
    """The properties with what files of other formats said, where they have nothing of that name.

    Numbers become measurements and texts metadata, but those that QuPath has a place for.
    """
    measured: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    made: dict[str, Any] = {}
    for name, value in attributes.items():
        colour = rgb_of(value) if name in (COLOUR, CLASS_COLOUR) else None
        if name == UUID and uuid_of(value):
            continue  # stands beside the properties
        if colour and name == CLASS_COLOUR:
            made["classification"] = {"name": class_name, "color": colour}
        elif colour:
            made[COLOUR] = colour
        elif (
            (name == "objectType" and value in OBJECT_TYPES)
            or (name == "name" and isinstance(value, str))
            or (isinstance(value, bool) and name not in NESTED)
        ):
            made[name] = value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            measured[name] = value
        else:
            metadata[name] = str(value)
    made |= properties
    if measured:
        made["measurements"] = {**measured, **measurements_of(properties.get("measurements"))}
    if metadata:
        own = properties.get("metadata")
        made["metadata"] = {**metadata, **(own if isinstance(own, Mapping) else {})}
    return made


def takes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What a feature holds of an object's attributes; a measurement `score` would be ours."""
    infinite = (math.inf, -math.inf)
    return {k: v for k, v in plain(attributes).items() if k != "score" and v not in infinite}


def rgb_of(value: Any) -> list[int] | None:
    """Red, green, blue and perhaps opacity of a colour as `#rrggbb`; None of anything else."""
    is_colour = isinstance(value, str) and HEX.fullmatch(value)
    return list(bytes.fromhex(value[1:])) if is_colour else None


def json_of(value: Any) -> Any:
    """What GDAL keeps of an object inside the properties, its JSON, parsed; others as they are."""
    if not (isinstance(value, str) and value.startswith(("{", "["))):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def uuid_of(name: Any) -> str | None:
    """A feature's id where it is a UUID, else None: QuPath keeps no other."""
    try:
        return str(uuid.UUID(name)) if isinstance(name, str) else None
    except ValueError:
        return None


def attributes_of_feature(
    content: Mapping[str, Any], instances: Instances, i: int
) -> dict[str, Any]:
    """What a feature says of an object by plain names, from all that is kept of it."""
    geometry = dict(content.get("geometry", {}))
    plane = geometry.pop("plane", None)
    channel = plane.get("c", EVERY_CHANNEL) if isinstance(plane, Mapping) else EVERY_CHANNEL
    identity = content.get("id")
    return {
        **attributes_of_properties(content.get("properties", {}), instances, i),
        **({UUID: identity} if identity and not is_ours(identity) else {}),
        **geometry,
        **({"channel": [channel]} if channel != EVERY_CHANNEL else {}),
        **content.get("feature", {}),
    }


def attributes_of_properties(
    properties: Mapping[str, Any], instances: Instances, i: int
) -> dict[str, Any]:
    """Properties of QuPath's objects, or columns in which a GIS has put them."""
    measured = measurements_of(json_of(properties.get("measurements")))
    if not math.isnan(score_of({"measurements": measured})):
        del measured["score"]
    metadata = json_of(properties.get("metadata"))
    found = {**(metadata if isinstance(metadata, Mapping) else {"metadata": metadata}), **measured}
    classification = json_of(properties.get("classification"))
    for name, value in properties.items():
        if name not in NESTED and (name, value) not in PLAIN:
            free = name if name not in found else f"{name} 2"
            found[free] = hex_of(json_of(value)) if name == COLOUR else value
    class_ = instances.classes[instances.labels[i]]
    if isinstance(classification, Mapping) and class_name(classification) == class_:
        colour = hex_of(classification.get("color", _unpacked(classification.get("colorRGB"))))
        if colour != as_hex(default_colour(instances, i)):
            found[CLASS_COLOUR] = colour
    return found


def _unpacked(colour: Any) -> Any:
    """A colour as QuPath wrote it before 0.4, one number."""
    is_packed = isinstance(colour, int) and not isinstance(colour, bool)
    return list((colour & 0xFFFFFF).to_bytes(3)) if is_packed else colour
