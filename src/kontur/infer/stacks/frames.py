"""What a film shows at one time, and which of its objects are those of another time.

In a stack of several depths what overlaps from depth to depth is one object: its area is the sum
over all of them, its centre that of its volume, and what two objects share is summed over the
depths of both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int

from kontur.evaluate.matching import assign, match
from kontur.geometry.overlap import iou, touching
from kontur.infer.stacks.displacement import ALIKE, alike, diameters, near
from kontur.instances import Instances

LEAST_IOU = 0.25  # of an object in one plane with itself in the next
# How far from where it is looked for an object may be, in its diameters: so many times as far as
# those that overlap typically are, from the least to the most.
USUAL, NEAREST, FARTHEST = 6.0, 0.3, 1.25

Pairs = tuple[Int[np.ndarray, " m"], Int[np.ndarray, " m"]]


@dataclass(frozen=True)
class Frame:
    """The k objects of one time: class, area and centre in pixels, and where their outlines are.

    `pages` has for each depth the number of the plane and, of each of its outlines, the object.
    """

    pages: Mapping[int, tuple[int, Int[np.ndarray, " _"]]]
    labels: Int[np.ndarray, " k"]
    areas: Float[np.ndarray, " k"]
    centres: Float[np.ndarray, "k 2"]

    @classmethod
    def of(cls, planes: Sequence[Instances], depths: Mapping[int, int]) -> "Frame":
        """The objects on the planes of these numbers, one at each depth."""
        pages: dict[int, tuple[int, np.ndarray]] = {}
        labels, areas, moments = [], [], []
        count, above = 0, None
        for z in sorted(depths):
            plane = planes[depths[z]]
            objects = np.full(len(plane), -1)
            if above is not None and z - 1 in pages:
                i, j = overlapping(above, plane)
                objects[j] = pages[z - 1][1][i]
            new = np.flatnonzero(objects < 0)
            objects[new] = count + np.arange(len(new))
            count += len(new)
            pages[z], above = (depths[z], objects), plane
            labels.append(plane.labels[new])
            areas.append(plane.areas)
            centres = shapely.centroid(plane.polygons)
            points = np.stack([shapely.get_x(centres), shapely.get_y(centres)], axis=1)
            moments.append(points * plane.areas[:, None])
        owner = np.concatenate([objects for _, objects in pages.values()])
        area, *moment = (
            np.bincount(owner, values, count).astype(float)  # of nothing it counts whole numbers
            for values in (np.concatenate(areas), *np.concatenate(moments).T)
        )
        return cls(pages, np.concatenate(labels), area, np.stack(moment, axis=1) / area[:, None])

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.labels)


def overlapping(one: Instances, other: Instances) -> Pairs:
    """Which objects of two planes are one by their overlap; only those of one class."""
    i, j = touching(one.polygons, other.polygons)
    kept = one.labels[i] == other.labels[j]
    i, j = i[kept], j[kept]
    kept = match(i, j, iou(one.polygons[i], other.polygons[j]), LEAST_IOU)
    return i[kept], j[kept]


def same(
    planes: Sequence[Instances],
    before: Frame,
    after: Frame,
    steps: Float[np.ndarray, "k 2"],
    open_before: Bool[np.ndarray, " k"],
    open_after: Bool[np.ndarray, " l"],
) -> Pairs:
    """Which objects of two times are one, of those that are open; only those of one class.

    `steps` leads from each object of `before` to where it is looked for. Those that overlap there
    are one, as many as possible; then, of the rest, those whose centres lie within a diameter and
    of which neither is more than twice as large, the nearest first.
    """
    i, j = _overlapping_moved(planes, before, after, steps, open_before, open_after)
    open_before, open_after = open_before.copy(), open_after.copy()
    open_before[i] = open_after[j] = False
    left, right = np.flatnonzero(open_before), np.flatnonzero(open_after)
    if not len(left) or not len(right):
        return i, j
    reach = FARTHEST
    if len(i):
        off = np.hypot(*(before.centres[i] + steps[i] - after.centres[j]).T)
        usual = float(np.median(off / diameters(after.areas[j])))
        reach = min(max(USUAL * usual, NEAREST), FARTHEST)
    expected = before.centres[left] + steps[left]
    widest = diameters((1 + ALIKE) / 2 * before.areas[left])  # as large as two can be together
    a, b = near(expected, after.centres[right], reach * widest)
    distance = np.hypot(*(expected[a] - after.centres[right[b]]).T)
    a, b = left[a], right[b]
    farthest = reach * diameters((before.areas[a] + after.areas[b]) / 2)
    kept = (distance < farthest) & (before.labels[a] == after.labels[b])
    kept &= alike(before.areas[a], after.areas[b])
    a, b, nearness = a[kept], b[kept], 1 - distance[kept] / farthest[kept]
    chosen = assign(a, b, nearness)
    return np.append(i, a[chosen]), np.append(j, b[chosen])


def _overlapping_moved(
    planes: Sequence[Instances],
    before: Frame,
    after: Frame,
    steps: Float[np.ndarray, "k 2"],
    open_before: Bool[np.ndarray, " k"],
    open_after: Bool[np.ndarray, " l"],
) -> Pairs:
    """Those whose outlines overlap where they are looked for, on all depths together."""
    shared = []
    for z in before.pages.keys() & after.pages.keys():
        (one, left), (other, right) = before.pages[z], after.pages[z]
        open_left, open_right = np.flatnonzero(open_before[left]), np.flatnonzero(open_after[right])
        if not len(open_left) or not len(open_right):
            continue
        outlines = _moved(planes[one].polygons[open_left], steps[left[open_left]])
        targets = planes[other].polygons[open_right]
        i, j = touching(outlines, targets)
        area = shapely.area(shapely.intersection(outlines[i], targets[j]))
        shared.append((left[open_left[i]], right[open_right[j]], area))
    if not shared:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    a, b, area = (np.concatenate(part) for part in zip(*shared, strict=True))
    pairs, place = np.unique(a * len(after) + b, return_inverse=True)
    common = np.bincount(place, area, len(pairs))
    i, j = pairs // len(after), pairs % len(after)
    union = before.areas[i] + after.areas[j] - common
    ious = np.divide(common, union, out=np.zeros(len(pairs)), where=union > 0)
    ious[before.labels[i] != after.labels[j]] = 0
    kept = match(i, j, ious, LEAST_IOU)
    return i[kept], j[kept]


def _moved(outlines: np.ndarray, steps: Float[np.ndarray, "m 2"]) -> np.ndarray:
    """Each outline elsewhere."""
    points, owner = shapely.get_coordinates(outlines, return_index=True)
    return shapely.set_coordinates(outlines.copy(), points + steps[owner])
