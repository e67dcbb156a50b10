"""Settings of decoding are tuned on what a network said once of each image."""

import time

import numpy as np
import pytest

from kontur.models import catalog
from kontur.models.card import Thresholds
from kontur.train import validate
from kontur.train.validate import Recalled, Seen, candidates, descend, tune
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
    looked = validate.candidates
    monkeypatch.setattr(validate, "candidates", lambda *given: tried.append(1) or looked(*given))
    tune(learned.segmenter, badly(learned, opening=4.0), samples, lambda done, total: None)
    assert len(runs) == len(samples)
    assert len(tried) > 10 * len(samples)


def test_no_time_changes_nothing_and_no_gain_changes_nothing(learned, samples):
    engine = Recalled(contract.TorchEngine(learned.segmenter))
    card = badly(learned, smallest=80)
    predictor = contract.Predictor(engine, card)
    seen = [Seen(samples[0], engine, candidates(predictor, samples[0]))]
    assert descend(card, seen, until=time.monotonic()) == (card, seen)
    assert engine.bytes == 3 * 64 * 64 * 4
    nothing = samples[0].replace(instances=samples[0].instances[:0])
    empty = [Seen(nothing, engine, samples[0].instances[:0])]
    assert descend(card, empty, until=FAR)[0] == card
