"""Overlap of objects, and greedy suppression of those that overlap too much.

`suppress` uses exact areas; `shared_pixels` counts pixels, for the comparison with masks. Neither
tests pairs of objects that are far from each other.
"""

from typing import Literal, NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Int, Num, Shaped

from kontur.geometry.raster import Spans, ramp
from kontur.geometry.suppression import Answers, Places, suppress_greedily

Measure = Literal["iou", "iom"]  # intersection over the union, or over the smaller of the two
# Above it outlines of two classes are one object, and not one inside another.
SAME_OBJECT_IOU = 0.9


class SharedPixels(NamedTuple):
    """The e pairs of objects that share pixels, one of each set, by the first, then the second."""

    first: Int[np.ndarray, " e"]
    second: Int[np.ndarray, " e"]
    area: Int[np.ndarray, " e"]


def shared_pixels(first: Spans, second: Spans, width: int) -> SharedPixels:
    """How many pixels each object of `first` shares with each of `second`; zeros are left out.

    Objects of one set may overlap. Runs of pixels are compared, not pixels: of two that meet one
    begins inside the other, and those that begin inside a run stand together once all are sorted.
    """
    low, high = (side.row * (width + 1) + side.start for side in (first, second))
    low_stop, high_stop = (side.row * (width + 1) + side.stop for side in (first, second))
    by_low, by_high = np.argsort(low, kind="stable"), np.argsort(high, kind="stable")
    i, inside = _begin_within(high[by_high], low, low_stop, "left")
    other, j = _begin_within(low[by_low], high, high_stop, "right")
    i, j = np.append(i, by_low[j]), np.append(by_high[inside], other)
    area = np.minimum(low_stop[i], high_stop[j]) - np.maximum(low[i], high[j])
    columns = int(second.owner.max(initial=0)) + 1
    pair, place = np.unique(first.owner[i] * columns + second.owner[j], return_inverse=True)
    total = np.zeros(len(pair), dtype=np.int64)
    np.add.at(total, place, area)
    return SharedPixels(pair // columns, pair % columns, total)


def _begin_within(
    starts: Int[np.ndarray, " n"],
    low: Int[np.ndarray, " m"],
    high: Int[np.ndarray, " m"],
    side: Literal["left", "right"],
) -> tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    """Pairs of a run [low, high) and a sorted start in it; `left`: one at `low` counts too."""
    first = np.searchsorted(starts, low, side=side)
    count = np.maximum(np.searchsorted(starts, high, side="left") - first, 0)
    return np.repeat(np.arange(len(low)), count), np.repeat(first, count) + ramp(count)


def touching(
    a: Shaped[np.ndarray, " k"], b: Shaped[np.ndarray, " l"]
) -> tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    """The indices (i, j) of all pairs whose bounding boxes touch."""
    i, j = shapely.STRtree(b).query(a)
    return i.astype(np.int64), j.astype(np.int64)


def iou(a: Shaped[np.ndarray, "*#m"], b: Shaped[np.ndarray, "*#m"]) -> Float[np.ndarray, "*m"]:
    """Intersection over union of valid polygons; 0 where both are empty."""
    shared = shapely.area(shapely.intersection(a, b))
    union = shapely.area(a) + shapely.area(b) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def suppress(
    polygons: Shaped[np.ndarray, " m"],
    scores: Num[np.ndarray, " m"],
    threshold: float,
    measure: Measure = "iou",
    *,
    labels: Int[np.ndarray, " m"] | None = None,
) -> Int[np.ndarray, " kept"]:
    """The indices of the polygons that stay, best score first.

    Greedy: from the best score down, a polygon stays unless it overlaps one that stayed by more
    than `threshold`. Equal scores: the earlier wins. Empty polygons never stay. `measure="iom"`
    divides by the smaller area, which also removes fragments inside larger objects.

    With `labels` a polygon of another class may lie on one, a nucleus in its cell, unless both are
    the same by more than `SAME_OBJECT_IOU`: an object has one class, that of its best score.
    """
    order = np.argsort(-np.asarray(scores, dtype=float), kind="stable")
    order = order[~shapely.is_empty(polygons[order])]
    ranked = polygons[order]
    area, box = shapely.area(ranked), shapely.bounds(ranked).reshape(-1, 4)
    classes = None if labels is None else labels[order]

    def is_over(i: Places, j: Places) -> Answers:
        # What the boxes share bounds what the polygons share: most pairs need no exact area.
        over = _bound(box, area, i, j, measure) > _limits(threshold, classes, i, j)
        i, j = i[over], j[over]
        shared = shapely.area(shapely.intersection(ranked[i], ranked[j]))
        over[over] = _ratio(shared, area[i], area[j], measure) > _limits(threshold, classes, i, j)
        return over

    return order[suppress_greedily(ranked, is_over)]


def pairs_over(
    polygons: Shaped[np.ndarray, " m"],
    threshold: float,
    *,
    labels: Int[np.ndarray, " m"] | None = None,
) -> tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    """Pairs i < j whose IoU may be above `threshold`: all that do, and few that do not.

    With `labels`, pairs of which one suppresses the other, see `suppress`.
    """
    i, j = touching(polygons, polygons)
    i, j = i[i < j], j[i < j]
    area, box = shapely.area(polygons), shapely.bounds(polygons).reshape(-1, 4)
    over = _bound(box, area, i, j, "iou") > _limits(threshold, labels, i, j)
    return i[over], j[over]


def _limits(
    threshold: float, labels: Int[np.ndarray, " m"] | None, i: Places, j: Places
) -> float | Float[np.ndarray, " p"]:
    """By how much two polygons may overlap, which depends on whether their classes are equal."""
    if labels is None:
        return threshold
    return np.where(labels[i] == labels[j], threshold, max(threshold, SAME_OBJECT_IOU))


def _bound(
    box: Float[np.ndarray, "m 4"],
    area: Float[np.ndarray, " m"],
    i: Places,
    j: Places,
    measure: Measure,
) -> Float[np.ndarray, " p"]:
    """The most by which polygons with these boxes, which touch, and areas can overlap."""
    sides = np.minimum(box[i, 2:], box[j, 2:]) - np.maximum(box[i, :2], box[j, :2])
    bound = np.minimum(sides[:, 0] * sides[:, 1], np.minimum(area[i], area[j]))
    return _ratio(bound, area[i], area[j], measure)


def _ratio(
    shared: Float[np.ndarray, "*p"],
    a: Float[np.ndarray, "*#p"],
    b: Float[np.ndarray, "*#p"],
    measure: Measure,
) -> Float[np.ndarray, "*p"]:
    whole = np.minimum(a, b) if measure == "iom" else a + b - shared
    whole = np.broadcast_to(whole, shared.shape)
    share = np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
    return np.minimum(share, 1)  # rounding may make the shared area a little too large
