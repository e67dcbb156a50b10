"""A study on small tables: what is held out is not learned from, and noise is chance."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.tree import DecisionTreeClassifier

from kontur.errors import InputError
from kontur.measure.learn.families.baselines import SINGLE
from kontur.measure.learn.families.family import CLASSIFIERS, Family
from kontur.measure.learn.families.fitting import Fitter
from kontur.measure.learn.study import learn
from kontur.measure.learn.task import make_task
from kontur.select import Trial
from tests.measure.learn.tables import objects

QUICK = {"families": ["logistic"], "folds": 4}


@pytest.fixture(scope="module")
def study():
    return learn(objects(), "state", **QUICK)


def test_no_group_is_learned_from_and_judged_on(study):
    groups = set(study.task.groups)
    held = [name for split in study.splits for name in split.held]
    assert sorted(held) == sorted(groups)
    for split in study.splits:
        assert not set(split.train) & set(split.held)
    for outcome in [*study.evaluations, *study.curve.outcomes]:
        assert not set(outcome.trial.split.train) & set(outcome.trial.split.held)


def test_folds_hold_as_many_of_each_class(study):
    state = dict(zip(study.task.groups, study.task.truth, strict=True))
    for split in study.splits:
        assert sum(state[name] for name in split.held) == 2
        assert len(split.held) == 4


def test_a_signal_is_found_by_the_family_and_by_one_measurement(study):
    best = study.results["logistic"]
    assert 0.7 < best.overall["accuracy"] < 0.95
    assert study.results[SINGLE].overall["accuracy"] > 0.65
    assert study.results["largest class"].overall["balanced"] == 0.5
    low, high = best.intervals["accuracy"]
    assert low < best.overall["accuracy"] < high
    assert study.single.preparation.get_feature_names_out()[study.single.model.column_] == "area"
    assert study.importance[0].columns == ("area",)
    assert study.lasso.kept[0].name == "area"
    assert study.lasso.kept[0].coefficient > 0  # speaks for the second class, live
    assert best.majority.correct >= 12


def test_the_nested_score_of_noise_is_chance(monkeypatch):
    tree = Family(lambda: DecisionTreeClassifier(random_state=0), {"max_depth": [1, 3, None]})
    monkeypatch.setitem(CLASSIFIERS, "tree", tree)  # learns its rows by heart
    table = objects(images=30, signal=0.0)
    results = learn(table, "state", families=["logistic", "tree"], folds=3).results
    for name in ("logistic", "tree"):
        low, high = results[name].intervals["accuracy"]
        assert low < 0.5 < high


def test_a_column_that_copies_the_group_does_not_help():
    table = objects(signal=0.0)
    table["area"] = table["image"].str[-2:].astype(int) * 10.0  # each image its own number
    alone = learn(table, "state", columns=["area"], **QUICK)
    assert alone.results["logistic"].overall["accuracy"] < 0.65
    assert alone.results[SINGLE].overall["accuracy"] < 0.65


def test_medians_means_and_deviations_are_of_what_the_fold_leaves():
    table = objects(images=8)
    task = make_task(table, "state")
    fitter = Fitter(task, {"logistic": CLASSIFIERS["logistic"]})
    split = fitter.splits(4, 0)[0]
    trial = Trial(next(iter(fitter.settings)), 0, split)
    before = fitter.fit(trial).preparation.recipe()
    table.loc[table["image"].isin(split.held), "area"] = 1e6
    changed = Fitter(make_task(table, "state"), fitter.families)
    assert changed.fit(trial).preparation.recipe() == before


def test_nested_settings_are_chosen_without_the_fold_that_judges_them(monkeypatch):
    table = objects(images=12)
    seen = []
    fit = Fitter.fit

    def spied(self, trial):
        seen.append(trial)
        return fit(self, trial)

    monkeypatch.setattr(Fitter, "fit", spied)
    monkeypatch.setattr("kontur.measure.learn.study.INNER", 2)
    nested = learn(table, "state", families=["logistic"], folds=3)
    groups = set(table["image"])
    inner = [trial for trial in seen if set(trial.split.train) | set(trial.split.held) < groups]
    outer = [set(split.held) for split in nested.splits]
    settings = len(CLASSIFIERS["logistic"].grid["C"])
    judged = [trial for trial in inner if trial.share == 1 and trial.fold in (0, 1)]
    assert sum(not (set(t.split.held) & held) for t in judged for held in outer) >= settings * 2 * 3
    seen.clear()
    plain = learn(table, "state", families=["logistic"], folds=3, nested=False)
    whole = [trial for trial in seen if trial.fold is not None and trial.share == 1]
    assert all(set(t.split.train) | set(t.split.held) == groups for t in whole)
    assert set(plain.results["logistic"].chosen) == {plain.results["logistic"].setting}


def test_the_same_table_gives_the_same_study(study):
    again = learn(objects(), "state", **QUICK)
    assert again.best.overall == study.best.overall
    assert again.best.intervals == study.best.intervals
    assert again.importance == study.importance


def test_an_amount_is_predicted_with_every_row_a_group():
    data = load_diabetes(as_frame=True)
    table = data.frame.iloc[:150]
    columns = list(map(str, data.data.columns))
    done = []
    found = learn(
        table,
        "target",
        group=None,
        columns=columns,
        families=["linear"],
        folds=3,
        progress=lambda at, total: done.append((at, total)),
    )
    assert [*found.families] == ["ridge", "lasso"]
    assert found.best.overall["r2"] > 0.3
    assert found.results["mean"].overall["r2"] < 0.05
    assert 0.1 < found.results[SINGLE].overall["r2"] < found.best.overall["r2"] + 0.05
    assert found.best.majority is None
    assert {survivor.name for survivor in found.lasso.kept[:2]} == {"bmi", "s5"}
    assert [at for at, _ in done] == list(range(1, done[0][1] + 1))


def test_missing_values_and_words_are_prepared_within_the_folds():
    table = objects(images=8)
    table.loc[::5, "area"] = np.nan
    table["stain"] = np.where(table["id"] % 2, "HE", "PAS")
    found = learn(table, "state", columns=["area", "stain"], families=["logistic"], folds=2)
    assert found.best.overall["accuracy"] > 0.6
    assert {name for bundle in found.importance for name in bundle.columns} == {"area", "stain"}


def test_a_class_that_a_part_does_not_hold_has_no_probability():
    table = objects(images=10)
    table["state"] = np.array(["a", "b", "c"])[table["image"].str[-2:].astype(int) // 4]
    found = learn(table, "state", families=["logistic"], folds=4, nested=False)
    assert np.allclose(found.best.outputs.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"families": ["boostin"]}, "did you mean 'boosting'"),
        ({"families": []}, "name a family"),
        ({"folds": 17}, "17 folds need at least 17 groups, got 16; take --folds 16, or give"),
        ({"folds": 1}, "at least 2 folds"),
    ],
)
def test_a_study_that_cannot_be_made_is_one_sentence(words, sentence):
    with pytest.raises(InputError, match=sentence):
        learn(objects(), "state", **words)


def test_a_nested_choice_among_too_few_groups_names_the_way_out():
    with pytest.raises(InputError, match=r"3 folds of 4 groups leave 2 to learn.*: take --folds 4"):
        learn(objects(images=4), "state", folds=3, families=["logistic"])
    table = objects(images=6)
    table["patient"] = table["image"].astype("category").cat.codes % 3
    with pytest.raises(InputError, match=r"got 3; take --folds 3 --plain, or give more groups"):
        learn(table, "state", group="patient", families=["logistic"])


def test_a_family_of_the_other_task_is_reported_as_such():
    with pytest.raises(InputError, match=r"logistic predicts classes, not an amount.*ridge, lasso"):
        learn(objects(), "area", families=["logistic"])
    with pytest.raises(InputError, match=r"ridge predicts an amount, not classes.*logistic, lasso"):
        learn(objects(), "state", families=["ridge"])


def test_images_that_the_folds_part_are_still_drawn_whole():
    table = objects(images=12)
    few = learn(table, "state", group=None, folds=3, nested=False, families=["logistic"])
    many = pd.concat([table] * 5, ignore_index=True)
    many.attrs = table.attrs
    names, word = make_task(many, "state", group=None).resampling_units
    assert (len(np.unique(names)), word) == (12, "image")
    copied = learn(many, "state", group=None, folds=3, nested=False, families=["logistic"])
    low, high = few.best.intervals["accuracy"]
    lower, higher = copied.best.intervals["accuracy"]
    assert higher - lower > 0.5 * (high - low)
    assert make_task(table.assign(well="a"), "area", group="well").resampling_units[1] == "well"


def test_a_fold_whose_rest_holds_one_class_is_one_sentence():
    table = objects(images=8, each=6)
    table["state"] = "dead"
    rare = table["image"].isin(["well_00", "well_01"]) & (table["id"] == 0)
    table.loc[rare, "state"] = "live"
    failures = []
    for seed in range(20):
        try:
            learn(table, "state", families=["logistic"], folds=2, nested=False, seed=seed)
        except InputError as error:
            failures.append(str(error))
    assert failures
    assert all("its training part holds a single class of state; choose" in f for f in failures)
