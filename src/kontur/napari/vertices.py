"""Vertices: the outline of an object as the vertices of one polygon of napari, and back.

napari counts (row, column) from the centre of the first pixel, we (x, y) from its corner. Its
polygon is one closed line, filled by even-odd; what it runs along twice is not drawn. So an outline
with holes and parts is one line: ring after ring, each entered and left by the same edge from the
first point of all. Read back, a line is what it encloses by even-odd, which is what is seen.
"""

from functools import reduce

import numpy as np
import shapely
from jaxtyping import Float
from shapely import MultiPolygon, Polygon

from kontur.geometry.polygons import repair, rings_of

CENTRE = 0.5  # pixels, from the corner of a pixel to its centre


def vertices_of(polygon: Polygon | MultiPolygon) -> Float[np.ndarray, "n 2"]:
    """The line of an outline: (row, column), not closed where it is a single ring."""
    first, *others = [ring[:-1] for part in rings_of(polygon) for ring in part]
    start = first[:1]
    pieces = [first]
    if others:
        pieces.append(start)
    for other in others:
        pieces += [other, other[:1], start]
    return np.concatenate(pieces)[:, ::-1] - CENTRE


def polygon_of(vertices: Float[np.ndarray, "n 2"]) -> Polygon | MultiPolygon:
    """What a line encloses by even-odd, valid; empty where that has no area."""
    points = np.asarray(vertices, float)[:, ::-1] + CENTRE
    loops = [repair(loop) for loop in _loops(points)]
    if len(loops) == 1:
        return loops[0]
    return repair(reduce(shapely.symmetric_difference, loops, Polygon()))


def with_joints(
    vertices: Float[np.ndarray, "n 2"], before: Float[np.ndarray, "n 2"]
) -> Float[np.ndarray, "n 2"]:
    """An edited line whose rings are joined again as `before` it was edited.

    A point where rings are joined is there several times, and a hand moves one of them: all follow.
    """
    _, point = np.unique(before, axis=0, return_inverse=True)
    point = point.ravel()
    joints = np.flatnonzero(np.bincount(point) > 1)
    joined = np.array(vertices, float)
    for joint in joints:
        copies = np.flatnonzero(point == joint)
        moved = np.abs(vertices[copies] - before[copies]).max(axis=1)
        joined[copies] = vertices[copies[np.argmax(moved)]]
    return joined


def _loops(points: Float[np.ndarray, "n 2"]) -> list[Float[np.ndarray, "_ 2"]]:
    """Closed pieces of a line that touches itself in its own points, none of which repeats one.

    The line is their sum: by even-odd they enclose what it does. What goes to a point and back
    encloses nothing and is left out.
    """
    loops: list[Float[np.ndarray, "_ 2"]] = []
    path: list[tuple[float, float]] = []
    place: dict[tuple[float, float], int] = {}
    for point in map(tuple, points.tolist()):
        if point in place:
            start = place[point]
            loops.append(np.array(path[start:]))
            for left in path[start + 1 :]:
                del place[left]
            del path[start + 1 :]
        else:
            place[point] = len(path)
            path.append(point)
    loops.append(np.array(path).reshape(-1, 2))
    return [loop for loop in loops if len(loop) > 2]
