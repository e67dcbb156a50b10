"""Outlines of other programs: made of points, repaired, or left out, with a notice.

They may cross themselves or have no area. They are repaired or left out, never in silence: a line
of logging (`kontur.formats`) gives their number and the file.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from jaxtyping import Bool, Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats.image_size import LARGEST_SIDE
from kontur.geometry import polygons as areal
from kontur.wording import listed

log = logging.getLogger("kontur.formats")

SIMPLE = 300  # points of an outline that is repaired at once, whatever it crosses
MOST_CROSSINGS = 50_000  # of an outline with itself: a second of repair


def polygon(rings: Any) -> Polygon:
    """A polygon of an outer ring and holes, each of `[x, y, …]` points, open or closed.

    Not checked for validity; empty where the outer ring has fewer than three points, or one is NaN.
    Raises ValueError, TypeError or OverflowError where a file has something else in their place.
    """
    points = [_points(ring) for ring in rings]
    if not points or len(points[0]) < 3 or not all(np.isfinite(ring).all() for ring in points):
        return Polygon()
    return Polygon(points[0], [hole for hole in points[1:] if len(hole) >= 3])


def left_out(
    reasons: Iterable[str | None], where: str | Path, *, what: str = "shapes"
) -> Counter[str]:
    """How many of the shapes have no area and what they are; logged, if there are any.

    A reason is what a shape is instead, such as "a point"; None of one that has an area.
    """
    every = list(reasons)
    without = Counter(reason for reason in every if reason)
    if without:
        log.warning(
            "%s: %d of %d %s have no area (%s): left out",
            *(where, without.total(), len(every), what),
            listed(f"{number} × {kind}" for kind, number in without.items()),
        )
    return without


def repaired(
    shapes: Sequence[Polygon | MultiPolygon | None], where: str | Path
) -> tuple[Shaped[np.ndarray, " k"], Bool[np.ndarray, " n"]]:
    """The valid polygons of the shapes, and which of the shapes these are; logs what it changed.

    None stands for what has no outline. Raises `InputError` for coordinates beyond `LARGEST_SIDE`.
    """
    array = np.empty(len(shapes), dtype=object)
    array[:] = [Polygon() if shape is None else shape for shape in shapes]
    numbers = np.abs(shapely.get_coordinates(array))  # the bounds would leave out holes
    largest = numbers.max(initial=0.0, where=np.isfinite(numbers))
    if largest > LARGEST_SIDE:
        raise InputError(
            f"{where}: an outline has the coordinate {largest:g}, and no image is so large; "
            "coordinates are pixels"
        )
    _check_crossings(array, where)
    polygons, broken = areal.repair_all(array)
    kept = ~shapely.is_empty(polygons) & (shapely.area(polygons) > 0)
    outlined = np.array([shape is not None for shape in shapes], dtype=bool)
    changed, lost = int((broken & kept).sum()), int((outlined & ~kept).sum())
    if changed:
        log.warning("%s: %d of %d outlines crossed themselves: repaired", where, changed, len(kept))
    if lost:
        log.warning("%s: %d of %d objects have no area: left out", where, lost, len(kept))
    return polygons[kept], kept


def _check_crossings(shapes: Shaped[np.ndarray, " n"], where: str | Path) -> None:
    """`InputError` for a ring that crosses itself so often that a repair takes minutes."""
    parts = shapely.get_parts(shapes)
    for part in parts[shapely.get_num_coordinates(parts) > SIMPLE]:
        for ring in shapely.get_rings(part):
            points = shapely.get_coordinates(ring)[:-1]
            if np.isfinite(points).all() and not shapely.is_simple(ring):
                times = areal.crossings(points)
                if times > MOST_CROSSINGS:
                    raise InputError(
                        f"{where}: an outline of {len(points):,} points crosses itself about "
                        f"{times:,.0f} times, which is a scribble; draw it again"
                    )


def _points(ring: Any) -> Shaped[np.ndarray, "n 2"]:
    """Points as (n, 2), heights left out, the last left out where it repeats the first."""
    points = np.asarray(ring, dtype=np.float64)
    if points.size == 0:
        return np.empty((0, 2))
    if points.ndim != 2 or points.shape[1] < 2:
        raise ValueError("wanted points [x, y]")
    points = points[:, :2]
    return points[:-1] if len(points) > 1 and (points[0] == points[-1]).all() else points
