"""Scores against scikit-learn's."""

import math

import numpy as np
import pytest
from sklearn import metrics

from kontur.measure.learn.scores import auc, scores


@pytest.mark.parametrize("classes", [2, 3])
def test_scores_of_classes_are_those_of_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    truth = rng.integers(0, classes, 60)
    outputs = rng.dirichlet(np.ones(classes), 60).round(2) + 0.01  # some ties
    outputs /= outputs.sum(axis=1, keepdims=True)
    found = scores(truth, outputs)
    predicted = outputs.argmax(axis=1)
    shown = outputs[:, 1] if classes == 2 else outputs
    assert list(found) == ["accuracy", "balanced", "auc", "log_loss"]
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted))
    assert found["balanced"] == pytest.approx(metrics.balanced_accuracy_score(truth, predicted))
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, shown, multi_class="ovr"))
    assert found["log_loss"] == pytest.approx(metrics.log_loss(truth, outputs))


def test_scores_of_amounts_are_those_of_scikit_learn():
    truth, predicted = np.random.default_rng(0).normal(5, 2, (2, 50))
    found = scores(truth, predicted[:, None])
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, predicted))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(truth, predicted))
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, predicted))


def test_what_is_undefined_is_nan_and_the_rest_is_scored():
    one = scores(np.array([1, 1]), np.array([[0.2, 0.8], [0.9, 0.1]]))
    assert math.isnan(one["auc"])
    assert (one["accuracy"], one["balanced"]) == (0.5, 0.5)
    single = scores(np.array([3.0]), np.array([[2.0]]))
    assert math.isnan(single["r2"])
    assert (single["mae"], single["rmse"]) == (1.0, 1.0)


def test_a_row_counted_twice_is_as_two_rows():
    rng = np.random.default_rng(1)
    truth, outputs = rng.integers(0, 2, 12), rng.dirichlet((1, 1), 12)
    weights = rng.integers(0, 3, (4, 12)).astype(float)
    for line, area in zip(weights, auc(truth, outputs, weights), strict=True):
        rows = np.repeat(np.arange(12), line.astype(int))
        assert area == pytest.approx(metrics.roc_auc_score(truth[rows], outputs[rows, 1]))
