"""The torch engine: its mode, its weights, networks made of files."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.infer.predict import Predictor
from kontur.models import catalog
from tests.models import contract


def random(*shape, high=1.0, seed=0):
    return (np.random.default_rng(seed).random(shape, dtype=np.float32) * high).astype(np.float32)


def test_the_torch_engine_predicts_in_evaluation_mode_and_leaves_the_mode_as_it_was():
    segmenter = contract.network("snake")
    image = random(2, 1, 32, 32)
    outputs = []
    for training in (True, False):
        segmenter.train(training)
        outputs.append(TorchEngine(segmenter).graphs["detect"](image))
        assert all(module.training is training for module in segmenter.modules())
    for a, b in zip(*outputs, strict=True):
        assert_array_equal(a, b)


def test_the_torch_engine_sees_weights_that_change_after_it_was_made():
    segmenter = contract.network("snake")
    graphs = TorchEngine(segmenter).graphs
    image = random(1, 1, 32, 32)
    before = graphs["detect"](image)[0]
    with torch.no_grad():
        segmenter.detector.backbone.stem[0].weight *= 2
    assert not np.array_equal(before, graphs["detect"](image)[0])


@pytest.mark.parametrize("kind", sorted(catalog.FAMILIES.keys() - {"baseline"}))
def test_in_bf16_outlines_are_those_of_float32_to_a_fraction_of_a_pixel_but_not_to_the_digit(kind):
    learned = contract.learned(kind)
    engine = TorchEngine(learned.segmenter, "bf16")
    found = Predictor(engine, learned.card).predict(learned.sample.image)
    assert len(found) == len(learned.found) > 0
    assert contract.best_iou(learned.found, found).min() > 0.95
    assert not np.array_equal(found.scores, learned.found.scores)


def test_a_network_is_rebuilt_from_its_file_alone_ready_to_predict(learned):
    again = rebuild(learned.model)
    assert not any(module.training for module in again.modules())
    image = random(1, 1, 32, 32)
    for a, b in zip(
        TorchEngine(again).graphs["detect"](image),
        TorchEngine(learned.segmenter).graphs["detect"](image),
        strict=True,
    ):
        assert_allclose(a, b, atol=1e-4)
