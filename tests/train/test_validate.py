"""Validation on the way looks for the score threshold that a run would end with."""

import numpy as np
import pytest

from kontur.data.synthetic import scene
from kontur.evaluate.tune import tune_thresholds
from kontur.infer.engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.train import validate
from tests.models import contract

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
    cut = validate.cut(SAMPLES, PLACES, found_with(right=0.2, wrong=0.14))
    summary = validate.judge(SAMPLES, PLACES, cut)
    assert validate.score(summary) == 1.0
    assert validate.brief(summary) == "val AP 1.000 (at IoU 0.5 1.000)"


def test_what_is_wrong_and_surer_is_kept_with_what_is_right():
    cut = validate.cut(SAMPLES, PLACES, found_with(right=0.2, wrong=0.5))
    assert 0 < validate.score(validate.judge(SAMPLES, PLACES, cut)) < 1


def test_without_objects_nothing_found_is_perfect():
    empty = [sample.replace(instances=Instances.empty(sample.size)) for sample in SAMPLES]
    wrong = [SAMPLES[i].instances for i in PLACES]
    wrong = [each.replace(scores=np.full(len(each), 0.3)) for each in wrong]
    cut = validate.cut(empty, PLACES, wrong)
    assert [len(each) for each in cut] == [0, 0]
    summary = validate.judge(empty, PLACES, cut)
    assert validate.score(summary) == 1.0
    assert validate.brief(summary) == "val AP 1.000 (at IoU 0.5 –)"


@pytest.mark.parametrize("count", [0, 1, 48, 49, 500])
def test_places_are_spread_evenly_and_none_comes_twice(count):
    places = validate.evenly(count, 48)
    assert len(places) == len(set(places)) == min(count, 48)
    assert places[:1] == [0][:count]
    assert count == 0 or places[-1] == count - 1


def test_an_engine_that_recalls_runs_once_for_each_thing_it_is_asked():
    asked = []

    class Slow:
        def double(self, array):
            asked.append(array)
            return [array * 2]

        @property
        def graphs(self):
            return {"double": self.double}

    recalled = validate.Recalled(Slow())
    for number in (1.0, 2.0, 1.0):
        (answer,) = recalled.graphs["double"](np.full(4, number))
        assert answer.tolist() == [2 * number] * 4
    assert len(asked) == 2
    assert recalled.bytes == 2 * 4 * 8
    (answer,) = recalled.graphs["double"](np.full((2, 2), 2.0))  # the same bytes, another shape
    assert answer.shape == (2, 2)


def test_a_contour_stage_that_adds_nothing_is_not_used():
    learned = contract.learned("snake")
    card = validate.tune(learned.segmenter, learned.card, [learned.sample], lambda *_: None)
    used = card.config["stages_used"]
    assert used is not None
    ap = {count: _ap_with_stages(learned, count) for count in (1, 2, 3)}
    assert ap[used] >= max(ap.values()) - 2e-3


def _ap_with_stages(learned, count):
    card = learned.card.replace(config={**learned.card.config, "stages_used": count})
    found = validate.candidates(Predictor(TorchEngine(learned.segmenter), card), learned.sample)
    tuned = tune_thresholds([learned.sample.instances], [found])
    return tuned.ap


@pytest.mark.parametrize(("ap_of_two", "used"), [(0.9, 2), (0.8995, 2), (0.898, None), (0.95, 2)])
def test_faster_settings_are_taken_where_they_lose_next_to_nothing(monkeypatch, ap_of_two, used):
    ap_of_stages = {3: 0.9, 2: ap_of_two, 1: 0.0}
    monkeypatch.setattr(validate, "candidates", lambda predictor, _: predictor.config.stages_run)
    monkeypatch.setattr(validate, "_highest_ap", lambda seen: ap_of_stages[seen[0].found])
    learned = contract.learned("snake")
    seen = [validate.Seen(learned.sample, TorchEngine(learned.segmenter), 3)]
    card, _ = validate.descend(learned.card, seen, until=np.inf)
    assert card.config["stages_used"] == used


@pytest.mark.parametrize(
    ("train", "val", "word"),
    [(0.9, 0.6, "overfitting"), (0.3, 0.28, "not even the training images"), (0.8, 0.75, "")],
)
def test_the_gap_is_told_and_what_it_means(train, val, word):
    said = validate.advice(train, val)
    assert word in said
    assert bool(said) == bool(word)
    assert validate.gap(train, val).startswith(f"on training images {train:.3f}, a gap of 0.")
