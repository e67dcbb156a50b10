"""Settings of decoding are tuned on what a network said once of each image."""

import time

import numpy as np
import pytest

from kontur.evaluate.tune import tune_thresholds
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.models import catalog
from kontur.models.card import Thresholds
from kontur.models.graphs import Graphs
from kontur.train import tuning
from kontur.train.tuning import CachingEngine, TuningImage, candidates, tune, tune_decoding
from tests.models import contract

FAR = float("inf")


@pytest.fixture(scope="module")
def learned():
    return contract.learned("unet")


@pytest.fixture
def samples(learned):
    """What the network knows by heart, and a turn of it that it must find its way in."""
    sample = learned.sample
    turned = sample.instances.transform(lambda p: np.stack([64 - p[:, 0], p[:, 1]], axis=-1))
    return [sample, sample.replace(image=sample.image[:, ::-1].copy(), instances=turned)]


def badly(learned, **decode):
    """The card with settings of decoding that harm."""
    config = learned.segmenter.config.replace(decode=decode)
    return learned.card.replace(config=config.model_dump(mode="json"))


def test_what_harms_is_undone_and_what_is_found_belongs_to_the_new_card(learned, samples):
    card = badly(learned, smallest=80, opening=4.0, foreground=0.4)
    card = tune(learned.segmenter, card, samples, lambda done, total: None)
    config = catalog.config("unet", card.config)
    assert (config.decode.opening, config.decode.smallest) != (4.0, 80)
    assert config.replace(decode={}) == learned.segmenter.config.replace(decode={})
    assert card.thresholds != Thresholds()
    predictor = contract.Predictor(contract.TorchEngine(learned.segmenter), card)
    found = predictor.predict(learned.sample.image)
    assert contract.best_iou(learned.sample.instances, found).mean() > 0.8


def test_the_network_runs_once_an_image_however_many_settings_are_tried(
    learned, samples, monkeypatch
):
    runs, tried = [], []
    segment = type(learned.segmenter.graphs()["segment"])
    forward = segment.forward
    monkeypatch.setattr(segment, "forward", lambda self, x: runs.append(1) or forward(self, x))
    looked = tuning.candidates
    monkeypatch.setattr(tuning, "candidates", lambda *given: tried.append(1) or looked(*given))
    tune(learned.segmenter, badly(learned, opening=4.0), samples, lambda done, total: None)
    assert len(runs) == len(samples)
    assert len(tried) > 10 * len(samples)


def test_no_time_changes_nothing_and_no_gain_changes_nothing(learned, samples):
    engine = CachingEngine(contract.TorchEngine(learned.segmenter))
    card = badly(learned, smallest=80)
    predictor = contract.Predictor(engine, card)
    seen = [TuningImage(samples[0], engine, candidates(predictor, samples[0]))]
    assert tune_decoding(card, seen, until=time.monotonic()) == (card, seen)
    assert engine.bytes == 3 * 64 * 64 * 4
    nothing = samples[0].replace(instances=samples[0].instances[:0])
    empty = [TuningImage(nothing, engine, samples[0].instances[:0])]
    assert tune_decoding(card, empty, until=FAR)[0] == card


def test_a_caching_engine_runs_once_for_each_input():
    inputs = []

    class Slow:
        def double(self, array):
            inputs.append(array)
            return [array * 2]

        @property
        def graphs(self):
            return Graphs({"double": self.double})

    caching = CachingEngine(Slow())
    for number in (1.0, 2.0, 1.0):
        (answer,) = caching.graphs["double"](np.full(4, number))
        assert answer.tolist() == [2 * number] * 4
    assert len(inputs) == 2
    assert caching.bytes == 2 * 4 * 8
    (answer,) = caching.graphs["double"](np.full((2, 2), 2.0))  # the same bytes, another shape
    assert answer.shape == (2, 2)


def test_a_contour_stage_that_adds_nothing_is_not_used():
    learned = contract.learned("snake")
    card = tune(learned.segmenter, learned.card, [learned.sample], lambda *_: None)
    used = card.config["stages_used"]
    assert used is not None
    ap = {count: _ap_with_stages(learned, count) for count in (1, 2, 3)}
    assert ap[used] >= max(ap.values()) - 2e-3


def _ap_with_stages(learned, count):
    card = learned.card.replace(config={**learned.card.config, "stages_used": count})
    found = candidates(Predictor(TorchEngine(learned.segmenter), card), learned.sample)
    tuned = tune_thresholds([learned.sample.instances], [found])
    return tuned.ap


@pytest.mark.parametrize(("ap_of_two", "used"), [(0.9, 2), (0.8985, 2), (0.8975, None), (0.95, 2)])
def test_faster_settings_are_taken_where_they_lose_next_to_nothing(monkeypatch, ap_of_two, used):
    ap_of_stages = {3: 0.9, 2: ap_of_two, 1: 0.0}
    monkeypatch.setattr(tuning, "candidates", lambda predictor, _: predictor.config.stages_run)
    monkeypatch.setattr(tuning, "_highest_ap", lambda seen: ap_of_stages[seen[0].predicted])
    learned = contract.learned("snake")
    seen = [TuningImage(learned.sample, TorchEngine(learned.segmenter), 3)]
    card, _ = tune_decoding(learned.card, seen, until=np.inf)
    assert card.config["stages_used"] == used
