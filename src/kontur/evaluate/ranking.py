"""COCO's average precision: predicted objects ranked by score, precision read off at 101 recalls.

As pycocotools computes it for masks over all areas, except that the number of objects per image is
not limited (100, its default, is too few for cells). Objects are matched greedily, the highest
score first, each to the unmatched true object of largest IoU; an unmatched one that lies in a crowd
to the threshold's share counts as nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.evaluate.comparison import Comparison

RECALLS = np.linspace(0.0, 1.0, 101)
NEARLY_ONE = 1.0 - 1e-10  # pycocotools' bound: IoU 1 counts as matched at a threshold of 1


@dataclass(frozen=True, eq=False)
class RankedPredictions:
    """The n predicted objects of one class in one image, and how many true ones there are.

    Attributes:
        scores: of the predicted objects, the highest first.
        hit: whether an object is matched, at each of t thresholds.
        skipped: whether it is not counted (unmatched, in a crowd).
        truths: number of true objects.
    """

    scores: Float[np.ndarray, " n"]
    hit: Bool[np.ndarray, "t n"]
    skipped: Bool[np.ndarray, "t n"]
    truths: int


def rank(
    comparison: Comparison, thresholds: Sequence[float]
) -> tuple[RankedPredictions, ...] | None:
    """The ranked objects of every class; None where a predicted object has no score."""
    if np.isnan(comparison.scores).any():
        return None
    order = np.argsort(-comparison.scores, kind="stable")
    rank_of = np.empty_like(order)
    rank_of[order] = np.arange(len(order))
    same = comparison.true_labels[comparison.rows] == comparison.predicted_labels[comparison.cols]
    rows, iou = comparison.rows[same], comparison.iou[same]
    ranks = rank_of[comparison.cols[same]]
    levels = np.minimum(np.array(thresholds), NEARLY_ONE)
    hit = np.zeros((len(levels), len(order)), dtype=bool)
    for t, level in enumerate(levels):
        hit[t, _greedy(rows, ranks, iou, level)] = True
    skipped = ~hit & (comparison.crowded[order] >= levels[:, None])
    labels = comparison.predicted_labels[order]
    truths = np.bincount(comparison.true_labels, minlength=len(comparison.classes))
    return tuple(
        RankedPredictions(
            comparison.scores[order][labels == c],
            hit[:, labels == c],
            skipped[:, labels == c],
            int(truths[c]),
        )
        for c in range(len(comparison.classes))
    )


def average_precision(images: Sequence[RankedPredictions]) -> Float[np.ndarray, " t"]:
    """The average precision of one class over images at each threshold; NaN without true objects.

    Equal scores keep the order of the images.
    """
    truths = sum(image.truths for image in images)
    scores = np.concatenate([image.scores for image in images])
    order = np.argsort(-scores, kind="stable")
    hits = np.concatenate([image.hit for image in images], axis=1)[:, order]
    skipped = np.concatenate([image.skipped for image in images], axis=1)[:, order]
    if not truths:
        return np.full(len(hits), np.nan)
    return np.array(
        [_area(hit[~skip], truths) for hit, skip in zip(hits, skipped, strict=True)], dtype=float
    )


def _area(hit: Bool[np.ndarray, " n"], truths: int) -> float:
    """Mean over the recalls of the best precision at that recall or beyond, 0 if never reached."""
    matched = np.cumsum(hit)
    precision = matched / np.arange(1, len(hit) + 1)
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return float(best[np.searchsorted(matched / truths, RECALLS, side="left")].mean())


def _greedy(
    rows: Int[np.ndarray, " e"],
    ranks: Int[np.ndarray, " e"],
    iou: Float[np.ndarray, " e"],
    level: float,
) -> list[int]:
    """The ranks that are matched, each to the unmatched true object of largest IoU."""
    pairs = np.flatnonzero(iou >= level)
    pairs = pairs[np.lexsort((-iou[pairs], ranks[pairs]))]
    used: set[int] = set()
    matched: dict[int, int] = {}
    for row, rank_ in zip(rows[pairs].tolist(), ranks[pairs].tolist(), strict=True):
        if rank_ not in matched and row not in used:
            matched[rank_] = row
            used.add(row)
    return list(matched)
