"""The lasso path: which columns keep a coefficient as the penalty grows (feature selection by L1).

A linear model whose coefficients are penalised by their absolute values (Tibshirani 1996) keeps
fewer columns the stronger the penalty. The path shows every coefficient over that strength; the
chosen strength is the largest whose held-out loss is within one standard error of the best (Breiman
et al. 1984). For two classes the model is a logistic regression, for several one against the rest
for each class.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import lasso_path as coefficients_along_path

from kontur.measure.learn.families.fitting import Fitter
from kontur.measure.learn.prepare import Preparation
from kontur.select import Split, nested

STRENGTHS = 20
SPAN = 1e-3  # the smallest strength as a share of that at which no column is left
ROWS = 10_000  # at most; of larger tables a sample of whole groups is used


class KeptFeature(NamedTuple):
    """A feature kept at the chosen strength, its coefficient, and how many folds keep it."""

    name: str
    coefficient: float
    folds: int


class LassoPath(NamedTuple):
    """Coefficients of standardised features over the strength of the lasso, strongest first.

    `loss` is the held-out loss of every fold (log loss, or mean squared error), `chosen` the index
    of the chosen strength, `kept` the features with a coefficient there. Of several classes a
    coefficient is that of the class for which it is largest at that strength.
    """

    strengths: Float[np.ndarray, " a"]
    coefficients: Float[np.ndarray, "a f"]
    names: tuple[str, ...]
    loss: Float[np.ndarray, "v a"]
    chosen: int
    kept: tuple[KeptFeature, ...]
    rows: int


class _Models(NamedTuple):
    """A linear model a strength: coefficients of every class (or one), and intercepts."""

    weights: Float[np.ndarray, "a k f"]
    intercepts: Float[np.ndarray, "a k"]


def lasso_path(
    fitter: Fitter,
    splits: Sequence[Split],
    *,
    seed: int = 0,
    done: Callable[[], None] = lambda: None,
) -> LassoPath:
    """The path on all rows, and the loss at every strength on what each split holds out."""
    task = fitter.task
    groups = np.unique(task.groups).tolist()
    share = min(1.0, ROWS / len(task.truth))
    taken = set(nested(groups, [share], seed, 2)[0])
    parts = [Split(*([n for n in side if n in taken] for side in split)) for split in splits]
    rows = fitter.rows([name for name in groups if name in taken])
    columns = task.table[list(task.columns)]
    columns.attrs = {}

    preparation = Preparation().fit(columns.iloc[rows])
    features = preparation.transform(columns.iloc[rows])
    strengths = np.geomspace(1, SPAN, STRENGTHS) * _strongest(features, fitter, rows)
    whole = _fit(features, task.truth[rows], len(task.classes), strengths)
    loss, kept_in_fold = [], []
    for split in parts:
        train, held = fitter.rows(split.train), fitter.rows(split.held)
        truth = task.truth[train]
        if len(held) and np.ptp(truth) > 0:
            own = Preparation().fit(columns.iloc[train])
            models = _fit(own.transform(columns.iloc[train]), truth, len(task.classes), strengths)
            loss.append(_loss(models, own.transform(columns.iloc[held]), task.truth[held]))
            kept_in_fold.append(
                dict(
                    zip(
                        own.get_feature_names_out(),
                        (models.weights != 0).any(axis=1).T,
                        strict=True,
                    )
                )
            )
        done()
    names = tuple(preparation.get_feature_names_out().tolist())
    losses = np.array(loss).reshape(len(loss), STRENGTHS)
    chosen = _choose(losses)
    size = np.abs(whole.weights)
    largest = (size[chosen] + 1e-9 * size.sum(axis=0)).argmax(axis=0)  # class of each feature
    coefficients = whole.weights[:, largest, np.arange(len(names))]
    kept = [
        KeptFeature(
            name,
            float(value),
            sum(bool(fold[name][chosen]) for fold in kept_in_fold if name in fold),
        )
        for name, value in zip(names, coefficients[chosen], strict=True)
        if value
    ]
    kept.sort(key=lambda feature: -abs(feature.coefficient))
    return LassoPath(strengths, coefficients, names, losses, chosen, tuple(kept), len(rows))


def _indicators(truth: Shaped[np.ndarray, " n"], classes: int) -> Bool[np.ndarray, "k n"]:
    """Each class against the rest; of two classes the second."""
    return np.array([truth == index for index in ([1] if classes == 2 else range(classes))])


def _strongest(
    features: Float[np.ndarray, "n f"], fitter: Fitter, rows: Shaped[np.ndarray, " n"]
) -> float:
    """The smallest strength at which no coefficient is left: the largest slope at 0."""
    truth, classes = fitter.task.truth[rows], len(fitter.task.classes)
    targets = _indicators(truth, classes) if classes else truth[None]
    residuals = targets - targets.mean(axis=1, keepdims=True)
    return float(np.abs(residuals @ features).max()) / len(rows)


def _fit(
    features: Float[np.ndarray, "n f"],
    truth: Shaped[np.ndarray, " n"],
    classes: int,
    strengths: Float[np.ndarray, " a"],
) -> _Models:
    """One model per strength; mean loss + strength · Σ |coefficient|."""
    if not classes:
        middle = features.mean(axis=0)
        path = coefficients_along_path(
            features - middle, truth - truth.mean(), alphas=strengths, tol=1e-3
        )
        weights = path[1].T[:, None]
        return _Models(weights, truth.mean() - weights @ middle)
    weights, intercepts = [], []
    for strength in strengths:
        of_classes = [
            LogisticRegression(
                C=1 / (strength * len(truth)),
                l1_ratio=1.0,
                solver="liblinear",
                intercept_scaling=10.0,  # liblinear makes the intercept cost too: a tenth of it
                tol=1e-3,
                max_iter=1000,  # steps; a hundred are few for classes of a few rows
                random_state=0,
            ).fit(features, own)
            if 0 < own.sum() < len(own)
            else None
            for own in _indicators(truth, classes)
        ]
        weights.append(
            [np.zeros(features.shape[1]) if m is None else m.coef_[0] for m in of_classes]
        )
        intercepts.append([-30.0 if m is None else float(m.intercept_[0]) for m in of_classes])
    return _Models(np.array(weights), np.array(intercepts))


def _loss(
    models: _Models, features: Float[np.ndarray, "n f"], truth: Shaped[np.ndarray, " n"]
) -> Float[np.ndarray, " a"]:
    """Held-out loss at each strength: mean squared error, or log loss."""
    values = np.einsum("akf,nf->akn", models.weights, features) + models.intercepts[:, :, None]
    if truth.dtype.kind == "f":
        return ((values[:, 0] - truth) ** 2).mean(axis=1)
    chance = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    if chance.shape[1] == 1:
        chance = np.concatenate([1 - chance, chance], axis=1)
    chance = chance / chance.sum(axis=1, keepdims=True)
    own = np.take_along_axis(chance, truth[None, None], axis=1)[:, 0]
    return -np.log(own).mean(axis=1)


def _choose(loss: Float[np.ndarray, "v a"]) -> int:
    """The strongest within one standard error of the best; the median without a held-out loss."""
    if not len(loss):
        return STRENGTHS // 2
    mean = loss.mean(axis=0)
    best = int(mean.argmin())
    error = loss[:, best].std(ddof=1) / np.sqrt(len(loss)) if len(loss) > 1 else 0.0
    return int(np.flatnonzero(mean <= mean[best] + error)[0])
