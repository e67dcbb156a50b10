"""Counts of matched, excess and missed objects, and the rates computed from them.

The rates are those of StarDist's `matching`. Nothing is divided by zero: an image (or a set) with
no object on either side has no rate (NaN inside, null in JSON, left out of means over images;
StarDist calls it 0). With objects on one side only, every rate is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import reduce

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from kontur.evaluate.comparison import Comparison
from kontur.evaluate.matching import match


@dataclass(frozen=True, eq=False)
class Counts:
    """At each of t IoU thresholds: objects matched (tp), in excess (fp) and missed (fn).

    `iou` is the sum of IoU over the matched pairs.
    """

    tp: Int[np.ndarray, " t"]
    fp: Int[np.ndarray, " t"]
    fn: Int[np.ndarray, " t"]
    iou: Float[np.ndarray, " t"]

    @classmethod
    def none(cls, thresholds: Sequence[float]) -> "Counts":
        """Zero counts, as of an image without objects."""
        zero = np.zeros(len(thresholds), dtype=np.int64)
        return cls(zero, zero, zero, zero.astype(float))

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.iou + other.iou
        )


@dataclass(frozen=True, eq=False)
class Rates:
    """The rates at each of t IoU thresholds, all in [0, 1]; NaN where undefined.

    Attributes:
        ap: tp / (tp + fp + fn), StarDist's `accuracy`, the Data Science Bowl's average precision.
        precision: tp / (tp + fp).
        recall: tp / (tp + fn).
        f1: 2 tp / (2 tp + fp + fn).
        matched_iou: mean IoU of the matched pairs, `mean_matched_score`.
        true_iou: sum of IoU of the matched pairs over all true objects, `mean_true_score`.
        panoptic_quality: sum of IoU over tp + fp / 2 + fn / 2.
    """

    ap: Float[np.ndarray, " t"]
    precision: Float[np.ndarray, " t"]
    recall: Float[np.ndarray, " t"]
    f1: Float[np.ndarray, " t"]
    matched_iou: Float[np.ndarray, " t"]
    true_iou: Float[np.ndarray, " t"]
    panoptic_quality: Float[np.ndarray, " t"]

    @classmethod
    def of(cls, counts: Counts) -> "Rates":
        """The rates of some counts."""
        tp, fp, fn, iou = counts.tp, counts.fp, counts.fn, counts.iou
        exists = tp + fp + fn > 0
        return cls(
            ap=_ratio(tp, tp + fp + fn, exists),
            precision=_ratio(tp, tp + fp, exists),
            recall=_ratio(tp, tp + fn, exists),
            f1=_ratio(2 * tp, 2 * tp + fp + fn, exists),
            matched_iou=_ratio(iou, tp, exists),
            true_iou=_ratio(iou, tp + fn, exists),
            panoptic_quality=_ratio(2 * iou, 2 * tp + fp + fn, exists),
        )

    @classmethod
    def mean(cls, rates: Sequence["Rates"]) -> "Rates":
        """The mean of each rate over the images (or classes) that have it."""
        names = [field.name for field in fields(cls)]
        return cls(**{n: mean_of_known(np.array([getattr(r, n) for r in rates])) for n in names})


def count(comparison: Comparison, thresholds: Sequence[float]) -> tuple[Counts, ...]:
    """The counts of every class; objects match within their class.

    A predicted object that stays unmatched in an ignore region counts as nothing.
    """
    same = comparison.true_labels[comparison.rows] == comparison.predicted_labels[comparison.cols]
    return _count(comparison, same, comparison.true_labels, comparison.predicted_labels, thresholds)


def count_agnostic(comparison: Comparison, thresholds: Sequence[float]) -> Counts:
    """The counts when classes are ignored."""
    all_pairs = np.ones(len(comparison.rows), dtype=bool)
    true_labels = np.zeros_like(comparison.true_labels)
    predicted_labels = np.zeros_like(comparison.predicted_labels)
    return _count(comparison, all_pairs, true_labels, predicted_labels, thresholds)[0]


def _count(
    comparison: Comparison,
    allowed: Bool[np.ndarray, " e"],
    true_labels: Int[np.ndarray, " k"],
    predicted_labels: Int[np.ndarray, " l"],
    thresholds: Sequence[float],
) -> tuple[Counts, ...]:
    rows, cols, iou = (v[allowed] for v in (comparison.rows, comparison.cols, comparison.iou))
    classes = len(comparison.classes)
    shape = classes, len(thresholds)
    tp, fp, iou_sum = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape)
    for t, threshold in enumerate(thresholds):
        pairs = match(rows, cols, iou, threshold)
        excess = ~comparison.excused
        excess[cols[pairs]] = False
        label = true_labels[rows[pairs]]
        tp[:, t] = np.bincount(label, minlength=classes)
        iou_sum[:, t] = np.bincount(label, weights=iou[pairs], minlength=classes)
        fp[:, t] = np.bincount(predicted_labels[excess], minlength=classes)
    fn = np.bincount(true_labels, minlength=classes)[:, None] - tp
    return tuple(Counts(tp[c], fp[c], fn[c], iou_sum[c]) for c in range(classes))


def total(counts: Sequence[Counts], thresholds: Sequence[float]) -> Counts:
    """The sum of counts over classes or images."""
    return reduce(Counts.__add__, counts, Counts.none(thresholds))


def mean_of_known(values: Float[np.ndarray, "n *rest"]) -> Float[np.ndarray, "*rest"]:
    """The mean over the first axis of the values that are not NaN; NaN where none is known."""
    known = np.isfinite(values)
    number = known.sum(axis=0)
    return _ratio(np.where(known, values, 0.0).sum(axis=0), number, number > 0)


def _ratio(
    part: Shaped[np.ndarray, "*s"],
    whole: Shaped[np.ndarray, "*s"],
    exists: Shaped[np.ndarray, "*s"],
) -> Float[np.ndarray, "*s"]:
    """`part / whole`, 0 where the whole is 0, NaN where nothing exists."""
    quotient = np.where(whole > 0, part, 0) / np.where(whole > 0, whole, 1)
    return np.where(exists, quotient, np.nan)
