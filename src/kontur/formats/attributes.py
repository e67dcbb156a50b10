"""Attributes: what a file says of an object by names of its own: tracks, measurements, a colour.

A format keeps what it does not read under its key of `Instances.extras` and writes it back as it
was. It says what that is by plain names (`Format.attributes`), of which another takes those that it
can hold (`Format.takes`); the others are lost, which `information_loss` says. Attributes that say
no more than every file does (a region is an annotation, a class has the colour of its number) are
left out.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from kontur.display.colours import GREY, RGB, class_colour
from kontur.formats.image_annotation import ImageAnnotation
from kontur.instances import Instances

# Texts of a table that are numbers; `007` and `1E1` may be names.
NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d+)?(e[-+]\d+)?")
TRUTH = {"True": True, "False": False, "true": True, "false": False}

Attributes = Mapping[str, Any]
# What is kept of an object or an image, by plain names; `formats` fills them from its table.
READERS: dict[str, Callable[[Any, Instances, int], dict[str, Any]]] = {}
IMAGE_READERS: dict[str, Callable[[Any], dict[str, Any]]] = {}


def attributes_of(instances: Instances, i: int, *, but: str = "") -> dict[str, Any]:
    """What files said of an object, by name; what they keep under the key `but` is left out.

    Values are numbers, texts, truth values, and where a file has something else, that as it is.
    """
    found: dict[str, Any] = {}
    for key, content in instances.extras[i].items():
        if key != but:
            read = READERS.get(key)
            named = read(content, instances, i) if read else {key: content}
            found |= {name: v for name, v in named.items() if name not in found and _has_value(v)}
    return found


def attributes_of_image(entry: ImageAnnotation, *, but: str = "") -> dict[str, Any]:
    """What files said of an image; as `attributes_of`."""
    found: dict[str, Any] = {}
    for key, content in entry.extras.items():
        if key != but:
            read = IMAGE_READERS.get(key, dict)
            found |= {name: v for name, v in read(content).items() if _has_value(v)}
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


def _has_value(value: Any) -> bool:
    is_nan = isinstance(value, float) and math.isnan(value)
    return not is_nan and value is not None and value not in ("", [], {})


def default_colour(instances: Instances, i: int) -> RGB:
    """The colour that an object has where no file gives it another."""
    return GREY if instances.ignore[i] else class_colour(int(instances.labels[i]))


def hex_of(colour: Any) -> Any:
    """A colour as `#rrggbb`; what is none as it is."""
    is_colour = isinstance(colour, list) and len(colour) in (3, 4)
    if is_colour and all(isinstance(part, int) and 0 <= part < 256 for part in colour):
        return "#" + bytes(colour).hex()
    return colour


def of_texts(content: Attributes, *_: Any) -> dict[str, Any]:
    """Cells and attributes that are texts, of which some are numbers."""
    return {name: typed(value) for name, value in content.items()}
