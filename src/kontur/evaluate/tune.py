"""Tuning a model's score and overlap thresholds on validation images.

The model runs once per image at a low score threshold and without suppression; everything else
happens here on stored overlaps. Suppression is greedy from the best score down, so what stays does
not depend on worse objects: it runs once per overlap threshold, and raising the score threshold
only cuts the list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from kontur.errors import InputError
from kontur.evaluate.comparison import Comparison, compare
from kontur.evaluate.matching import match
from kontur.geometry import overlap
from kontur.instances import Instances

Suppress = Callable[
    [Shaped[np.ndarray, " m"], Float[np.ndarray, " m"], float], Int[np.ndarray, " kept"]
]

SCORES = tuple(round(0.02 * i, 2) for i in range(2, 48))  # 0.04 … 0.94
OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
TUNED_IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)  # AP is averaged over these


@dataclass(frozen=True, eq=False)
class TunedThresholds:
    """The best pair of thresholds.

    Attributes:
        score: objects below it are dropped.
        overlap: of two objects of larger IoU the worse is dropped.
        ap: pooled AP that they give, the mean over `TUNED_IOUS`; NaN if no image has an object.
        grid: the AP of all scores (s) and overlaps (o) of the search.
    """

    score: float
    overlap: float
    ap: float
    grid: Float[np.ndarray, "s o"]


def tune_thresholds(
    truths: Sequence[Instances],
    candidates: Sequence[Instances],
    *,
    scores: Sequence[float] = SCORES,
    overlaps: Sequence[float] = OVERLAPS,
    ious: Sequence[float] = TUNED_IOUS,
    suppress: Suppress = overlap.suppress,
) -> TunedThresholds:
    """Score and overlap thresholds of the largest pooled AP, the mean over `ious`.

    `candidates` are all objects predicted in the images of `truths` at the smallest of `scores`,
    not suppressed. `suppress(polygons, scores, overlap)` gives the indices of those that stay and
    must be greedy by score. Of several equally good pairs the one nearest their middle is taken,
    where it is safest.

    Raises:
        InputError: lists of different lengths, an empty list or grid, candidates without scores.
    """
    if len(truths) != len(candidates) or not len(truths):
        raise InputError(
            "tuning needs the candidates of every validation image, "
            f"got {len(truths)} images and candidates of {len(candidates)}"
        )
    if not (len(scores) and len(overlaps) and len(ious)):
        raise InputError("tuning needs at least one score, one overlap and one IoU to try")
    tp, fp, fn = np.zeros((3, len(scores), len(overlaps), len(ious)), dtype=np.int64)
    for truth, detected in zip(truths, candidates, strict=True):
        predicted = detected[~detected.ignore]
        if np.isnan(predicted.scores).any():
            raise InputError("tuning needs a score for every candidate, got some without")
        predicted = predicted[predicted.scores >= min(scores)]
        comparison = compare(truth, predicted)
        for o, limit in enumerate(overlaps):
            kept = np.zeros(len(predicted), dtype=bool)
            kept[suppress(predicted.polygons, predicted.scores, limit)] = True
            for s, score in enumerate(scores):
                chosen = kept & (predicted.scores >= score)
                for i, iou in enumerate(ious):
                    matched, excess = _outcome(comparison, chosen, iou)
                    tp[s, o, i] += matched
                    fp[s, o, i] += excess
                    fn[s, o, i] += len(comparison.true_labels) - matched
    objects = tp + fp + fn
    ap = (tp / np.maximum(objects, 1)).mean(axis=-1)
    no_objects = (objects == 0).all(axis=-1)  # neither true nor predicted ones
    s, o = _middle_of_best(np.where(no_objects, 1.0, ap))
    grid = np.where(no_objects, np.nan, ap)
    return TunedThresholds(float(scores[s]), float(overlaps[o]), float(grid[s, o]), grid)


def _outcome(comparison: Comparison, chosen: Bool[np.ndarray, " l"], iou: float) -> tuple[int, int]:
    """The numbers of chosen objects that are matched within their class, and that are in excess."""
    rows, cols = comparison.rows, comparison.cols
    pairs = np.flatnonzero(
        chosen[cols] & (comparison.true_labels[rows] == comparison.predicted_labels[cols])
    )
    pairs = pairs[match(rows[pairs], cols[pairs], comparison.iou[pairs], iou)]
    excess = chosen & ~comparison.excused
    excess[cols[pairs]] = False
    return len(pairs), int(excess.sum())


def _middle_of_best(values: Float[np.ndarray, "s o"]) -> tuple[int, int]:
    best = np.argwhere(values >= values.max() - 1e-12)
    away = np.abs(best - best.mean(axis=0)).sum(axis=1)
    s, o = best[away.argmin()]
    return int(s), int(o)
