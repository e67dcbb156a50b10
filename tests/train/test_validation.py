"""Validation on the way looks for the score threshold that a run would end with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontur.data.synthetic import scene
from kontur.instances import Instances
from kontur.train import validation
from kontur.train.config import TrainingConfig
from kontur.train.validation import BestScore, is_patience_over

SAMPLES = [scene(np.random.default_rng(seed), size=(80, 90), count=5) for seed in range(3)]
PLACES = [0, 2]


def found_with(right: float, wrong: float) -> list[Instances]:
    """The truth with one score, and the same objects moved away with another."""
    found = []
    for i in PLACES:
        truth = SAMPLES[i].instances
        moved = truth.shift(30, 30).clip(SAMPLES[i].size)
        moved = moved.replace(scores=np.full(len(moved), wrong), ids=np.arange(len(moved)) + 100)
        found.append(Instances.concat([truth.replace(scores=np.full(len(truth), right)), moved]))
    return found


def test_an_unsure_network_is_judged_at_its_own_best_threshold():
    cut = validation.apply_best_score_threshold(SAMPLES, PLACES, found_with(right=0.2, wrong=0.14))
    summary = validation.evaluate_predictions(SAMPLES, PLACES, cut)
    assert validation.score(summary) == 1.0
    assert validation.summary_line(summary) == "val AP 1.000 (at IoU 0.5 1.000)"


def test_what_is_wrong_and_surer_is_kept_with_what_is_right():
    cut = validation.apply_best_score_threshold(SAMPLES, PLACES, found_with(right=0.2, wrong=0.5))
    assert 0 < validation.score(validation.evaluate_predictions(SAMPLES, PLACES, cut)) < 1


def test_without_objects_nothing_found_is_perfect():
    empty = [sample.replace(instances=Instances.empty(sample.size)) for sample in SAMPLES]
    wrong = [SAMPLES[i].instances for i in PLACES]
    wrong = [each.replace(scores=np.full(len(each), 0.3)) for each in wrong]
    cut = validation.apply_best_score_threshold(empty, PLACES, wrong)
    assert [len(each) for each in cut] == [0, 0]
    summary = validation.evaluate_predictions(empty, PLACES, cut)
    assert validation.score(summary) == 1.0
    assert validation.summary_line(summary) == "val AP 1.000 (at IoU 0.5 –)"


@pytest.mark.parametrize("count", [0, 1, 48, 49, 500])
def test_places_are_spread_evenly_and_none_comes_twice(count):
    places = validation.evenly_spaced(count, 48)
    assert len(places) == len(set(places)) == min(count, 48)
    assert places[:1] == [0][:count]
    assert count == 0 or places[-1] == count - 1


def after(*scores: float, objects: int = 10**8) -> BestScore:
    best_score = BestScore()
    for i, score in enumerate(scores, start=1):
        best_score = best_score.after(score, 10 * i, objects)
    return best_score


def test_the_best_validation_is_kept_and_of_equals_the_later():
    assert after(0.1, 0.3, 0.2) == BestScore(0.3, 20, waited=1)
    assert after(0.1, 0.3, 0.2, 0.3) == BestScore(0.3, 40, waited=2)
    assert after(0.1, 0.3, 0.3, 0.4) == BestScore(0.4, 40, waited=0)


def test_few_objects_do_not_prefer_an_earlier_network_by_chance():
    scores = 0.43, 0.40, 0.39, 0.42, 0.37  # of about twenty objects: one error is 0.11
    assert after(*scores, objects=20).best_step == 50
    assert after(*scores, objects=2000).best_step == 40
    assert after(*scores, objects=10**6).best_step == 10


def test_what_falls_in_small_steps_is_measured_by_the_best_of_all():
    falling = 0.5, 0.45, 0.4, 0.35, 0.3  # an error is 0.1
    assert after(*falling, objects=25).best_step == 30
    assert after(*falling, 0.52, objects=25).best_step == 60


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.integers(0, 500))
def test_the_kept_network_is_never_clearly_worse_than_the_best(scores, objects):
    best_score = after(*scores, objects=objects)
    best = max(scores)
    kept = scores[best_score.best_step // 10 - 1]
    assert best_score.best == best
    assert kept >= best - validation.standard_error(best, objects)


def test_one_that_has_found_nothing_yet_is_not_waited_for():
    assert after(0.0, 0.0, 0.0) == BestScore(0.0, 30, waited=0)
    assert after(0.0, 0.0, 0.1, 0.0) == BestScore(0.1, 30, waited=1)


def test_patience_is_a_number_of_validations_and_none_is_for_ever():
    assert [is_patience_over(2, waited) for waited in range(4)] == [False, False, True, True]
    assert not is_patience_over(0, 1000)
    assert TrainingConfig().patience == 12
