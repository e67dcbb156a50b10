"""Planes of a stack: on which of them outlines were drawn, and which of them are read."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.files import json_document
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.wording import listed, quoted

log = logging.getLogger("kontur.formats")

EVERY_CHANNEL = -1  # QuPath's channel of an outline that is of all


def read_plane(plane: Any, where: str | Path) -> Plane | None:
    """The plane that a geometry or a row names, with its page if there is one; None of no plane.

    The channel `c` is no place of its own: an image has all its channels.
    """
    if not isinstance(plane, Mapping):
        return None
    z, t, page = (json_document.whole_number(plane.get(axis, 0)) for axis in ("z", "t", "page"))
    if z is None or t is None or page is None or min(z, t, page) < 0:
        raise InputError(
            f"{where}: a plane is {quoted(plane)}; wanted whole numbers z and t from 0"
        )
    return Plane(z, t).numbered(page) if "page" in plane else Plane(z, t)


def read_planes(planes: Sequence[Any], page: Any, where: str | Path) -> list[Plane | None]:
    """The plane of every geometry; `page` is the number of the one where it is only one."""
    read = [read_plane(plane, where) for plane in planes]
    if page is None or len({plane or Plane() for plane in read}) != 1:
        return read
    number = json_document.whole_number(page)
    if number is None:
        raise InputError(f"{where}: kontur.page is {quoted(page)}; wanted a whole number")
    return [(plane or Plane()).numbered(number) for plane in read]


def by_plane(
    named: Sequence[Plane | None],
    page: int | None,
    where: str | Path,
    *,
    at: tuple[int, int] | None = None,
) -> list[tuple[Plane | None, list[int]]]:
    """The places of the objects of each plane; of the one that is `page` where it is given.

    `at` is the depth and time of the page where the image knows both: pages are then not counted.

    The plane is None where no object names one: they belong to any. Beside others that do, one
    that names none is on the first, which QuPath leaves out.
    """
    if not any(plane is not None for plane in named):
        return [(None, list(range(len(named))))]
    planes = [plane or Plane() for plane in named]
    if page is None:
        return [
            (plane, [i for i, other in enumerate(planes) if other == plane])
            for plane in sorted(set(planes), key=lambda plane: (*plane[:2], plane.number))
        ]
    if at is not None:
        places = [i for i, plane in enumerate(planes) if plane[:2] == at]
        if places:
            return [(planes[places[0]], places)]
        log.warning(
            "%s: no outline is on page %d of its image, at depth %d and time %d", where, page, *at
        )
        return [(None, [])]
    numbers = page_numbers(planes, where)
    places = [i for i, number in enumerate(numbers) if number == page]
    if not places:
        log.warning(
            "%s: no outline is on page %d; they are on %s",
            *(where, page, listed(map(str, sorted(set(numbers))))),
        )
        return [(None, [])]
    return [(planes[places[0]], places)]


def page_numbers(planes: Sequence[Plane], where: str | Path) -> list[int]:
    """The page of each plane: as it is written, else its time or depth, whichever differs."""
    depths, times = {plane.z for plane in planes}, {plane.t for plane in planes}
    if all(plane.page is None for plane in planes):
        if len(depths) > 1 and len(times) > 1:
            raise InputError(
                f"{where} holds outlines on planes of several depths and times, of which a page "
                "names one alone; export one time after the other"
            )
        if len(times) > 1:
            return [plane.t for plane in planes]
        if len(depths) > 1:
            return [plane.z for plane in planes]
    return [plane.number for plane in planes]


def on_plane(instances: Instances) -> Instances:
    """The objects with the plane of all in each one's geometry.

    Also the first one, which QuPath leaves out and reads: outlines of no plane belong to any.
    """
    plane = instances.plane
    if plane is None:
        return instances
    return instances.replace(extras=[_placed(extra, plane) for extra in instances.extras])


def _placed(extra: Mapping[str, Any], plane: Plane) -> Mapping[str, Any]:
    known = extra.get("geojson", {})
    geometry = known.get("geometry", {})
    before = geometry.get("plane")
    channel = before if isinstance(before, Mapping) else {"c": EVERY_CHANNEL}
    place = {**channel, "z": plane.z, "t": plane.t}
    return {**extra, "geojson": {**known, "geometry": {**geometry, "plane": place}}}
