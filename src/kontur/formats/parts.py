"""Objects of several shapes: polygons and masks of other programs, joined into one area."""

import logging
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import shapely
from jaxtyping import Float, Shaped
from shapely import MultiPolygon, Polygon

from kontur.formats import outline_repair
from kontur.formats.windows import Window, trace
from kontur.wording import plural

log = logging.getLogger("kontur.formats")

NEARLY = 0.25  # of an object's shorter side, by which a box around it may be off


@runtime_checkable
class HasArea(Protocol):
    """A shape as a reader has it: its unchecked area, None of one that has none."""

    @property
    def area(self) -> Polygon | MultiPolygon | Window | None: ...


Shape = TypeVar("Shape")
ShapeWithArea = TypeVar("ShapeWithArea", bound=HasArea)


def whole_objects(
    shapes: Sequence[ShapeWithArea],
    group_of: Callable[[ShapeWithArea], Hashable | None],
    where: str | Path,
) -> tuple[list[list[ShapeWithArea]], Shaped[np.ndarray, " k"]]:
    """The shapes of each of k objects and the objects' valid polygons, which `where` are read.

    Shapes of one group are one object, and so is each of the group None; what has no area is
    left out, a box around the others of its group too (`without_frames`), which is logged, and so
    is what was repaired (`outline_repair.repaired`). No shapes give no objects.
    """
    every = grouped([shape for shape in shapes if shape.area is not None], group_of)
    objects = [without_frames(parts) if len(parts) > 1 else parts for parts in every]
    frames = sum(map(len, every)) - sum(map(len, objects))
    if frames:
        log.warning(
            "%s: %s around the other shapes of a group: left out",
            *(where, plural(frames, "rectangle")),
        )
    areas = joined([[part.area for part in parts if part.area is not None] for parts in objects])
    polygons, kept = outline_repair.repaired(areas, where)
    return [parts for parts, keep in zip(objects, kept, strict=True) if keep], polygons


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


def without_frames(parts: Sequence[ShapeWithArea]) -> list[ShapeWithArea]:
    """The shapes of one object less any box of them that is the bounds of all, to a pixel.

    Of small objects to a part of their side, for pixels that lie side by side are no frames. Boxes
    alone are all kept. Programs that turn COCO into shapes write the box of an object beside its
    outline.
    """
    bounds = np.array([_bounds(part.area) for part in parts])
    whole = _bounds_of_all(bounds)
    off = min(1.0, NEARLY * float((whole[2:] - whole[:2]).min()))
    frames = (np.abs(bounds - whole) <= off).all(axis=1) & [_is_box(part.area) for part in parts]
    if not frames.any() or frames.all():
        return list(parts)
    if (np.abs(_bounds_of_all(bounds[~frames]) - whole) > off).any():
        return list(parts)
    return [part for part, frame in zip(parts, frames, strict=True) if not frame]


def _bounds_of_all(bounds: Float[np.ndarray, "k 4"]) -> Float[np.ndarray, "4"]:
    return np.concatenate([bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)])


def _bounds(area: Polygon | MultiPolygon | Window | None) -> Float[np.ndarray, "4"]:
    if not isinstance(area, Window):
        return shapely.bounds(area)
    (row, col), (height, width) = area.corner, area.mask.shape
    return np.array([col, row, col + width, row + height], dtype=np.float64)


def _is_box(area: Polygon | MultiPolygon | Window | None) -> bool:
    return isinstance(area, Polygon) and bool(area.equals(shapely.box(*area.bounds)))


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
