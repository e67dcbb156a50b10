"""The member `kontur` beside the features of a GeoJSON: the image's size, classes, and our ids.

QuPath ignores it and does not write it back.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.formats import document
from kontur.instances import Instances
from kontur.wording import quoted


def new_member(instances: Instances) -> dict[str, Any]:
    """The member `kontur`, for an image without objects yet."""
    own: dict[str, Any] = {
        "size": list(instances.size) if instances.size else None,
        "classes": list(instances.classes),
        "ids": {},
        "ignored": {},
    }
    if instances.plane is not None and instances.plane.page is not None:
        own["page"] = instances.plane.page
    return own


def member_of(content: Any) -> Mapping[str, Any]:
    """The member `kontur`, which Kontur writes beside the features."""
    own = content.get("kontur") if isinstance(content, Mapping) else None
    return own if isinstance(own, Mapping) else {}


def size_of(own: Mapping[str, Any], where: str | Path) -> tuple[int, int] | None:
    """The image's size; None where it is not known, `InputError` where it is none."""
    size = own.get("size")
    if size is None:
        return None
    sides = list(map(document.whole_number, size)) if isinstance(size, list) else []
    height, width = sides if len(sides) == 2 else (None, None)
    if height is None or width is None:
        raise InputError(f"{where}: kontur.size is {quoted(size)}; wanted [height, width]")
    return height, width
