"""The member `kontur` beside the features of a GeoJSON: the image's size, classes, and our ids.

QuPath ignores it and does not write it back.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.files import json_document
from kontur.instances import Instances
from kontur.instances.plane import Plane
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


def note_page(own: dict[str, Any], plane: Plane | None) -> None:
    """Note the page of a plane of several, where neither its depth nor its time says it."""
    if plane is None or plane.page is None or "page" in own:
        return
    pages = own.setdefault("pages", [])
    if pages[-1:] != [[*plane]]:  # a plane comes in one part, or in several that follow each other
        pages.append([*plane])


def with_pages(
    planes: Sequence[Plane | None], own: Mapping[str, Any], where: str | Path
) -> list[Plane | None]:
    """The planes with the pages that are noted, `[z, t, page]` each; `InputError` for others."""
    noted = own.get("pages", [])
    rows = [
        [json_document.whole_number(number) for number in row] if isinstance(row, list) else []
        for row in (noted if isinstance(noted, list) else [None])
    ]
    if any(len(row) != 3 or None in row for row in rows):
        raise InputError(f"{where}: kontur.pages is {quoted(noted)}; wanted a list of [z, t, page]")
    pages = {(z, t): page for z, t, page in rows}
    return [
        plane._replace(page=pages[plane[:2]]) if plane is not None and plane[:2] in pages else plane
        for plane in planes
    ]


def member_of(content: Any) -> Mapping[str, Any]:
    """The member `kontur`, which Kontur writes beside the features."""
    own = content.get("kontur") if isinstance(content, Mapping) else None
    return own if isinstance(own, Mapping) else {}


def size_of(own: Mapping[str, Any], where: str | Path) -> tuple[int, int] | None:
    """The image's size; None where it is not known, `InputError` where it is none."""
    size = own.get("size")
    if size is None:
        return None
    sides = list(map(json_document.whole_number, size)) if isinstance(size, list) else []
    height, width = sides if len(sides) == 2 else (None, None)
    if height is None or width is None:
        raise InputError(f"{where}: kontur.size is {quoted(size)}; wanted [height, width]")
    return height, width
