"""Families of models that are compared on a table, and the grid of settings of each.

Grids are small: with a few hundred objects a fine grid overfits the folds. Columns are expected
standardised. Fitting is deterministic; `network` needs torch to fit, and its `fit(X, y, groups)`
keeps groups together where it holds rows out.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from kontur.measure.tabular.estimators import NetworkClassifier, NetworkRegressor

# Shallow trees, each on part of the rows and a few columns: as good as on all, and much faster.
BOOSTING: dict[str, Any] = {
    "n_estimators": 200,
    "max_features": "sqrt",
    "subsample": 0.8,
    "random_state": 0,
}
DEPTHS = [2, 4]
DROPOUT = 0.2
NETWORKS: dict[str, list[Any]] = {"hidden": [(64,), (32, 32)], "l2": [1e-2, 1e-1]}


class Family(NamedTuple):
    """A function that makes an estimator, and the grid of its settings."""

    make: Callable[[], Any]
    grid: dict[str, list[Any]]


CLASSIFIERS: dict[str, Family] = {
    "logistic": Family(lambda: LogisticRegression(max_iter=5000), {"C": [0.01, 0.1, 1.0, 10.0]}),
    "lasso": Family(  # the logistic regression that leaves columns out
        lambda: LogisticRegression(
            l1_ratio=1.0, solver="saga", tol=1e-3, max_iter=5000, random_state=0
        ),
        {"C": [0.03, 0.1, 0.3, 1.0]},
    ),
    "boosting": Family(lambda: GradientBoostingClassifier(**BOOSTING), {"max_depth": DEPTHS}),
    "network": Family(lambda: NetworkClassifier(dropout=DROPOUT), NETWORKS),
}
REGRESSORS: dict[str, Family] = {
    "ridge": Family(Ridge, {"alpha": [0.1, 1.0, 10.0, 100.0]}),
    "lasso": Family(  # of the standardised target: else alpha would have its unit
        lambda: TransformedTargetRegressor(Lasso(max_iter=20000), transformer=StandardScaler()),
        {"regressor__alpha": [0.003, 0.01, 0.03, 0.1]},
    ),
    "boosting": Family(lambda: GradientBoostingRegressor(**BOOSTING), {"max_depth": DEPTHS}),
    "network": Family(lambda: NetworkRegressor(dropout=DROPOUT), NETWORKS),
}
