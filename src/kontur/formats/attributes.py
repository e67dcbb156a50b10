"""Attributes: what a file says of an object by names of its own: tracks, measurements, a colour.

A format keeps what it does not read under its key of `Instances.extras` and writes it back as it
was. What another format kept is known here by plain names, of which a format takes those that it
can hold (`Format.takes`); the others are lost, which `information_loss` says. Attributes that say
no more than every file does (a region is an annotation, a class has the colour of its number) are
left out.
"""

import math
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from kontur.display.colours import GREY, RGB, as_hex, class_colour
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.planes import EVERY_CHANNEL
from kontur.formats.qupath import (
    CLASS_COLOUR,
    COLOUR,
    NESTED,
    UUID,
    class_name,
    json_of,
    measurements_of,
    score_of,
)
from kontur.instances import CLASSES, Instances

# Texts of a table that are numbers; `007` and `1E1` may be names.
NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d+)?(e[-+]\d+)?")
TRUTH = {"True": True, "False": False, "true": True, "false": False}

PLAIN = (("objectType", "annotation"), ("isLocked", False))  # of every object in QuPath
PLAIN_IN_CVAT = (("source", "manual"), ("occluded", "0"), ("z_order", "0"))

Attributes = Mapping[str, Any]


def attributes_of(instances: Instances, i: int, *, but: str = "") -> dict[str, Any]:
    """What files said of an object, by name; what they keep under the key `but` is left out.

    Values are numbers, texts, truth values, and where a file has something else, that as it is.
    """
    found: dict[str, Any] = {}
    for key, content in instances.extras[i].items():
        if key != but:
            read = _READERS.get(key)
            named = read(content, instances, i) if read else {key: content}
            found |= {name: v for name, v in named.items() if name not in found and _says(v)}
    return found


def attributes_of_image(entry: ImageAnnotation, *, but: str = "") -> dict[str, Any]:
    """What files said of an image; as `attributes_of`."""
    found: dict[str, Any] = {}
    for key, content in entry.extras.items():
        if key != but:
            read = _IMAGE_READERS.get(key, dict)
            found |= {name: v for name, v in read(content).items() if _says(v)}
    return found


def plain(attributes: Attributes) -> dict[str, Any]:
    """Those that are numbers, texts or truth values, which any column holds."""
    return {name: v for name, v in attributes.items() if isinstance(v, bool | int | float | str)}


def typed(text: Any) -> Any:
    """A text as the number or truth value that it is, any other as it is.

    >>> typed("7"), typed("0.5"), typed("True"), typed("007"), typed("1E1")
    (7, 0.5, True, '007', '1E1')
    """
    if not isinstance(text, str):
        return text
    match = NUMBER.fullmatch(text)
    if match is None:
        return TRUTH.get(text, text)
    return int(text) if match[2] is match[3] is None else float(text)


def _says(value: Any) -> bool:
    is_nan = isinstance(value, float) and math.isnan(value)
    return not is_nan and value is not None and value not in ("", [], {})


def _default_colour(instances: Instances, i: int) -> RGB:
    return GREY if instances.ignore[i] else class_colour(int(instances.labels[i]))


def _of_geojson(content: Attributes, instances: Instances, i: int) -> dict[str, Any]:
    geometry = dict(content.get("geometry", {}))
    plane = geometry.pop("plane", None)
    channel = plane.get("c", EVERY_CHANNEL) if isinstance(plane, Mapping) else EVERY_CHANNEL
    identity = content.get("id")
    return {
        **_of_qupath(content.get("properties", {}), instances, i),
        **({UUID: identity} if identity and uuid.UUID(identity).version != 5 else {}),  # not ours
        **geometry,
        **({"channel": [channel]} if channel != EVERY_CHANNEL else {}),
        **content.get("feature", {}),
    }


def _of_qupath(properties: Attributes, instances: Instances, i: int) -> dict[str, Any]:
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
            found[free] = _hex(json_of(value)) if name == COLOUR else value
    class_ = instances.classes[instances.labels[i]]
    if isinstance(classification, Mapping) and class_name(classification) == class_:
        colour = _hex(classification.get("color", _unpacked(classification.get("colorRGB"))))
        if colour != as_hex(_default_colour(instances, i)):
            found[CLASS_COLOUR] = colour
    return found


def _hex(colour: Any) -> Any:
    """A colour as `#rrggbb`; what is none as it is."""
    is_colour = isinstance(colour, list) and len(colour) in (3, 4)
    if is_colour and all(isinstance(part, int) and 0 <= part < 256 for part in colour):
        return "#" + bytes(colour).hex()
    return colour


def _unpacked(colour: Any) -> Any:
    """A colour as QuPath wrote it before 0.4, one number."""
    is_packed = isinstance(colour, int) and not isinstance(colour, bool)
    return list((colour & 0xFFFFFF).to_bytes(3)) if is_packed else colour


def _of_texts(content: Attributes, *_: Any) -> dict[str, Any]:
    """Cells and attributes that are texts, of which some are numbers."""
    return {name: typed(value) for name, value in content.items()}


def _of_coco(content: Attributes, *_: Any) -> dict[str, Any]:
    nested = content.get("attributes")
    rest = {name: value for name, value in content.items() if name != "attributes"}
    return {**(nested if isinstance(nested, Mapping) else {"attributes": nested}), **rest}


def _of_via(parts: Any, *_: Any) -> dict[str, Any]:
    return _of_texts(parts[0]) if parts else {}


def _of_cvat(parts: Any, *_: Any) -> dict[str, Any]:
    first = parts[0] if parts else {}
    rest = dict(item for item in first.get("rest", {}).items() if item not in PLAIN_IN_CVAT)
    return _of_texts({**rest, **first.get("attributes", {})})


def _of_labelme(content: Attributes, *_: Any) -> dict[str, Any]:
    shapes = content.get("shapes", ())
    first = dict(shapes[0]) if shapes else {}
    first.pop("shape_type", None)  # a mask
    if len(shapes) > 1:
        first.pop("group_id", None)  # that joins them
    flags = first.pop("flags", None)
    return {**(flags if isinstance(flags, Mapping) else {"flags": flags}), **first}


def _of_imagej(content: Attributes, instances: Instances, i: int) -> dict[str, Any]:
    identity, class_ = f"{instances.ids[i]:04}", instances.classes[instances.labels[i]]
    named = instances.classes != CLASSES
    found = {**_of_texts(content.get("properties", {}))}
    found |= {k: v for k, v in content.items() if k not in ("properties", "class", "stroke_color")}
    if content.get("name") in (identity, f"{class_} {identity}"):
        del found["name"]  # which every ROI has
    if class_ == f"group {content.get('group')}":
        del found["group"]  # is its class
    stroke = content.get("stroke_color")
    if isinstance(stroke, list) and len(stroke) == 4:  # opacity first
        stroke = [*stroke[1:], *(stroke[:1] if stroke[0] != 255 else ())]
    colour = _hex(stroke)
    if not named or colour != as_hex(_default_colour(instances, i)):
        found[CLASS_COLOUR if named else COLOUR] = colour
    return found


_READERS: Mapping[str, Callable[[Any, Instances, int], dict[str, Any]]] = {
    "columns": _of_qupath,
    "geojson": _of_geojson,
    "csv": _of_texts,
    "coco": _of_coco,
    "imagej": _of_imagej,
    "labelme": _of_labelme,
    "cvat": _of_cvat,
    "via": _of_via,
    "ome-zarr": lambda content, *_: dict(content),
}


def _of_coco_image(content: Attributes) -> dict[str, Any]:
    own = ("id", "file_name", "height", "width")
    image = {name: v for name, v in content.get("image", {}).items() if name not in own}
    return {**content.get("file", {}), **image}


def _of_labelme_image(content: Attributes) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "version"}


_IMAGE_READERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "coco": _of_coco_image,
    "labelme": _of_labelme_image,
    "via": lambda content: dict(content.get("attributes", {})),
    "cvat": lambda content: {
        name: v for name, v in content.items() if name != "subset"
    },  # a folder
}
