"""How much polygons overlap, and the greedy choice among those that overlap too much.

`polygon_iou` and `suppress` use exact areas; `mask_iou` counts pixels, for judging against masks.
Only pairs whose boxes overlap are looked at.
"""

from typing import Literal

import numpy as np
import shapely
from jaxtyping import Float, Int, Num, Shaped

from kontur.geometry import raster

Measure = Literal["iou", "iom"]  # intersection over the union, or over the smaller of the two


def polygon_iou(
    a: Shaped[np.ndarray, " k"], b: Shaped[np.ndarray, " l"]
) -> Float[np.ndarray, "k l"]:
    """Intersection over union of the areas of each pair of valid polygons; 0 for empty ones."""
    found = np.zeros((len(a), len(b)))
    i, j = touching(a, b)
    shared = shapely.area(shapely.intersection(a[i], b[j]))
    found[i, j] = _ratio(shared, shapely.area(a)[i], shapely.area(b)[j], "iou")
    return found


def mask_iou(
    a: Shaped[np.ndarray, " k"], b: Shaped[np.ndarray, " l"], size: tuple[int, int]
) -> Float[np.ndarray, "k l"]:
    """The same of the pixels of an image of `size` (h, w) whose centres lie inside.

    Objects outside the image, or between pixel centres, have no pixels and IoU 0.
    """
    shared, area_a, area_b = mask_intersection(a, b, size)
    return _ratio(shared, area_a[:, None], area_b[None], "iou")


def mask_intersection(
    a: Shaped[np.ndarray, " k"], b: Shaped[np.ndarray, " l"], size: tuple[int, int]
) -> tuple[Float[np.ndarray, "k l"], Float[np.ndarray, " k"], Float[np.ndarray, " l"]]:
    """The pixels that each pair shares, and those of each object of `a` and of `b`."""
    width = size[1]
    spans_a, spans_b = raster.spans(a, size), raster.spans(b, size)
    pixels_a, pixels_b = raster.pixels(spans_a, width), raster.pixels(spans_b, width)
    owner_a = np.repeat(spans_a.owner, spans_a.stop - spans_a.start)
    owner_b = np.repeat(spans_b.owner, spans_b.stop - spans_b.start)
    order = np.argsort(pixels_b, kind="stable")
    low = np.searchsorted(pixels_b, pixels_a, side="left", sorter=order)
    high = np.searchsorted(pixels_b, pixels_a, side="right", sorter=order)
    count = high - low  # objects of b at each pixel of an object of a
    pair_b = owner_b[order[np.repeat(low, count) + raster.ramp(count)]]
    pairs = np.repeat(owner_a, count) * len(b) + pair_b
    shared = np.bincount(pairs, minlength=len(a) * len(b)).reshape(len(a), len(b))
    area_a = np.bincount(owner_a, minlength=len(a))
    area_b = np.bincount(owner_b, minlength=len(b))
    return shared.astype(float), area_a.astype(float), area_b.astype(float)


def touching(
    a: Shaped[np.ndarray, " k"], b: Shaped[np.ndarray, " l"]
) -> tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    """The places (i, j) of all pairs whose bounding boxes touch."""
    i, j = shapely.STRtree(b).query(a)
    return i.astype(np.int64), j.astype(np.int64)


def suppress(
    polygons: Shaped[np.ndarray, " m"],
    scores: Num[np.ndarray, " m"],
    threshold: float,
    measure: Measure = "iou",
) -> Int[np.ndarray, " kept"]:
    """The places of the polygons that stay, best score first.

    Greedy: from the best score down, a polygon stays unless it overlaps one that stayed by more
    than `threshold`. Equal scores: the earlier wins. Empty polygons never stay. `measure="iom"`
    divides by the smaller area, which also removes fragments inside larger objects.
    """
    order = np.argsort(-np.asarray(scores, dtype=float), kind="stable")
    order = order[~shapely.is_empty(polygons[order])]
    ranked = polygons[order]
    area, box = shapely.area(ranked), shapely.bounds(ranked).reshape(-1, 4)
    i, j = touching(ranked, ranked)
    i, j = i[i < j], j[i < j]  # i has the better score
    # What the boxes share bounds what the polygons share: most neighbours need no exact area.
    sides = np.minimum(box[i, 2:], box[j, 2:]) - np.maximum(box[i, :2], box[j, :2])
    bound = np.minimum(sides[:, 0] * sides[:, 1], np.minimum(area[i], area[j]))
    close = _ratio(bound, area[i], area[j], measure) > threshold
    i, j = i[close], j[close]
    stays = np.zeros(len(order), dtype=bool)
    waiting = np.ones(len(order), dtype=bool)
    while waiting.any():
        # Whoever has no better neighbour that still waits is decided: it stays.
        settled = waiting.copy()
        settled[j] = False
        stays |= settled
        waiting &= ~settled
        ask = settled[i]
        first, second = i[ask], j[ask]
        shared = shapely.area(shapely.intersection(ranked[first], ranked[second]))
        over = _ratio(shared, area[first], area[second], measure) > threshold
        waiting[second[over]] = False
        open_pairs = ~ask & waiting[i] & waiting[j]
        i, j = i[open_pairs], j[open_pairs]
    return order[stays]


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
