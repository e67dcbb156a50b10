"""Importance: how much worse held-out rows are told when one column is shuffled.

After Breiman 2001 (Random Forests, section 10), on held-out folds, so that a column the model only
memorised counts nothing. Of columns that say the same, each alone seems worthless, for the others
stand in: columns whose ranks correlate by more than `ALIKE` are also shuffled together.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.cluster import AgglomerativeClustering

from kontur.measure.learn.fitting import Bench
from kontur.measure.learn.scores import scores
from kontur.measure.recipe import numeric
from kontur.select import FitFailed, Split, Spread, Trial, spread

ALIKE = 0.8  # rank correlation, either sign, of every two columns of a bundle
REPEATS = 3  # shuffles of each column in each fold
ROWS = 2000  # held-out rows of a fold that are looked at, drawn at random


class Bundle(NamedTuple):
    """Columns that say nearly the same, the most important first, and their drops.

    `drop` is by how much the score falls when all are shuffled together, mean and deviation over
    the folds; `alone` the same of each column by itself.
    """

    columns: tuple[str, ...]
    drop: Spread
    alone: tuple[Spread, ...]

    @property
    def name(self) -> str:
        """The first column, and how many are alike."""
        more = len(self.columns) - 1
        return self.columns[0] + (f" + {more} alike" if more else "")


def importance(
    bench: Bench,
    splits: Sequence[Split],
    settings: Sequence[str],
    score: str,
    rng: np.random.Generator,
    *,
    done: Callable[[], None] = lambda: None,
) -> list[Bundle]:
    """Bundles of columns by how much the score (more is better) rests on them, the most first.

    `settings` names what is fitted in each split. A split whose fit fails is left out.
    """
    columns = list(bench.question.columns)
    bundles = alike(bench)
    several = [tuple(bundle) for bundle in bundles if len(bundle) > 1]
    parts = [*((column,) for column in columns), *several]
    drops: dict[tuple[str, ...], list[float]] = {part: [] for part in parts}  # by fold
    for fold, (split, setting) in enumerate(zip(splits, settings, strict=True)):
        trial = Trial(setting, fold, split)
        try:
            fitted = bench.fit(trial)
        except FitFailed:
            continue
        rows = bench.rows(split.held)
        if len(rows) > ROWS:
            rows = np.sort(rng.choice(rows, ROWS, replace=False))
        features = bench.features(fitted, rows)
        truth = bench.question.truth[rows]
        owner = owners(columns, fitted.preparation.get_feature_names_out().tolist())
        whole = scores(truth, bench.outputs(fitted.model, features))[score]
        for part in parts:
            places = [place for place, column in enumerate(owner) if column in part]
            worse = []
            for _ in range(REPEATS):
                mixed = features.copy()
                mixed[:, places] = features[rng.permutation(len(rows))][:, places]
                worse.append(scores(truth, bench.outputs(fitted.model, mixed))[score])
            drops[part].append(whole - float(np.mean(worse)))
        done()
    spreads = {part: spread(each) for part, each in drops.items()}
    found = []
    for bundle in bundles:
        names = sorted(bundle, key=lambda name: -spreads[name,].mean)
        alone = tuple(spreads[name,] for name in names)
        found.append(Bundle(tuple(names), spreads[tuple(bundle)], alone))
    return sorted(found, key=lambda bundle: -bundle.drop.mean)


def alike(bench: Bench) -> list[list[str]]:
    """The columns in bundles within which all ranks correlate by more than `ALIKE`.

    A column of words is a bundle of its own.
    """
    table = bench.question.table
    numbers = [name for name in bench.question.columns if numeric(table[name])]
    words = [[name] for name in bench.question.columns if name not in numbers]
    if len(numbers) < 2:
        return [[name] for name in numbers] + words
    ranks = table[numbers].astype(float).rank()
    ranks = ranks.fillna(ranks.mean())
    away = 1 - np.nan_to_num(np.abs(np.corrcoef(ranks.to_numpy(), rowvar=False)))
    cluster = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="complete", distance_threshold=1 - ALIKE
    )
    member = pd.Series(cluster.fit_predict(away), index=numbers)
    return [list(part.index) for _, part in member.groupby(member)] + words


def owners(columns: Sequence[str], features: Sequence[str]) -> list[str]:
    """The column that each prepared feature comes from: `stain=HE` and `stain (missing)` of stain.

    >>> owners(["stain", "area"], ["area", "area (missing)", "stain=HE"])
    ['area', 'area', 'stain']
    """
    longest = sorted(columns, key=len, reverse=True)
    return [
        next(c for c in longest if name == c or name.startswith((f"{c} (", f"{c}=")))
        for name in features
    ]
