"""Objects to the targets of region proposals: which anchors teach, and what. No torch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.geometry import boxes as rectangles
from kontur.geometry.anchors import BACKGROUND, anchors, match
from kontur.models.rpn.balance import balanced
from kontur.models.rpn.config import RpnConfig

COVERED = 0.5  # of a box's area in a region to ignore: from then on it is no background


class AnchorTargets(NamedTuple):
    """The sampled anchors of an image: places in the list of all, class or -1, deltas."""

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
    """What the anchors of an image of `size` (h, w) are to say of its objects, also of none.

    Anchors in the boxes of regions to `ignored` are no background. `rng` draws the sample.
    """
    every = anchors(size, strides, sizes=config.sizes, ratios=config.ratios)
    low, high = config.overlaps
    about = match(every, boxes, low=low, high=high)
    background = np.flatnonzero(about == BACKGROUND)
    background = background[~is_covered(every[background], ignored)]
    chosen = balanced(
        np.flatnonzero(about >= 0), background, count=config.sampled, share=config.share, rng=rng
    )
    objects = about[chosen] >= 0
    found, deltas = np.full(len(chosen), -1), np.zeros((len(chosen), 4))
    found[objects] = labels[about[chosen[objects]]]
    deltas[objects] = rectangles.deltas(every[chosen[objects]], boxes[about[chosen[objects]]])
    return AnchorTargets(chosen, found, deltas.astype(np.float32))


def is_covered(boxes: Float[np.ndarray, "n 4"], ignored: Float[np.ndarray, "k 4"]) -> np.ndarray:
    """Which boxes lie by more than `COVERED` in the box of one region to ignore."""
    enough = COVERED * rectangles.area(boxes)
    covered = np.zeros(len(boxes), bool)
    for region in ignored:  # one by one: all anchors with all regions may be gigabytes
        covered |= rectangles.intersection(boxes, region[None])[:, 0] > enough
    return covered
