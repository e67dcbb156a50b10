"""Path: which columns survive as the lasso's weight grows (the notes' L1, feature selection).

A linear model whose coefficients cost their absolute values (Tibshirani 1996) keeps fewer columns
the more they cost. The path shows every coefficient over that cost; the strength that is marked is
the largest whose held-out loss is within one standard error of the best (Breiman et al. 1984). Of
classes a logistic regression is taken, of several classes one against the rest for each.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Shaped
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, lasso_path

from kontur.measure.learn.fitting import Bench
from kontur.measure.prepare import Preparation
from kontur.select import Split, nested

STRENGTHS = 20
SPAN = 1e-3  # the smallest strength, of the one at which no column is left
ROWS = 10_000  # of larger tables so many are looked at, whole groups of them


class Survivor(NamedTuple):
    """A feature that is kept at the marked strength, its coefficient, and in how many folds too."""

    name: str
    coefficient: float
    folds: int


class Path(NamedTuple):
    """Coefficients of standardised features over the strength of the lasso, strongest first.

    `loss` is the held-out one of every fold (log loss, or mean squared error); `marked` the index
    of the strength that `survivors` are told of. Of several classes a coefficient is that of the
    class where it is largest there.
    """

    strengths: Float[np.ndarray, " a"]
    coefficients: Float[np.ndarray, "a f"]
    names: tuple[str, ...]
    loss: Float[np.ndarray, "v a"]
    marked: int
    survivors: tuple[Survivor, ...]
    rows: int


class _Models(NamedTuple):
    """A linear model a strength: coefficients of every class (or one), and what they start from."""

    weights: Float[np.ndarray, "a k f"]
    offsets: Float[np.ndarray, "a k"]


def path(
    bench: Bench,
    splits: Sequence[Split],
    *,
    seed: int = 0,
    done: Callable[[], None] = lambda: None,
) -> Path:
    """The path on all rows, and the loss at every strength on what each split holds out."""
    question = bench.question
    every = np.unique(question.groups).tolist()
    share = min(1.0, ROWS / len(question.truth))
    taken = set(nested(every, [share], seed, 2)[0])
    parts = [Split(*([n for n in side if n in taken] for side in split)) for split in splits]
    rows = bench.rows([name for name in every if name in taken])
    columns = question.table[list(question.columns)]
    columns.attrs = {}

    preparation = Preparation().fit(columns.iloc[rows])
    features = preparation.transform(columns.iloc[rows])
    strengths = np.geomspace(1, SPAN, STRENGTHS) * _strongest(features, bench, rows)
    whole = _fit(features, question.truth[rows], len(question.classes), strengths)
    loss, kept = [], []
    for split in parts:
        train, held = bench.rows(split.train), bench.rows(split.held)
        truth = question.truth[train]
        if len(held) and np.ptp(truth) > 0:
            own = Preparation().fit(columns.iloc[train])
            models = _fit(
                own.transform(columns.iloc[train]), truth, len(question.classes), strengths
            )
            loss.append(_loss(models, own.transform(columns.iloc[held]), question.truth[held]))
            kept.append(
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
    marked = _mark(losses)
    size = np.abs(whole.weights)
    largest = (size[marked] + 1e-9 * size.sum(axis=0)).argmax(axis=0)  # class of each feature
    coefficients = whole.weights[:, largest, np.arange(len(names))]
    survivors = [
        Survivor(name, float(value), sum(bool(fold[name][marked]) for fold in kept if name in fold))
        for name, value in zip(names, coefficients[marked], strict=True)
        if value
    ]
    survivors.sort(key=lambda survivor: -abs(survivor.coefficient))
    return Path(strengths, coefficients, names, losses, marked, tuple(survivors), len(rows))


def _indicators(truth: Shaped[np.ndarray, " n"], classes: int) -> Bool[np.ndarray, "k n"]:
    """Each class against the rest; of two classes the second."""
    return np.array([truth == index for index in ([1] if classes == 2 else range(classes))])


def _strongest(
    features: Float[np.ndarray, "n f"], bench: Bench, rows: Shaped[np.ndarray, " n"]
) -> float:
    """The strength from which on no coefficient is left: the largest slope at 0."""
    truth, classes = bench.question.truth[rows], len(bench.question.classes)
    targets = _indicators(truth, classes) if classes else truth[None]
    away = targets - targets.mean(axis=1, keepdims=True)
    return float(np.abs(away @ features).max()) / len(rows)


def _fit(
    features: Float[np.ndarray, "n f"],
    truth: Shaped[np.ndarray, " n"],
    classes: int,
    strengths: Float[np.ndarray, " a"],
) -> _Models:
    """One model a strength; mean loss + strength · Σ |coefficient|."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # weak ones need not, for a picture
        if not classes:
            middle = features.mean(axis=0)
            found = lasso_path(features - middle, truth - truth.mean(), alphas=strengths, tol=1e-3)
            weights = found[1].T[:, None]
            return _Models(weights, truth.mean() - weights @ middle)
        weights, offsets = [], []
        for strength in strengths:
            of_classes = [
                LogisticRegression(
                    C=1 / (strength * len(truth)),
                    l1_ratio=1.0,
                    solver="liblinear",
                    intercept_scaling=10.0,  # liblinear makes the intercept cost too: a tenth of it
                    tol=1e-3,
                    random_state=0,
                ).fit(features, own)
                if 0 < own.sum() < len(own)
                else None
                for own in _indicators(truth, classes)
            ]
            weights.append(
                [np.zeros(features.shape[1]) if m is None else m.coef_[0] for m in of_classes]
            )
            offsets.append([-30.0 if m is None else float(m.intercept_[0]) for m in of_classes])
        return _Models(np.array(weights), np.array(offsets))


def _loss(
    models: _Models, features: Float[np.ndarray, "n f"], truth: Shaped[np.ndarray, " n"]
) -> Float[np.ndarray, " a"]:
    """Held-out loss at each strength: mean squared error, or log loss."""
    values = np.einsum("akf,nf->akn", models.weights, features) + models.offsets[:, :, None]
    if truth.dtype.kind == "f":
        return ((values[:, 0] - truth) ** 2).mean(axis=1)
    chance = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    if chance.shape[1] == 1:
        chance = np.concatenate([1 - chance, chance], axis=1)
    chance = chance / chance.sum(axis=1, keepdims=True)
    own = np.take_along_axis(chance, truth[None, None], axis=1)[:, 0]
    return -np.log(own).mean(axis=1)


def _mark(loss: Float[np.ndarray, "v a"]) -> int:
    """The strongest within one standard error of the best; the middle where nothing was held."""
    if not len(loss):
        return STRENGTHS // 2
    mean = loss.mean(axis=0)
    best = int(mean.argmin())
    error = loss[:, best].std(ddof=1) / np.sqrt(len(loss)) if len(loss) > 1 else 0.0
    return int(np.flatnonzero(mean <= mean[best] + error)[0])
