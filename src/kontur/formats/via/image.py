"""What every version of VIA has of an image: its name, and regions with shapes and attributes."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from kontur.errors import InputError
from kontur.files import json_document
from kontur.wording import quoted

Region = tuple[Mapping[str, Any], Mapping[str, Any]]  # shape and attributes
Options = Mapping[str, Mapping[str, str]]  # of each attribute: the titles of its values


class ViaImage(NamedTuple):
    """An image: its name, the bytes of its file, attributes, and its regions."""

    name: str
    size: Any
    attributes: Mapping[str, Any]
    regions: list[Region]


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is an object of JSON, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def cell(text: str, which: str) -> Mapping[str, Any]:
    """The object of JSON in a cell, `{}` of an empty one; `InputError` where it is damaged."""
    if len(text) > 1 and json_document.depth(text) > json_document.DEEPEST:
        raise InputError(f"{which} is nested too deeply")
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise InputError(f"{which} is no JSON or is cut short: {quoted(text)}") from None
    return mapping(value)
