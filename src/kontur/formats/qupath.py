"""Properties of QuPath's objects: class, score, measurements and type, in all their spellings.

After QuPath's `PathObjectTypeAdapters` (0.4 and later) and the forms of earlier versions that it
still reads.
"""

import math
import uuid
from collections.abc import Mapping
from typing import Any

IGNORE = "Ignore*"  # QuPath's own class for regions to leave alone
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
    score = measurements_of(properties.get("measurements")).get("score")
    is_score = isinstance(score, int | float) and 0 <= score <= 1
    return float(score) if is_score and score is not None else math.nan


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
    stale = ("type", "coordinates", "bbox", "isEllipse")  # written anew; ours are no ellipses
    read = ("type", "id", "geometry", "properties", "bbox")
    return {
        "id": uuid_of(feature.get("id")),
        "properties": kept,
        "geometry": {k: v for k, v in geometry.items() if k not in stale},
        "feature": {k: v for k, v in feature.items() if k not in read},
    }


def uuid_of(name: Any) -> str | None:
    """A feature's id where it is a UUID, else None: QuPath keeps no other."""
    try:
        return str(uuid.UUID(name)) if isinstance(name, str) else None
    except ValueError:
        return None
