"""Baselines: a constant prediction, and the best single measurement.

A family has to be better than both. The best single measurement imitates analysis by hand: one
column and a threshold. It is chosen within the training part, as everything else is.
"""

from typing import Self

import numpy as np
from jaxtyping import Float, Shaped
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.tree import DecisionTreeClassifier

from kontur.measure.learn.families.family import Family

CONSTANT = {"classify": "largest class", "regress": "mean"}
SINGLE = "one measurement"


class OneColumnClassifier(ClassifierMixin, BaseEstimator):
    """The column whose values, divided into as many parts as there are classes, predict them best.

    The thresholds are those of a tree on that column alone; the column is the one with the smallest
    log loss on the training rows. Shares of classes in a part are smoothed by one row per class, so
    that none is 0 or 1.
    """

    def fit(self, X: Float[np.ndarray, "n f"], y: Shaped[np.ndarray, " n"]) -> Self:
        """Try every column."""
        self.classes_, truth = np.unique(y, return_inverse=True)
        best = np.inf
        for column in range(X.shape[1]):
            tree = DecisionTreeClassifier(max_leaf_nodes=len(self.classes_), random_state=0)
            part = tree.fit(X[:, [column]], truth).apply(X[:, [column]])
            counts = np.zeros((tree.tree_.node_count, len(self.classes_)))
            np.add.at(counts, (part, truth), 1)
            shares = (counts + 1) / (counts.sum(axis=1, keepdims=True) + len(self.classes_))
            cost = -np.log(shares[part, truth]).sum()
            if cost < best:
                best, self.column_, self.tree_, self.shares_ = cost, column, tree, shares
        return self

    @property
    def thresholds_(self) -> Float[np.ndarray, " c"]:
        """The thresholds of the prepared column, in ascending order."""
        inner = self.tree_.tree_.children_left >= 0
        return np.sort(self.tree_.tree_.threshold[inner])

    def predict_proba(self, X: Float[np.ndarray, "n f"]) -> Float[np.ndarray, "n k"]:
        """The shares of the classes in the part of each row; rows sum to 1."""
        return self.shares_[self.tree_.apply(X[:, [self.column_]])]

    def predict(self, X: Float[np.ndarray, "n f"]) -> Shaped[np.ndarray, " n"]:
        """The commonest class in the part of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class OneColumnRegressor(RegressorMixin, BaseEstimator):
    """A straight line on the column that is correlated most with the target."""

    def fit(self, X: Float[np.ndarray, "n f"], y: Float[np.ndarray, " n"]) -> Self:
        """Try every column."""
        centred, deviations = X - X.mean(axis=0), y - y.mean()
        squares = (centred**2).sum(axis=0)
        slopes = np.where(squares > 0, centred.T @ deviations, 0.0) / np.where(
            squares > 0, squares, 1.0
        )
        self.column_ = int(np.argmax(slopes**2 * squares))
        self.slope_ = float(slopes[self.column_])
        self.offset_ = float(y.mean() - self.slope_ * X[:, self.column_].mean())
        return self

    def predict(self, X: Float[np.ndarray, "n f"]) -> Float[np.ndarray, " n"]:
        """The value of the line for each row."""
        return self.offset_ + self.slope_ * X[:, self.column_]


BASELINES: dict[str, dict[str, Family]] = {
    "classify": {
        CONSTANT["classify"]: Family(lambda: DummyClassifier(strategy="prior"), {}),
        SINGLE: Family(OneColumnClassifier, {}),
    },
    "regress": {
        CONSTANT["regress"]: Family(DummyRegressor, {}),
        SINGLE: Family(OneColumnRegressor, {}),
    },
}
