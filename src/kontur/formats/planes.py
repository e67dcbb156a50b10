"""Planes of a stack: on which of them outlines were drawn, and which of them are read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.formats import document
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.wording import listed, quoted

EVERY_CHANNEL = -1  # QuPath's channel of an outline that is of all


def read_plane(plane: Any, where: str | Path) -> Plane:
    """The plane that a geometry names; QuPath leaves the first one out.

    The channel `c` is no place of its own: an image has all its channels.
    """
    place = plane if isinstance(plane, Mapping) else {}
    z, t = (document.whole_number(place.get(axis, 0)) for axis in "zt")
    if z is None or t is None or min(z, t) < 0:
        raise InputError(
            f"{where}: a plane is {quoted(plane)}; wanted whole numbers z and t from 0"
        )
    return Plane(z, t)


def read_planes(planes: Sequence[Any], page: Any, where: str | Path) -> list[Plane]:
    """The plane of every geometry; `page` is the number of the one where it is only one."""
    read = [read_plane(plane, where) for plane in planes]
    if page is None or len(set(read)) != 1:
        return read
    number = document.whole_number(page)
    if number is None:
        raise InputError(f"{where}: kontur.page is {quoted(page)}; wanted a whole number")
    return [plane.numbered(number) for plane in read]


def by_plane(
    planes: Sequence[Plane], page: int | None, where: str | Path
) -> list[tuple[Plane | None, list[int]]]:
    """The places of the objects of each plane; of the one that is `page` where it is given.

    The plane is None where no object names one: they belong to any.
    """
    if set(planes) <= {Plane()}:
        return [(None, list(range(len(planes))))]
    if page is None:
        return [
            (plane, [i for i, other in enumerate(planes) if other == plane])
            for plane in sorted(set(planes))
        ]
    depths, times = {plane.z for plane in planes}, {plane.t for plane in planes}
    if len(depths) > 1 and len(times) > 1:
        raise InputError(
            f"{where} holds outlines on planes of several depths and times, of which a page names "
            "one alone; export one time after the other"
        )
    numbers = [
        plane.t if len(times) > 1 else plane.z if len(depths) > 1 else plane.number
        for plane in planes
    ]
    places = [i for i, number in enumerate(numbers) if number == page]
    if not places:
        document.log.warning(
            "%s: no outline is on page %d; they are on %s",
            *(where, page, listed(map(str, sorted(set(numbers))))),
        )
        return [(None, [])]
    return [(planes[places[0]], places)]


def on_plane(instances: Instances) -> Instances:
    """The objects with the plane of all in each one's geometry; QuPath leaves the first one out."""
    plane = instances.plane
    if plane is None:
        return instances
    return instances.replace(extras=[_placed(extra, plane) for extra in instances.extras])


def _placed(extra: Mapping[str, Any], plane: Plane) -> Mapping[str, Any]:
    known = extra.get("geojson", {})
    geometry = known.get("geometry", {})
    before = geometry.get("plane")
    if not isinstance(before, Mapping):
        if (plane.z, plane.t) == (0, 0):
            return extra
        before = {"c": EVERY_CHANNEL}
    place = {**before, "z": plane.z, "t": plane.t}
    return {**extra, "geojson": {**known, "geometry": {**geometry, "plane": place}}}
