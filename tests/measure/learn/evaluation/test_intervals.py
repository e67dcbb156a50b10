"""Intervals by resampling groups: as the slow loop has them, and wide where objects are alike."""

import math

import numpy as np

from kontur.measure.learn.evaluation.intervals import (
    bootstrap_scores,
    draw_bootstrap,
    percentile_interval,
    wilson_interval,
)
from kontur.measure.learn.scores import scores


def test_resampled_scores_are_those_of_the_rows_written_out():
    rng = np.random.default_rng(0)
    groups = np.array([*"aabbbccdd"], dtype=object)
    truth, outputs = rng.integers(0, 2, 9), rng.dirichlet((1, 1), 9)
    drawn = draw_bootstrap(groups, np.random.default_rng(1), rounds=20)
    found = bootstrap_scores(truth, outputs, drawn)
    for round_, counts in enumerate(drawn.counts):
        assert counts.sum() == 4
        rows = [row for row in range(9) for _ in range(counts["abcd".index(groups[row])])]
        slow = scores(truth[rows], outputs[rows])
        for name, value in slow.items():
            np.testing.assert_allclose(found[name][round_], value, equal_nan=True)


def test_intervals_are_wider_when_the_objects_of_an_image_are_copies():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 400)
    right = rng.random(400) < 0.8
    outputs = np.eye(2)[np.where(right, truth, 1 - truth)]

    def width(truth, outputs, groups):
        drawn = draw_bootstrap(groups, np.random.default_rng(0))
        low, high = percentile_interval(bootstrap_scores(truth, outputs, drawn)["accuracy"])
        return high - low

    alone = width(truth, outputs, np.arange(400).astype(str).astype(object))
    grouped = width(truth, outputs, np.repeat(np.arange(40), 10).astype(str).astype(object))
    first = np.repeat(np.arange(0, 400, 10), 10)  # ten copies of one object an image
    copied = width(
        truth[first], outputs[first], np.repeat(np.arange(40), 10).astype(str).astype(object)
    )
    assert 0.6 < grouped / alone < 1.5  # the objects of an image are not alike
    assert copied > 2.5 * alone  # √10 is 3.2
    assert abs(alone - 2 * 1.96 * math.sqrt(0.8 * 0.2 / 400)) < 0.02


def test_one_group_and_nothing_have_no_width():
    drawn = draw_bootstrap(np.array(["a", "a"], dtype=object), np.random.default_rng(0), rounds=5)
    found = bootstrap_scores(np.array([0, 1]), np.eye(2), drawn)
    assert percentile_interval(found["accuracy"]) == (1.0, 1.0)
    assert str(percentile_interval(np.empty(0))) == "–"
    assert math.isnan(wilson_interval(0, 0).low)
