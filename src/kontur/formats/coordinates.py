"""Coordinates: the rings of many outlines as arrays or lists of points, all in one pass.

A call of shapely for every ring of a hundred thousand outlines is most of the time of writing them.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Int64, Shaped


class Rings(NamedTuple):
    """All rings of k outlines, outer ones before their holes, part by part.

    `points` are those of every ring, closed; ring j has `points[starts[j]:starts[j + 1]]` and is of
    the part `part[j]`, and that of the outline `outline[part]`. No outlines have no rings.
    """

    points: Float[np.ndarray, "n 2"]
    starts: Int64[np.ndarray, " m1"]
    part: Int64[np.ndarray, " m"]
    outline: Int64[np.ndarray, " p"]


def rings_of(polygons: Shaped[np.ndarray, " k"]) -> Rings:
    """The rings of polygons and multipolygons, as they run."""
    parts, outline = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.searchsorted(ring, np.arange(len(rings) + 1))
    return Rings(points, starts, part.astype(np.int64), outline.astype(np.int64))


def nested(polygons: Shaped[np.ndarray, " k"]) -> list[list[list[list[list[float]]]]]:
    """For every outline its parts, each a list of closed rings of points `[x, y]`.

    >>> nested(np.array([shapely.Polygon([(0, 0), (2, 0), (2, 1)])]))
    [[[[[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 0.0]]]]]
    """
    rings = rings_of(polygons)
    points, starts = rings.points.tolist(), rings.starts.tolist()
    parts: list[list[list[list[float]]]] = [[] for _ in rings.outline]
    for j, part in enumerate(rings.part.tolist()):
        parts[part].append(points[starts[j] : starts[j + 1]])
    outlines: list[list[list[list[list[float]]]]] = [[] for _ in polygons]
    for of_part, outline in zip(parts, rings.outline.tolist(), strict=True):
        outlines[outline].append(of_part)
    return outlines
