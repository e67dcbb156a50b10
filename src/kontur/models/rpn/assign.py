"""Training targets of region proposals: the sampled anchors and their targets. No torch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.geometry import boxes as rectangles
from kontur.geometry.anchors import BACKGROUND, anchors, match
from kontur.models.rpn.balanced_sampling import balanced_sample
from kontur.models.rpn.config import RpnConfig

COVERED = 0.5  # of a box's area in a region to ignore: from then on it is no background


class AnchorTargets(NamedTuple):
    """The sampled anchors of an image: index in the list of all, class or -1, deltas."""

    anchors: Int[np.ndarray, " s"]
    labels: Int[np.ndarray, " s"]
    deltas: Float[np.ndarray, "s 4"]  # 0 for background


def assign(
    boxes: Float[np.ndarray, "m 4"],
    labels: Int[np.ndarray, " m"],
    ignored: Float[np.ndarray, "k 4"],
    *,
    size: tuple[int, int],
    strides: Sequence[int],
    config: RpnConfig,
    rng: np.random.Generator,
) -> AnchorTargets:
    """The targets of the anchors of an image of `size` (h, w), of any number of objects.

    Anchors in `ignored` boxes are not sampled as background. `rng` draws the sample.
    """
    candidates = anchors(size, strides, sizes=config.sizes, ratios=config.ratios)
    low, high = config.overlaps
    assigned = match(candidates, boxes, low=low, high=high)
    background = np.flatnonzero(assigned == BACKGROUND)
    background = background[~is_covered(candidates[background], ignored)]
    chosen = balanced_sample(
        np.flatnonzero(assigned >= 0), background, count=config.sampled, share=config.share, rng=rng
    )
    objects = assigned[chosen] >= 0
    classes, deltas = np.full(len(chosen), -1), np.zeros((len(chosen), 4))
    classes[objects] = labels[assigned[chosen[objects]]]
    deltas[objects] = rectangles.deltas(
        candidates[chosen[objects]], boxes[assigned[chosen[objects]]]
    )
    return AnchorTargets(chosen, classes, deltas.astype(np.float32))


def is_covered(boxes: Float[np.ndarray, "n 4"], ignored: Float[np.ndarray, "k 4"]) -> np.ndarray:
    """Which boxes have more than `COVERED` of their area in one ignored box."""
    enough = COVERED * rectangles.area(boxes)
    covered = np.zeros(len(boxes), bool)
    for region in ignored:  # one by one: all anchors with all regions may be gigabytes
        covered |= rectangles.intersection(boxes, region[None])[:, 0] > enough
    return covered
