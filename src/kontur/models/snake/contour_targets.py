"""What the stages of a snake are to reach: a fixed number of points on every true ring."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from kontur.geometry import ragged_rings
from kontur.geometry.ragged_rings import RaggedRings, resample, resample_lines
from kontur.geometry.raster import ramp
from kontur.models.snake.config import SnakeConfig

OVERSAMPLE = 8  # the truth is sampled this much finer, shifted, and thinned: published as 128


def contour_targets(
    rings: RaggedRings, extremes: Float[np.ndarray, "m 4 2"], config: SnakeConfig
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
    quarters = RaggedRings(
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
    clockwise = ragged_rings.canonical(RaggedRings.of([each.astype(np.float64) for each in rings]))
    return contour_targets(clockwise, ragged_rings.extremes(clockwise), config).astype(np.float32)
