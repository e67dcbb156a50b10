"""Tuning a model's score and overlap thresholds on validation images.

The model runs once per image at a low score threshold and without suppression; everything else
happens here on stored overlaps. Suppression is greedy from the best score down, so what stays does
not depend on worse objects: it runs once per overlap threshold, and raising the score threshold
only cuts the list.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.errors import InputError
from kontur.evaluate.comparison import Comparison, compare
from kontur.evaluate.matching import match
from kontur.geometry import overlap
from kontur.instances import Instances

SCORES = tuple(round(0.02 * i, 2) for i in range(2, 48))  # 0.04 … 0.94
OVERLAPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
MOST_BY_CHANCE = 0.2  # of the best AP: what chance may count where there are few objects
TUNED_IOUS = (0.5, 0.6, 0.7, 0.8, 0.9)  # AP is averaged over these


@dataclass(frozen=True, eq=False)
class TunedThresholds:
    """A pair of thresholds, as good as the best for all we know.

    Attributes:
        score: objects below it are dropped.
        overlap: of two objects of larger IoU the worse is dropped.
        ap: pooled AP that they give, the mean over `TUNED_IOUS`, which is about the best of `grid`;
            NaN if no image has an object.
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
    usual: tuple[float, float] | None = None,
) -> TunedThresholds:
    """Score and overlap thresholds of the largest pooled AP, the mean over `ious`.

    `candidates` are all objects predicted in the images of `truths` at the smallest of `scores`,
    not suppressed.

    A pair that is worse than the best by no more than chance is no worse for all we know: by one
    object, or by about one standard error of a difference, the root of how many objects more or
    less are found and found wrongly, and little at any rate (`MOST_BY_CHANCE`). Of these the one
    nearest the `usual` pair is taken, to which such models come when there are many images, or
    nearest their middle where none is known. Of few images it is better on others than the very
    best, of many it is the same (`benchmarks/few_to_tune.py`).

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
    counts = np.zeros((3, len(scores), len(overlaps), len(ious)), dtype=np.int64)
    for truth, detected in zip(truths, candidates, strict=True):
        counts += count(truth, detected, scores, overlaps, ious)
    return best_thresholds(counts, scores, overlaps, usual)


def count(
    truth: Instances,
    candidates: Instances,
    scores: Sequence[float] = SCORES,
    overlaps: Sequence[float] = OVERLAPS,
    ious: Sequence[float] = TUNED_IOUS,
) -> Int[np.ndarray, "3 s o i"]:
    """Objects of one image that are found, found wrongly and missed, by thresholds and IoU."""
    predicted = candidates[~candidates.ignore]
    if np.isnan(predicted.scores).any():
        raise InputError("tuning needs a score for every candidate, got some without")
    predicted = predicted[predicted.scores >= min(scores)]
    comparison = compare(truth, predicted)
    counts = np.zeros((3, len(scores), len(overlaps), len(ious)), dtype=np.int64)
    outcomes: dict[bytes, list[tuple[int, int]]] = {}
    for o, limit in enumerate(overlaps):
        kept = np.zeros(len(predicted), dtype=bool)
        columns = predicted.polygons, predicted.scores
        kept[overlap.suppress(*columns, limit, labels=predicted.labels)] = True
        for s, score in enumerate(scores):
            chosen = kept & (predicted.scores >= score)
            key = chosen.tobytes()
            if key not in outcomes:  # many thresholds choose the same
                outcomes[key] = [_outcome(comparison, chosen, iou) for iou in ious]
            counts[:2, s, o] = np.transpose(outcomes[key])
    counts[2] = len(comparison.true_labels) - counts[0]
    return counts


def best_thresholds(
    counts: Int[np.ndarray, "3 s o i"],
    scores: Sequence[float] = SCORES,
    overlaps: Sequence[float] = OVERLAPS,
    usual: tuple[float, float] | None = None,
) -> TunedThresholds:
    """The thresholds that the summed counts of several images ask for, see `tune_thresholds`."""
    objects = counts.sum(axis=0)
    ap = (counts[0] / np.maximum(objects, 1)).mean(axis=-1)
    no_objects = (objects == 0).all(axis=-1)  # neither true nor predicted ones
    pairs = _no_worse_than_best(np.where(no_objects, 1.0, ap), counts.mean(axis=-1))
    if usual is None:
        aim = pairs.mean(axis=0)
    else:
        aim = np.array([np.searchsorted(scores, usual[0]), np.searchsorted(overlaps, usual[1])])
    s, o = pairs[np.abs(pairs - aim).sum(axis=1).argmin()]
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


def _no_worse_than_best(
    values: Float[np.ndarray, "s o"], counts: Float[np.ndarray, "3 s o"]
) -> Int[np.ndarray, "k 2"]:
    """The pairs that chance may have made worse than the best."""
    best = counts.reshape(3, -1)[:, values.argmax()]
    found, wrong, _ = np.abs(counts - best[:, None, None])
    chance = np.maximum(np.sqrt(found + wrong), 1) / max(best.sum(), 1)
    allowed = np.minimum(chance, MOST_BY_CHANCE * values.max())
    return np.argwhere(values >= values.max() - allowed - 1e-12)
