"""Linking: the objects of a film or a z-stack become tracks by their overlap from plane to plane.

Two objects of consecutive planes are one where they are matched by IoU, each with at most one
(`evaluate.matching`): as many pairs as possible, then the largest sum. In a stack of depths and
times both are linked. What is then left over is looked for one time later, so that a frame on which
an object was missed, or which is missing, ends no track. An object that divides or vanishes does.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Int

from kontur.evaluate.matching import match
from kontur.geometry.overlap import iou, touching
from kontur.instances import Instances
from kontur.instances.plane import Plane

LEAST_IOU = 0.25  # of an object in one plane with itself in the next


def link(planes: Sequence[Instances], least: float = LEAST_IOU) -> list[Int[np.ndarray, " k"]]:
    """The number of the track of every object of every plane, from 1 in the order of the planes.

    Each plane's `Instances.plane` says where it lies; those that say nothing follow one another in
    time. Two planes are looked at at a time, so that they need not all be held.
    """
    facts = [(len(plane), plane.plane) for plane in planes]
    places = _places([place for _, place in facts])
    first = np.cumsum([0, *(count for count, _ in facts)])
    root = np.arange(first[-1])
    ends, begins = np.ones((2, first[-1]), bool)  # what has none in the next, the last time
    for z, t in ((1, 0), (0, 1), (0, 2)):
        for one, other in _pairs(places, z, t):
            last, start = (np.arange(first[plane], first[plane + 1]) for plane in (one, other))
            if t == 2:
                last, start = last[ends[last]], start[begins[start]]
            if not len(last) or not len(start):
                continue
            i, j = _same(planes[one][last - first[one]], planes[other][start - first[other]], least)
            if t:
                ends[last[i]] = begins[start[j]] = False
            for a, b in zip(last[i].tolist(), start[j].tolist(), strict=True):
                low, high = sorted((_find(root, a), _find(root, b)))
                root[high] = low
    roots = np.array([_find(root, i) for i in range(len(root))], np.int64)
    _, appeared, group = np.unique(roots, return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(appeared)) + 1
    tracks = number[group] if len(group) else np.zeros(0, np.int64)
    return np.split(tracks, first[1:-1])


def _places(planes: Sequence[Plane | None]) -> dict[tuple[int, int], int]:
    """The number of the plane at each depth and time."""
    if None in planes:
        return {(0, i): i for i in range(len(planes))}
    return {(place.z, place.t): i for i, place in enumerate(planes) if place is not None}


def _pairs(places: dict[tuple[int, int], int], deep: int, late: int) -> Iterator[tuple[int, int]]:
    """Pairs of planes of which one is so much deeper and later than the other."""
    for (z, t), one in places.items():
        other = places.get((z + deep, t + late))
        if other is not None:
            yield one, other


def _same(one: Instances, other: Instances, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Which objects of two planes are matched; only those of one class."""
    i, j = touching(one.polygons, other.polygons)
    alike = one.labels[i] == other.labels[j]
    i, j = i[alike], j[alike]
    kept = match(i, j, iou(one.polygons[i], other.polygons[j]), least)
    return i[kept], j[kept]


def _find(root: Int[np.ndarray, " n"], i: int) -> int:
    """The smallest object of a group."""
    while root[i] != i:
        root[i] = root[root[i]]
        i = int(root[i])
    return i
