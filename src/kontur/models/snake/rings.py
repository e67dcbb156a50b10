"""Rings of a fixed number of points: what the stages of a snake start from and are to reach."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from kontur.geometry import ring
from kontur.geometry import rings as many
from kontur.geometry.raster import ramp
from kontur.geometry.rings import Rings, resample, resample_lines
from kontur.models.snake.config import DIAMOND_POINTS, SnakeConfig

OVERSAMPLE = 8  # the truth is sampled this much finer, shifted, and thinned: published as 128


def start_diamonds(boxes: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, "m 40 2"]:
    """Where the extreme stage starts: each box's diamond, ten points an edge."""
    return ring.subdivide(ring.diamond(boxes), DIAMOND_POINTS // 4)


def start_octagons(
    extremes: Float[np.ndarray, "m 4 2"], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    """Where the contour stages start: `points` points around each octagon, from its top extreme.

    With four anchors as many from each extreme to the next.
    """
    octagons = ring.octagon(extremes, config.reach)
    if config.anchors == "top":
        return resample(Rings.equal(octagons), config.points).points.reshape(-1, config.points, 2)
    corners = (np.arange(0, 12, 3)[:, None] + np.arange(4)) % 12  # from an extreme to the next
    quarters = Rings.equal(octagons[:, corners].reshape(-1, 4, 2))
    return resample_lines(quarters, config.points // 4).points.reshape(-1, config.points, 2)


def contour_targets(
    rings: Rings, extremes: Float[np.ndarray, "m 4 2"], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    """`points` points around each true ring, the first as near to its top as a finer ring has.

    They are even all around; with four anchors even from each extreme to the next.
    """
    count = config.points * OVERSAMPLE
    fine = resample(rings, count).points.reshape(-1, count, 2)
    turn = _nearest(fine, extremes[:, 0])
    around = (turn[:, None] + np.arange(count)) % count
    fine = np.take_along_axis(fine, around[..., None], axis=1)
    if config.anchors == "top":
        return fine[:, ::OVERSAMPLE]
    anchors = [_nearest(fine, extremes[:, side]) for side in (1, 2, 3)]
    cuts = np.stack([np.zeros_like(turn), *anchors, np.full_like(turn, count)], axis=1)
    cuts = np.maximum.accumulate(cuts, axis=1)  # (m, 5)
    counts = (np.diff(cuts) + 1).ravel()
    ring = np.repeat(np.arange(len(rings)), 4)
    quarters = Rings(
        fine[np.repeat(ring, counts), (np.repeat(cuts[:, :-1], counts) + ramp(counts)) % count],
        counts,
    )
    return resample_lines(quarters, config.points // 4).points.reshape(-1, config.points, 2)


def _nearest(
    rings: Float[np.ndarray, "m k 2"], places: Float[np.ndarray, "m 2"]
) -> Int[np.ndarray, " m"]:
    """The point of each ring that is nearest to its place, the first of equals."""
    return ((rings - places[:, None]) ** 2).sum(axis=-1).argmin(axis=1)


def even_contours(
    rings: Sequence[Float[np.ndarray, "_ 2"]], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    """Rings as in training: clockwise from the top, their points evenly spaced."""
    clockwise = many.canonical(Rings.of([each.astype(np.float64) for each in rings]))
    return contour_targets(clockwise, many.extremes(clockwise), config).astype(np.float32)
