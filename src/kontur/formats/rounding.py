"""Rounding: outlines are written with as many decimals as carry information.

Three decimals are a thousandth of a pixel. Outlines are known a hundred times worse, a coordinate
of single precision has no more from pixel 8,192 on, and the area of an object changes by less than
a two-thousandth of its perimeter. QuPath writes two. Thirteen decimals carry no information and are
most of a file.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Shaped

DECIMALS = 3  # of coordinates, lengths (pixels) and areas (square pixels)
SCORE_DECIMALS = 6  # of scores and probabilities: single precision has seven digits


def rounded(polygons: Shaped[np.ndarray, " k"]) -> Shaped[np.ndarray, " k"]:
    """The outlines with their coordinates rounded, points that coincide then left out.

    An outline that would not be valid any more, or would lose a part or a hole (thinner than a
    thousandth of a pixel), keeps all its digits. Rounding twice changes nothing.

    >>> rounded(np.array([shapely.box(0, 0, 1 / 3, 1), shapely.box(0, 0, 1e-9, 1)]))[0].wkt
    'POLYGON ((0.333 0, 0.333 1, 0 1, 0 0, 0.333 0))'
    """
    if len(polygons) == 0:
        return polygons
    points, owner = shapely.get_coordinates(polygons, return_index=True)
    short = np.round(points, DECIMALS) + 0.0
    changed = np.zeros(len(polygons), dtype=bool)
    changed[owner[(short != points).any(axis=1)]] = True
    whole = polygons.copy()
    polygons = polygons[changed]
    coarse = shapely.set_coordinates(polygons.copy(), short[changed[owner]])
    sound = shapely.is_valid(coarse)  # so no ring has lost its area
    fewer = coarse.copy()
    fewer[sound] = shapely.remove_repeated_points(coarse[sound])  # it takes no ring of one point
    repeated = shapely.get_num_coordinates(fewer) < shapely.get_num_coordinates(coarse)
    coarse = fewer
    if repeated.any():
        sound[repeated] &= _same_rings(coarse[repeated], polygons[repeated])
    whole[changed] = np.where(sound, coarse, polygons)
    return whole


def rounded_score(score: float) -> float:
    """A score or probability as it is written."""
    return round(float(score), SCORE_DECIMALS)


def _same_rings(
    coarse: Shaped[np.ndarray, " k"], polygons: Shaped[np.ndarray, " k"]
) -> Bool[np.ndarray, " k"]:
    """Whether each has as many rings as before, every one with area."""
    area = np.array([_ring_areas(shape) for shape in (coarse, polygons)], dtype=object)
    return np.array(
        [len(a) == len(b) and bool((a > 0).all()) for a, b in zip(*area, strict=True)], dtype=bool
    )


def _ring_areas(polygons: Shaped[np.ndarray, " k"]) -> list[np.ndarray]:
    parts, owner = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    areas = shapely.area(shapely.polygons(rings))
    ends = np.searchsorted(owner[part], np.arange(1, len(polygons)))
    return np.split(areas, ends)
