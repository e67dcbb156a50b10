"""Linking: the objects of a film or a z-stack become tracks by their overlap from plane to plane.

Two objects of consecutive planes are one where they are matched by IoU, each with at most one
(`evaluate.matching`): as many pairs as possible, then the largest sum. In a stack of depths and
times both are linked. An object that divides or vanishes ends its track.
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

    Each plane's `Instances.plane` says where it lies; those that say nothing follow one another.
    Two planes are looked at at a time, so that they need not all be held.
    """
    facts = [(len(plane), plane.plane) for plane in planes]
    first = np.cumsum([0, *(count for count, _ in facts)])
    root = np.arange(first[-1])
    for one, other in _consecutive([place for _, place in facts]):
        i, j = _same(planes[one], planes[other], least)
        for a, b in zip((first[one] + i).tolist(), (first[other] + j).tolist(), strict=True):
            low, high = sorted((_find(root, a), _find(root, b)))
            root[high] = low
    roots = np.array([_find(root, i) for i in range(len(root))], np.int64)
    _, appeared, group = np.unique(roots, return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(appeared)) + 1
    tracks = number[group] if len(group) else np.zeros(0, np.int64)
    return np.split(tracks, first[1:-1])


def _consecutive(places: Sequence[Plane | None]) -> Iterator[tuple[int, int]]:
    """Pairs of planes that follow one another in depth or in time."""
    at = {(place.z, place.t): i for i, place in enumerate(places) if place is not None}
    if None in places:
        yield from ((i, i + 1) for i in range(len(places) - 1))
        return
    for (z, t), i in at.items():
        for following in ((z + 1, t), (z, t + 1)):
            if following in at:
                yield i, at[following]


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
