"""Objects of several shapes: polygons and masks of other programs, joined into one area."""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import shapely
from shapely import MultiPolygon, Polygon

from kontur.formats.windows import Window, trace

Shape = TypeVar("Shape")


def grouped(
    shapes: Sequence[Shape], group_of: Callable[[Shape], Hashable | None]
) -> list[list[Shape]]:
    """The shapes of each object, in the order of their first ones; None is of no group.

    >>> grouped(["a1", "b", "a2"], lambda name: "a" if "a" in name else None)
    [['a1', 'a2'], ['b']]
    """
    objects: dict[Hashable, list[Shape]] = {}
    for number, shape in enumerate(shapes):
        group = group_of(shape)
        key = (number,) if group is None else (None, group)
        objects.setdefault(key, []).append(shape)
    return list(objects.values())


def joined(objects: Sequence[Sequence[Polygon | Window]]) -> list[Polygon | MultiPolygon]:
    """The unchecked area of each object; masks are traced together."""
    windows = [part for parts in objects for part in parts if isinstance(part, Window)]
    traced = iter(trace(windows))
    areas: list[Polygon | MultiPolygon] = []
    for parts in objects:
        shapes = [next(traced) if isinstance(part, Window) else part for part in parts]
        single = [one for one in shapely.get_parts(shapes) if not one.is_empty]
        areas.append(single[0] if len(single) == 1 else MultiPolygon(single))
    return areas
