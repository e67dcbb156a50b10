"""Permutation importance: how much worse the predictions are when one column is shuffled.

After Breiman 2001 (Random Forests, section 10), on held-out folds, so that a column which the model
only memorised has no importance. Of correlated columns each seems unimportant, because the others
replace it: columns whose ranks correlate by more than `CORRELATED` are also shuffled together.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.cluster import AgglomerativeClustering

from kontur.measure.learn.families.fitting import Fitter
from kontur.measure.learn.scores import scores
from kontur.measure.tables.recipe import numeric
from kontur.select import FitFailed, Split, Spread, Trial, spread

CORRELATED = 0.8  # rank correlation, either sign, of every two columns of a cluster
REPEATS = 3  # shuffles of each column in each fold
ROWS = 2000  # at most, drawn at random from the held-out rows of a fold


class ColumnCluster(NamedTuple):
    """Columns that are correlated, the most important first, and the drops of the score.

    `drop` is the decrease of the score when all are shuffled together, mean and deviation over the
    folds; `column_drops` the same for each column shuffled by itself.
    """

    columns: tuple[str, ...]
    drop: Spread
    column_drops: tuple[Spread, ...]

    @property
    def name(self) -> str:
        """The first column, and the number of columns correlated with it."""
        more = len(self.columns) - 1
        return self.columns[0] + (f" + {more} correlated" if more else "")


def permutation_importance(
    fitter: Fitter,
    splits: Sequence[Split],
    settings: Sequence[str],
    score: str,
    rng: np.random.Generator,
    *,
    done: Callable[[], None] = lambda: None,
) -> list[ColumnCluster]:
    """Clusters of columns, the most important first, by a score of which more is better.

    `settings` has the name of the setting fitted in each split. A split whose fit fails is left
    out. `done` is called after each split.
    """
    columns = list(fitter.task.columns)
    clusters = correlated_columns(fitter)
    several = [tuple(cluster) for cluster in clusters if len(cluster) > 1]
    parts = [*((column,) for column in columns), *several]
    drops: dict[tuple[str, ...], list[float]] = {part: [] for part in parts}  # by fold
    for fold, (split, setting) in enumerate(zip(splits, settings, strict=True)):
        trial = Trial(setting, fold, split)
        try:
            fitted = fitter.fit(trial)
        except FitFailed:
            continue
        rows = fitter.rows(split.held)
        if len(rows) > ROWS:
            rows = np.sort(rng.choice(rows, ROWS, replace=False))
        features = fitter.features(fitted, rows)
        truth = fitter.task.truth[rows]
        source = source_columns(columns, fitted.preparation.get_feature_names_out().tolist())
        unshuffled = scores(truth, fitter.outputs(fitted.model, features))[score]
        for part in parts:
            column_indices = [place for place, column in enumerate(source) if column in part]
            shuffled_scores = []
            for _ in range(REPEATS):
                shuffled = features.copy()
                shuffled[:, column_indices] = features[rng.permutation(len(rows))][
                    :, column_indices
                ]
                shuffled_scores.append(scores(truth, fitter.outputs(fitted.model, shuffled))[score])
            drops[part].append(unshuffled - float(np.mean(shuffled_scores)))
        done()
    spreads = {part: spread(values) for part, values in drops.items()}
    importances = []
    for cluster in clusters:
        names = sorted(cluster, key=lambda name: -spreads[name,].mean)
        column_drops = tuple(spreads[name,] for name in names)
        importances.append(ColumnCluster(tuple(names), spreads[tuple(cluster)], column_drops))
    return sorted(importances, key=lambda cluster: -cluster.drop.mean)


def correlated_columns(fitter: Fitter) -> list[list[str]]:
    """The columns in clusters within which all ranks correlate by more than `CORRELATED`.

    A column of words is a cluster of its own.
    """
    table = fitter.task.table
    numbers = [name for name in fitter.task.columns if numeric(table[name])]
    words = [[name] for name in fitter.task.columns if name not in numbers]
    if len(numbers) < 2:
        return [[name] for name in numbers] + words
    ranks = table[numbers].astype(float).rank()
    ranks = ranks.fillna(ranks.mean())
    distance = 1 - np.nan_to_num(np.abs(np.corrcoef(ranks.to_numpy(), rowvar=False)))
    cluster = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="complete", distance_threshold=1 - CORRELATED
    )
    member = pd.Series(cluster.fit_predict(distance), index=numbers)
    return [list(part.index) for _, part in member.groupby(member)] + words


def source_columns(columns: Sequence[str], features: Sequence[str]) -> list[str]:
    """The column that each prepared feature comes from: `stain=HE` and `stain (missing)` of stain.

    >>> source_columns(["stain", "area"], ["area", "area (missing)", "stain=HE"])
    ['area', 'area', 'stain']
    """
    longest = sorted(columns, key=len, reverse=True)
    return [
        next(c for c in longest if name == c or name.startswith((f"{c} (", f"{c}=")))
        for name in features
    ]
