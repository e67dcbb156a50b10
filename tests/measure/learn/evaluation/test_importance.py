"""Importance: what the model rests on, and columns that stand in for one another."""

import numpy as np

from kontur.measure.learn.evaluation.importance import correlated_columns, permutation_importance
from kontur.measure.learn.families.family import CLASSIFIERS
from kontur.measure.learn.families.fitting import Fitter
from kontur.measure.learn.task import make_task
from tests.measure.learn.tables import objects


def found(table, **words):
    fitter = Fitter(make_task(table, "state", **words), {"logistic": CLASSIFIERS["logistic"]})
    splits = fitter.splits(4, 0)
    setting = next(name for name in fitter.settings if name.endswith("=1.0"))
    rng = np.random.default_rng(0)
    return permutation_importance(fitter, splits, [setting] * 4, "accuracy", rng)


def test_the_predictive_column_is_important_and_noise_is_not():
    clusters = {bundle.columns: bundle for bundle in found(objects(images=24))}
    drop = clusters.pop(("area",)).drop
    assert drop.mean > 0.15
    assert drop.number == 4
    assert max(abs(bundle.drop.mean) for bundle in clusters.values()) < 0.06


def test_correlated_columns_are_shuffled_together():
    table = objects(images=24)
    table["area_convex"] = -(table["area"] ** 3)  # the same ranks the other way round
    clusters = found(table)
    assert set(clusters[0].columns) == {"area", "area_convex"}
    assert clusters[0].name.endswith(" + 1 correlated")
    assert clusters[0].drop.mean >= max(drop.mean for drop in clusters[0].column_drops)


def test_words_and_columns_with_gaps_are_clusters_of_their_own():
    table = objects(images=6)
    table["stain"] = np.where(table["id"] % 2, "HE", "PAS")
    table.loc[::3, "extent"] = np.nan
    fitter = Fitter(make_task(table, "state", columns=["stain", "extent", "area"]), {})
    assert sorted(correlated_columns(fitter)) == [["area"], ["extent"], ["stain"]]
    one = Fitter(make_task(table, "state", columns=["area"]), {})
    assert correlated_columns(one) == [["area"]]
