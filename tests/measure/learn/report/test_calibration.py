"""Calibration of probabilities whose truth is drawn."""

from dataclasses import replace

import numpy as np
import pytest

from kontur.measure.learn.report.calibration import (
    calibration_bins,
    calibration_section,
    expected_calibration_error,
)
from kontur.measure.learn.study import learn
from tests.measure.learn.tables import objects


@pytest.fixture(scope="module")
def study():
    return learn(objects(), "state", families=["logistic"], folds=4, nested=False)


def predicted(study, probability, correct):
    """The study as if each row's class had this probability, and were correct as drawn."""
    truth = study.task.truth
    predicted_class = np.where(correct, truth, 1 - truth)
    outputs = np.where(np.arange(2) == predicted_class[:, None], probability, 1 - probability)
    name = study.best.name
    best = replace(study.results[name], outputs=outputs)
    return replace(study, results={**study.results, name: best})


def test_bins_hold_all_rows_and_their_means(study):
    correct = np.arange(128) % 4 > 0
    (only,) = calibration_bins(predicted(study, 0.85, correct))
    assert (only.low, only.high, only.number) == (0.8, 0.9, 128)
    assert only.probability == pytest.approx(0.85)
    assert only.correct == pytest.approx(0.75)
    assert sum(part.number for part in calibration_bins(study)) == 128


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [(0.95, "is overconfident"), (0.6, "is underconfident"), (0.75, "about as confident")],
)
def test_the_verdict_follows_from_probability_and_accuracy(study, probability, verdict):
    section = calibration_section(predicted(study, probability, np.arange(128) % 4 > 0))
    assert verdict in section.sentences[0]
    assert "eight in ten" in section.terms["calibration"]


def test_a_probability_of_one_is_in_the_last_bin():
    assert expected_calibration_error(np.array([1.0, 1.0]), np.array([True, True])) == 0
