"""Rings of a fixed number of points: what the stages of a snake start from and are to reach."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from kontur.geometry import ring
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
        return ring.resample_rings(octagons, config.points)
    corners = (np.arange(0, 12, 3)[:, None] + np.arange(4)) % 12  # from an extreme to the next
    quarters = octagons[:, corners].reshape(-1, 4, 2)
    return ring.resample_lines(quarters, config.points // 4).reshape(-1, config.points, 2)


def contour_target(
    points: Float[np.ndarray, "k 2"], extremes: Float[np.ndarray, "4 2"], config: SnakeConfig
) -> Float[np.ndarray, "n 2"]:
    """`points` points around a true ring, the first as near to its top as a finer ring has.

    They are even all around; with four anchors even from each extreme to the next.
    """
    fine = ring.align(ring.resample(points, config.points * OVERSAMPLE), extremes[0])
    if config.anchors == "top":
        return fine[::OVERSAMPLE]
    away = ((fine - extremes[:, None]) ** 2).sum(axis=-1)  # (4, k)
    cuts = np.maximum.accumulate([0, *away[1:].argmin(axis=1), len(fine)])
    closed = np.concatenate([fine, fine[:1]])
    quarters = [closed[None, begin : end + 1] for begin, end in pairwise(cuts.tolist())]
    return np.concatenate([ring.resample_lines(q, config.points // 4)[0] for q in quarters])


def even_contours(
    rings: Sequence[Float[np.ndarray, "_ 2"]], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    """Rings as in training: clockwise from the top, their points evenly spaced."""
    clockwise = [ring.canonical(each.astype(np.float64)) for each in rings]
    contours = [contour_target(each, ring.extremes(each), config) for each in clockwise]
    return np.array(contours, np.float32).reshape(-1, config.points, 2)
