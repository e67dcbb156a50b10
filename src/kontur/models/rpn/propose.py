"""Proposals from the scores and deltas of anchors. No torch: prediction and training use it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from kontur.geometry import boxes as rectangles
from kontur.geometry.anchors import anchors
from kontur.models.candidates import Boxes, concatenate
from kontur.models.rpn.config import RpnConfig

AREA = 256 * 256  # pixels for which the limits of the config stand; a larger image has more


def propose(
    scores: Float[np.ndarray, "b a k"],
    deltas: Float[np.ndarray, "b a 4"],
    *,
    size: tuple[int, int],
    sizes: Sequence[tuple[int, int]],
    strides: Sequence[int],
    config: RpnConfig,
    lowest: float,
) -> Boxes:
    """The anchors of a batch of `size` (h, w), moved and clipped to the images' own `sizes`.

    Anchors with a score below `lowest` or NaN are dropped; the best of each level and class are
    moved and suppressed by overlap. Any number may result, also none.
    """
    fixed = anchors(size, strides, sizes=config.sizes, ratios=config.ratios)
    counts = [size[0] // s * (size[1] // s) * config.shapes for s in strides]
    ends = np.cumsum(counts)
    share = max(1.0, size[0] * size[1] / AREA)
    proposals: list[Boxes] = []
    for image, own in enumerate(sizes):
        parts: list[np.ndarray] = []
        for end, count in zip(ends, counts, strict=True):
            level = scores[image, end - count : end]
            good = np.flatnonzero(level >= lowest)
            best = np.argsort(-level.ravel()[good], kind="stable")
            parts.append(
                good[best[: int(config.candidates * share)]] + (end - count) * scores.shape[2]
            )
        indices, labels = np.divmod(np.concatenate(parts), scores.shape[2])
        chosen_scores = scores[image, indices, labels].astype(float)
        moved = rectangles.apply_deltas(fixed[indices], deltas[image, indices].astype(float))
        moved = rectangles.clip(np.nan_to_num(moved, nan=0.0), own)
        solid = np.flatnonzero(rectangles.area(moved) > 0)
        kept = rectangles.suppress(
            moved[solid], chosen_scores[solid], config.overlap, labels[solid]
        )
        kept = solid[kept[: int(config.kept * share)]]
        index = np.full(len(kept), image)
        proposals.append(Boxes(moved[kept], chosen_scores[kept], labels[kept], index))
    return concatenate(proposals)
