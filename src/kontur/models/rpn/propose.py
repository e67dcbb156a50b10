"""Proposals from the scores and deltas of anchors. No torch: prediction and training use it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.geometry import boxes as rectangles
from kontur.geometry.anchors import anchors
from kontur.models.candidates import Boxes, concatenate
from kontur.models.rpn.config import RpnConfig

BLOCK = 256  # pixels: the side of the squares of the image for each of which the limits stand


def propose(
    scores: Float[np.ndarray, "b a k"],
    deltas: Float[np.ndarray, "b a 4"],
    *,
    size: tuple[int, int],
    sizes: Sequence[tuple[int, int]],
    strides: Sequence[int],
    config: RpnConfig,
    lowest: float,
    corner: tuple[int, int] = (0, 0),
) -> Boxes:
    """The anchors of a batch of `size` (h, w), moved and clipped to the images' own `sizes`.

    Anchors with a score below `lowest` or NaN are dropped; the best of each level are moved and
    suppressed by overlap, class by class. Limits are those of each `BLOCK` of the image, so that
    what is proposed in one place does not depend on how many objects are elsewhere; the blocks
    are counted from a `corner` (x, y). Any number may result, also none.
    """
    fixed = anchors(size, strides, sizes=config.sizes, ratios=config.ratios)
    counts = [size[0] // s * (size[1] // s) * config.shapes for s in strides]
    ends = np.cumsum(counts)
    blocks = _blocks(size, strides, config.shapes, corner)
    proposals: list[Boxes] = []
    for image, own in enumerate(sizes):
        parts: list[np.ndarray] = []
        for end, count in zip(ends, counts, strict=True):
            level = scores[image, end - count : end]
            good = np.flatnonzero(level >= lowest)
            best = good[np.argsort(-level.ravel()[good], kind="stable")]
            best += (end - count) * scores.shape[2]
            parts.append(best[_first(blocks[best // scores.shape[2]], config.candidates)])
        indices, labels = np.divmod(np.concatenate(parts), scores.shape[2])
        chosen_scores = scores[image, indices, labels].astype(float)
        moved = rectangles.apply_deltas(fixed[indices], deltas[image, indices].astype(float))
        moved = rectangles.clip(np.nan_to_num(moved, nan=0.0), own)
        solid = np.flatnonzero(rectangles.area(moved) > 0)
        kept = rectangles.suppress(
            moved[solid], chosen_scores[solid], config.overlap, labels[solid]
        )
        kept = solid[kept]
        kept = kept[_first(blocks[indices[kept]], config.kept)]
        index = np.full(len(kept), image)
        proposals.append(Boxes(moved[kept], chosen_scores[kept], labels[kept], index))
    return concatenate(proposals)


def _blocks(
    size: tuple[int, int], strides: Sequence[int], shapes: int, corner: tuple[int, int]
) -> Int[np.ndarray, " a"]:
    """The number of the block of the image in which the cell of each anchor lies."""
    left, top = (place % -BLOCK for place in corner)  # of the first block, 0 or before the image
    across = -(-(size[1] - left) // BLOCK)
    numbers = []
    for stride in strides:
        rows, columns = (
            (np.arange(side // stride) * stride - first) // BLOCK
            for side, first in zip(size, (top, left), strict=True)
        )
        numbers.append(np.repeat(rows[:, None] * across + columns, shapes))
    return np.concatenate(numbers)


def _first(groups: Int[np.ndarray, " n"], most: int) -> Bool[np.ndarray, " n"]:
    """Which elements are among the first `most` of their group."""
    order = np.argsort(groups, kind="stable")
    sorted_groups = groups[order]
    place = np.arange(len(groups)) - np.searchsorted(sorted_groups, sorted_groups)
    among = np.zeros(len(groups), bool)
    among[order] = place < most
    return among
