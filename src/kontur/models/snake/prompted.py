"""Starts in training such as a hand gives: extremes that are off, and rough polygons.

The octagon of a detector's own extremes is close; the contour stages that have seen nothing else
keep to where they start. What a session is given takes the same way as these (`contours`).
"""

import numpy as np
from jaxtyping import Float

from kontur.geometry import ring
from kontur.geometry.ragged_rings import RaggedRings, canonical
from kontur.geometry.ragged_rings import extremes as extremes_of
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.contour_targets import contour_targets
from kontur.models.snake.start_shapes import start_octagons


def prompted_starts(
    rings: RaggedRings,
    extremes: Float[np.ndarray, "t 4 2"],
    octagons: Float[np.ndarray, "t n 2"],
    contours: Float[np.ndarray, "t n 2"],
    config: SnakeConfig,
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "t n 2"], Float[np.ndarray, "t n 2"]]:
    """The octagons and true contours of t rings, those of a share replaced (`config.prompts`).

    A polygon starts at its own top, which may not be the ring's: the true contour's points are
    paired with it from there on.
    """
    prompts = config.prompts
    starts, targets = octagons.copy(), contours.copy()
    sides = np.ptp(extremes, axis=1, keepdims=True)  # (t, 1, 2)
    drawn = rng.uniform(size=len(rings))
    wide = drawn < prompts.extremes
    off = rng.normal(0, prompts.noise, extremes[wide].shape) * sides[wide]
    starts[wide] = start_octagons(extremes[wide] + off, config)
    outlined = ~wide & (drawn < prompts.extremes + prompts.polygons)
    true = rings.take(outlined)
    polygons = [
        _rough(points, side, config, rng)
        for points, side in zip(true.split(), sides[outlined], strict=True)
    ]
    rough = canonical(RaggedRings.of(polygons))
    own = extremes_of(rough)
    starts[outlined] = contour_targets(rough, own, config)
    targets[outlined] = contour_targets(true, own, config)
    return starts, targets


def _rough(
    points: Float[np.ndarray, "k 2"],
    side: Float[np.ndarray, "1 2"],
    config: SnakeConfig,
    rng: np.random.Generator,
) -> Float[np.ndarray, "c 2"]:
    """Some points of a ring, from anywhere on, each off."""
    fewest, most = config.prompts.corners
    begun = np.roll(points, int(rng.integers(len(points))), axis=0)
    corners = ring.resample(begun, int(rng.integers(fewest, most, endpoint=True)))
    return corners + rng.normal(0, config.prompts.noise, corners.shape) * side
