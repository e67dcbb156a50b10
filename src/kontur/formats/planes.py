"""Planes of a stack: on which of them outlines were drawn, and which of them are wanted."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.formats import document
from kontur.formats.entry import Plane
from kontur.wording import listed, quoted


def read_plane(plane: Any, where: str | Path) -> Plane:
    """The plane that a geometry names; QuPath leaves the first one out.

    The channel `c` is no place of its own: an image has all its channels.
    """
    numbers = [plane.get(axis, 0) for axis in "zt"] if isinstance(plane, Mapping) else [0, 0]
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise InputError(
            f"{where}: a plane is {quoted(plane)}; wanted whole numbers z and t from 0"
        )
    return Plane(*numbers)


def by_plane(
    planes: Sequence[Plane], page: int | None, where: str | Path
) -> list[tuple[Plane | None, list[int]]]:
    """The places of the objects of each plane; of the one that is `page` where it is given."""
    if set(planes) <= {Plane()}:  # no object names one
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
    by_time = len(times) > 1 or depths == {0}
    numbers = [plane.t if by_time else plane.z for plane in planes]
    places = [i for i, number in enumerate(numbers) if number == page]
    if not places:
        document.log.warning(
            "%s: no outline is on page %d; they are on %s",
            *(where, page, listed(map(str, sorted(set(numbers))))),
        )
        return [(None, [])]
    return [(planes[places[0]], places)]
