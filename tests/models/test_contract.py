"""The one contract of all segmenters: what holds for each kind in the catalog."""

import copy

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine, rebuild
from kontur.infer.load import load
from kontur.infer.predict import Predictor
from kontur.models.archive import read_model, write_model
from kontur.models.card import Thresholds
from tests.models import contract
from tests.models.contract import KINDS, SIDE, scenes

pytestmark = pytest.mark.parametrize("kind", KINDS)

SCENES = scenes()


@pytest.mark.parametrize("scene", SCENES)
def test_every_loss_has_a_weight_and_is_finite_and_so_is_its_gradient(kind, scene):
    segmenter, sample = contract.network(kind), SCENES[scene]
    targets = contract.as_targets(kind, segmenter.config, sample.instances)
    losses = segmenter.loss(contract.as_image(sample), targets)
    weighted = set(type(segmenter.config.weights).model_fields)
    staged = {name for stage in segmenter.stages().values() for name in stage}
    assert set(losses) == (staged or weighted) <= weighted
    assert all(loss.shape == () and torch.isfinite(loss) for loss in losses.values())
    segmenter.total(losses).backward()
    gradients = [p.grad for p in segmenter.parameters() if p.grad is not None]
    assert gradients
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    assert all(torch.isfinite(value).all() for value in segmenter.state_dict().values())


def test_the_total_is_the_sum_of_weight_times_loss(kind):
    segmenter = contract.network(kind)
    weights = segmenter.config.weights
    losses = {name: torch.tensor(2.0**i) for i, name in enumerate(type(weights).model_fields)}
    expected = sum(getattr(weights, name) * float(loss) for name, loss in losses.items())
    assert_close(segmenter.total(losses), torch.tensor(expected))


def test_every_parameter_gets_a_gradient(kind):
    segmenter, sample = contract.as_if_learned(contract.network(kind)), SCENES["many"]
    targets = contract.as_targets(kind, segmenter.config, sample.instances)
    segmenter.total(segmenter.loss(contract.as_image(sample), targets)).backward()
    without = [n for n, p in segmenter.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_two_trainings_from_one_seed_are_equal_and_from_another_are_not(kind):
    first, second, other = (contract.train(kind, 2, seed=seed).state_dict() for seed in (5, 5, 6))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_it_learns_a_scene_by_heart(kind):
    learned = contract.learned(kind)
    truth = learned.sample.instances
    assert len(learned.found) == len(truth)
    assert contract.best_iou(truth, learned.found).mean() > 0.8


def test_a_batch_equals_its_images_one_by_one(kind):
    learned = contract.learned(kind)
    config, thresholds = learned.segmenter.config, learned.card.thresholds
    graphs = TorchEngine(learned.segmenter).graphs
    image = contract.as_image(learned.sample).numpy()
    images = [image, np.zeros_like(image), image[..., ::-1].copy()]
    sizes = [(SIDE, SIDE), (SIDE, SIDE), (SIDE - 5, SIDE - 9)]
    together = contract.decode(kind, graphs, np.concatenate(images), config, thresholds, sizes)
    assert [len(each.instances) for each in together[:2]] == [len(learned.found), 0]
    for each, alone, size in zip(together, images, sizes, strict=True):
        (single,) = contract.decode(kind, graphs, alone, config, thresholds, [size])
        contract.assert_same(each.instances, single.instances)
        assert each.repaired == single.repaired


def test_a_saved_model_finds_the_same_in_torch_and_in_onnx_runtime(kind, tmp_path):
    learned = contract.learned(kind)
    path = tmp_path / "learned.kontur"
    write_model(path, learned.model)
    read = read_model(path)
    assert read.card == learned.card
    again = rebuild(read)
    for name, value in learned.segmenter.state_dict().items():
        if not name.endswith("num_batches_tracked"):  # which only a momentum of None would use
            assert torch.equal(again.state_dict()[name], value), name
    onnx = load(path, device="cpu", threads=1)
    contract.assert_same(learned.found, onnx.predict(learned.sample.image))


@pytest.mark.parametrize("size", [(1, 1), (40, 90), (64, 64), (128, 96)])
def test_torch_and_onnx_runtime_find_the_same_at_every_size(kind, size):
    learned = contract.learned(kind)
    image = np.resize(learned.sample.image, (*size, 1))
    expected = learned.predictor.predict(image)
    onnx = Predictor(OnnxEngine(learned.model, threads=1), learned.card)
    contract.assert_same(expected, onnx.predict(image))


@pytest.mark.parametrize("shaken", [0.0, 0.15, 0.2])
def test_whatever_the_weights_every_outline_is_valid_and_inside_the_image(kind, shaken):
    """What has learned finds objects in noise; shaken, a snake crosses itself and the frame."""
    shaken *= contract.SHAKEN.get(kind, 1.0)
    segmenter = copy.deepcopy(contract.learned(kind).segmenter)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in segmenter.parameters():
            parameter *= 1 + shaken * torch.randn(parameter.shape, generator=generator)
            parameter += 0.3 * shaken * torch.randn(parameter.shape, generator=generator)
    size = (150, 231)
    image = np.random.default_rng(0).random((*size, 1), dtype=np.float32)
    seen = contract.predictor(segmenter, kind, score=0.0, overlap=1.0).predict_detailed(image)
    contract.assert_sound(seen.instances, size)
    assert len(seen.instances) > contract.IN_NOISE.get(kind, contract.USUAL_IN_NOISE)[shaken > 0]
    if shaken > 0 or kind not in contract.REPAIRED:
        assert (seen.repaired > 0) is (kind in contract.REPAIRED)


def test_a_network_of_nan_finds_nothing_and_says_nothing(kind):
    segmenter = contract.network(kind)
    with torch.no_grad():
        for parameter in segmenter.parameters():
            parameter.fill_(torch.nan)
    image = np.random.default_rng(0).random((40, 50, 1), dtype=np.float32)
    found = contract.predictor(segmenter, kind, score=0.0).predict(image)
    assert (len(found), found.size) == (0, (40, 50))


def test_thresholds_of_zero_and_one_return_all_candidates_and_none(kind):
    """All regions of a U-Net are candidates; a snake has many more than it is sure of."""
    learned = contract.learned(kind)
    graphs = TorchEngine(learned.segmenter).graphs
    image, config = contract.as_image(learned.sample).numpy(), learned.segmenter.config
    candidates = contract.CANDIDATES.get(kind, contract.USUAL_CANDIDATES)
    for thresholds, enough in (
        (Thresholds(score=0.0, overlap=1.0), lambda n: n >= candidates),
        (Thresholds(score=1.0, overlap=0.0), lambda n: n == 0),
    ):
        (decoded,) = contract.decode(kind, graphs, image, config, thresholds, [(SIDE, SIDE)])
        contract.assert_sound(decoded.instances, (SIDE, SIDE))
        assert enough(len(decoded.instances))
