"""Objects as pixels, for formats whose polygons have no holes: the mask of each in its own window.

What is smaller than a pixel loses its holes, lest it be lost.
"""

import itertools

import numpy as np
import shapely
from jaxtyping import Bool, Shaped
from shapely import MultiPolygon, Polygon

from kontur.formats.windows import Window, trace
from kontur.geometry import raster


def as_pixels(
    polygons: Shaped[np.ndarray, " k"],
    masked: Bool[np.ndarray, " k"],
    size: tuple[int, int] | None,
) -> tuple[Shaped[np.ndarray, " k"], dict[int, Window]]:
    """The outlines with the `masked` ones along the edges of their pixels, and the masks of these.

    Without the `size` of the image it is as large as the outlines need.
    """
    polygons = polygons.copy()
    places = np.flatnonzero(masked)
    if len(places) == 0:
        return polygons, {}
    if size is None:
        right, bottom = shapely.bounds(polygons[places])[:, 2:].max(axis=0)
        size = (max(int(np.ceil(bottom)), 1), max(int(np.ceil(right)), 1))
    windows = _painted(polygons[places], size)
    kept: dict[int, Window] = {}
    for i, window, outline in zip(places.tolist(), windows, trace(windows), strict=True):
        if outline.is_empty:
            polygons[i] = without_holes(polygons[i])
        else:
            polygons[i], kept[i] = outline, window
    return polygons, kept


def without_holes(polygon: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """The outline with its holes filled, and parts that lay in them joined."""
    rings = shapely.get_exterior_ring(shapely.get_parts(polygon))
    parts = shapely.polygons(rings)
    filled = MultiPolygon(list(parts)) if len(parts) > 1 else parts[0]
    return filled if filled.is_valid else shapely.union_all(parts)


def have_hole(polygons: Shaped[np.ndarray, " k"]) -> Bool[np.ndarray, " k"]:
    """Which of the outlines have one."""
    parts, owner = shapely.get_parts(polygons, return_index=True)
    holes = shapely.get_num_interior_rings(parts)
    return np.bincount(owner, weights=holes, minlength=len(polygons)) > 0


def _painted(polygons: Shaped[np.ndarray, " k"], size: tuple[int, int]) -> list[Window]:
    """The pixels of each outline that lie inside the image."""
    spans = raster.spans(polygons, size)
    ends = np.searchsorted(spans.owner, np.arange(len(polygons) + 1))
    windows = []
    for first, last in itertools.pairwise(ends):
        row, start, stop = (column[first:last] for column in spans[1:])
        top, left = (int(row[0]), int(start.min())) if len(row) else (0, 0)
        shape = (int(row[-1]) + 1 - top, int(stop.max()) + 1 - left) if len(row) else (0, 1)
        steps = np.zeros(shape, dtype=np.int8)
        steps[row - top, start - left] += 1
        steps[row - top, stop - left] -= 1
        mask = np.cumsum(steps, axis=1, dtype=np.int8)[:, :-1].astype(bool)
        windows.append(Window(mask, (top, left), size))
    return windows
