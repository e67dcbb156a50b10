"""Scores of predicted classes or amounts, over rows that may be counted several times.

Apart from the area under the curve, a score is a function of sums over rows. Kept by group, these
sums give the scores of all resamplings of the groups at once, which `intervals` uses.

`outputs` are a model's predictions: the probability of each class by row, or the amount (k = 1).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

LEAST = 1e-15  # smallest probability, for a finite log loss; scikit-learn's bound for float64


class Score(NamedTuple):
    """The name of a score, whether more of it is better (1) or less (-1), and its meaning."""

    name: str
    sign: int
    meaning: str


OF_CLASSES = {
    "accuracy": Score("accuracy", 1, "the share of objects whose predicted class is the true one"),
    "balanced": Score(
        "balanced accuracy",
        1,
        "the share of correct objects of each class, averaged over the classes, so that a rare "
        "class counts as much as a common one; guessing gives 1 / number of classes",
    ),
    "auc": Score(
        "AUC",
        1,
        "area under the ROC curve: the chance that an object of a class is given a higher "
        "probability for it than an object of another class; 0.5 is guessing, 1 perfect",
    ),
    "log_loss": Score(
        "log loss",
        -1,
        "the mean of −ln(probability predicted for the true class): 0 is certain and correct, and "
        "to be certain and wrong costs most",
    ),
}
OF_AMOUNTS = {
    "r2": Score(
        "R²",
        1,
        "the share of the target's variance that the predictions explain; 1 is perfect, 0 no "
        "better than always predicting the mean",
    ),
    "mae": Score("MAE", -1, "mean absolute error: how far a prediction is off on average"),
    "rmse": Score(
        "RMSE", -1, "root of the mean squared error: as MAE, but large errors count for more"
    ),
}
ALL = OF_CLASSES | OF_AMOUNTS
RANKING = {"classify": "log_loss", "regress": "rmse"}  # of families; uses probabilities, too
HEADLINE = {"classify": "accuracy", "regress": "r2"}  # reported first

Outputs = Float[np.ndarray, "n k"]
Truth = Shaped[np.ndarray, " n"]
Sums = Float[np.ndarray, "r s"]


def row_sums(truth: Truth, outputs: Outputs) -> Float[np.ndarray, "n s"]:
    """The summands of each row from whose sums the scores follow."""
    if outputs.shape[1] == 1:
        error = outputs[:, 0] - truth
        return np.column_stack([np.ones(len(truth)), truth, truth**2, np.abs(error), error**2])
    classes = outputs.shape[1]
    own = np.eye(classes)[truth]
    correct = own * (outputs.argmax(axis=1) == truth)[:, None]
    cost = -np.log(np.maximum(outputs[np.arange(len(truth)), truth], LEAST))
    return np.column_stack([own, correct, cost])


def scores_of_sums(totals: Sums, outputs: int) -> dict[str, Float[np.ndarray, " r"]]:
    """The scores of each row of sums, for models with so many outputs; NaN if undefined."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if outputs == 1:
            number, total, squares, absolute, squared = totals.T
            spread = squares - total**2 / number
            spread = np.where(spread > 1e-12 * squares, spread, np.nan)  # one row, or all the same
            return {
                "r2": 1 - squared / spread,
                "mae": absolute / number,
                "rmse": np.sqrt(squared / number),
            }
        own, correct = totals[:, :outputs], totals[:, outputs:-1]
        number = own.sum(axis=1)
        present = (own > 0).sum(axis=1)
        recall = np.where(own > 0, correct / np.where(own > 0, own, 1), 0.0)
        return {
            "accuracy": correct.sum(axis=1) / number,
            "balanced": recall.sum(axis=1) / present,
            "log_loss": totals[:, -1] / number,
        }


def scores(truth: Truth, outputs: Outputs) -> dict[str, float]:
    """Every score of some rows; NaN for one that they do not define (AUC of a single class)."""
    totals = row_sums(truth, outputs).sum(axis=0, keepdims=True)
    by_name = {
        name: float(values[0]) for name, values in scores_of_sums(totals, outputs.shape[1]).items()
    }
    if outputs.shape[1] > 1:
        by_name["auc"] = float(auc(truth, outputs, np.ones((1, len(truth))))[0])
    return {name: by_name[name] for name in ALL if name in by_name}


def auc(
    truth: Truth, outputs: Outputs, weights: Float[np.ndarray, "r n"]
) -> Float[np.ndarray, " r"]:
    """Area under the receiver operating characteristic for each weighting of the rows.

    Of several classes the mean of each against the rest, over the classes that occur; NaN where
    only one class does.
    """
    classes = outputs.shape[1]
    areas = [
        _area(truth == index, outputs[:, index], weights)
        for index in ([1] if classes == 2 else range(classes))
    ]
    known = np.isfinite(areas)
    total = np.where(known, areas, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _area(
    positive: Shaped[np.ndarray, " n"],
    score: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, "r n"],
) -> Float[np.ndarray, " r"]:
    """The share of pairs whose positive has the higher score; a tie is half (Mann-Whitney 1947)."""
    order = np.argsort(score, kind="stable")
    level = np.searchsorted(score[order], score[order])  # first row of the same score
    last = np.searchsorted(score[order], score[order], side="right")
    above = weights[:, order] * positive[order]
    below = np.cumsum(weights[:, order] * ~positive[order], axis=1)
    below = np.column_stack([np.zeros(len(weights)), below])
    pairs = (above * (below[:, level] + below[:, last]) / 2).sum(axis=1)
    all_pairs = above.sum(axis=1) * below[:, -1]
    return np.where(all_pairs > 0, pairs / np.where(all_pairs > 0, all_pairs, 1), np.nan)
