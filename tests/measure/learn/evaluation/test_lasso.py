"""The lasso's path: nothing at first, the columns that matter next, noise last."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import Lasso, LogisticRegression

from kontur.measure.learn.evaluation.lasso import SPAN, lasso_path
from kontur.measure.learn.families.fitting import Fitter
from kontur.measure.learn.prepare import Preparation
from kontur.measure.learn.task import make_task
from tests.measure.learn.tables import COLUMNS, objects


def fitter_of(table, target, **words):
    fitter = Fitter(make_task(table, target, **words), {})
    return fitter, fitter.splits(3, 0)


def test_the_path_of_an_amount_is_the_lasso_at_each_strength():
    data = load_diabetes(as_frame=True)
    columns = list(map(str, data.data.columns))
    fitter, splits = fitter_of(data.frame[:200], "target", group=None, columns=columns)
    found = lasso_path(fitter, splits)
    table = data.frame[columns][:200]
    features, truth = Preparation().fit_transform(table), data.target[:200].to_numpy()
    assert not found.coefficients[0].any()
    assert found.strengths[-1] == pytest.approx(SPAN * found.strengths[0])
    for place in (5, 12):
        one = Lasso(alpha=found.strengths[place]).fit(features, truth)
        np.testing.assert_allclose(found.coefficients[place], one.coef_, atol=0.5)
    kept = np.flatnonzero(found.coefficients[found.chosen])
    assert {feature.name for feature in found.kept} == {columns[k] for k in kept}
    assert found.loss.shape == (3, 20)


def test_the_path_of_two_classes_is_the_logistic_regression_with_l1():
    table = objects(images=12)
    fitter, splits = fitter_of(table, "state")
    found = lasso_path(fitter, splits)
    features = Preparation().fit_transform(table[COLUMNS])
    live = (table["state"] == "live").to_numpy()
    assert not found.coefficients[0].any()
    one = LogisticRegression(
        C=1 / found.strengths[8] / len(live), l1_ratio=1, solver="saga", max_iter=9999
    ).fit(features, live)
    np.testing.assert_allclose(found.coefficients[8], one.coef_[0], atol=0.03)
    assert found.kept[0].name == "area"
    assert found.kept[0].folds == 3


def test_several_classes_and_words_have_a_path_too():
    data = load_iris(as_frame=True)
    columns = list(map(str, data.data.columns))
    table = data.frame.assign(word=np.where(np.arange(150) % 2, "odd", "even"))
    fitter, splits = fitter_of(table, "target", group=None, columns=[*columns, "word"])
    found = lasso_path(fitter, splits)
    assert found.coefficients.shape == (20, 4 + 4)
    assert {s.name for s in found.kept} & {"petal length (cm)", "petal width (cm)"}
    assert not any(s.name == "word (missing)" for s in found.kept)
