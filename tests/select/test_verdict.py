"""Which setting is best: paired differences over folds, against numpy's own figures."""

import math

import numpy as np
import pytest

from kontur.select import Outcome, Split, Trial, decide, paired, ranked, spread
from kontur.select.verdict import by_fold

SPLIT = Split(["a"], ["b"])


def outcome(setting, fold, ap, share=1.0):
    scores = None if ap is None else {"AP": ap}
    return Outcome(Trial(setting, fold, SPLIT, share), scores, None if scores else "failed")


def test_mean_and_deviation_are_those_of_numpy():
    values = [0.3, 0.5, 0.9, 0.4]
    found = spread(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.deviation == pytest.approx(np.std(values, ddof=1))
    assert str(found) == "0.525 ± 0.263"


def test_unknown_values_are_left_out_and_one_value_has_no_deviation():
    found = spread([None, 0.5, math.nan])
    assert (found.mean, found.number) == (0.5, 1)
    assert math.isnan(found.deviation)
    assert str(found) == "0.500"
    assert str(spread([])) == "–"


def test_scores_of_parts_and_of_failed_fits_play_no_part_in_the_ranking():
    found = by_fold(
        [outcome("a", 0, 0.5), outcome("a", 0, 0.1, share=0.5), outcome("a", 1, None)], "AP"
    )
    assert found == {"a": {0: 0.5}}


def test_settings_that_finished_fewer_folds_come_last():
    scores = {"half": {0: 0.9}, "good": {0: 0.6, 1: 0.5}, "bad": {0: 0.1, 1: 0.2}, "none": {}}
    assert ranked(scores) == ["good", "bad", "half", "none"]


def test_differences_are_taken_fold_by_fold():
    """Folds differ far more than the two settings, and still the better one is plain."""
    hard, easy = 0.2, 0.8
    verdict = decide({"a": {0: hard + 0.05, 1: easy + 0.04}, "b": {0: hard, 1: easy}})
    assert (verdict.best, verdict.second, verdict.wins) == ("a", "b", 2)
    assert verdict.difference.mean == pytest.approx(0.045)
    assert verdict.clear


@pytest.mark.parametrize("number", [2, 3, 5, 9, 10, 13, 40, 200])
def test_a_difference_is_clear_where_the_paired_t_test_says_so(number):
    stats = pytest.importorskip("scipy.stats")
    noise = np.random.default_rng(number).normal(size=number)
    noise = (noise - noise.mean()) / noise.std(ddof=1)  # the mean and deviation are given then
    bound = stats.t.ppf(0.95, number - 1) / np.sqrt(number)
    for times, clear in ((0.98, False), (1.05, True)):
        differences = noise + times * bound
        assert stats.ttest_1samp(differences, 0, alternative="greater").pvalue < 0.05 or not clear
        assert spread(differences).above_zero == clear


def test_differences_that_are_all_the_same_are_clear_and_none_is_not():
    assert spread([0.1, 0.1]).above_zero
    assert not spread([0.0, 0.0]).above_zero
    assert not spread([0.1]).above_zero
    assert not spread([]).above_zero


def test_a_difference_within_the_folds_spread_is_not_clear():
    verdict = decide({"a": {0: 0.9, 1: 0.1}, "b": {0: 0.5, 1: 0.4}})
    assert (verdict.best, verdict.wins, verdict.clear) == ("a", 1, False)


def test_one_fold_one_setting_and_none_are_no_clear_difference():
    assert not decide({"a": {0: 0.9}, "b": {0: 0.1}}).clear
    alone = decide({"a": {0: 0.9}})
    assert (alone.best, alone.second, alone.clear) == ("a", None, False)
    assert decide({"a": {}}) is None
    assert math.isnan(paired({0: 1.0}, {1: 1.0}).mean)
