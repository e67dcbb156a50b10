"""The snake started from region proposals: the same network but for what finds the boxes."""

import functools

import numpy as np
import pytest
import torch

from kontur.errors import InputError
from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models.card import Thresholds
from kontur.train.export import to_model
from tests.models import contract

SCENE = contract.scenes()["many"]
STEPS = 100


@functools.cache
def learned():
    """Trained once in a process (some seconds)."""
    config = contract.settings("snake", detector="rpn", **contract.QUICK)
    return contract.learning_scene(), contract.train("snake", STEPS, config=config).eval()


def test_it_learns_a_scene_by_heart():
    sample, segmenter = learned()
    found = contract.predictor(segmenter, "snake", score=0.5).predict(sample.image)
    contract.assert_sound(found, sample.instances.size)
    assert len(found) <= 2.5 * len(sample.instances)
    assert contract.best_iou(sample.instances, found).mean() > 0.8


def test_torch_and_onnx_runtime_find_the_same():
    sample, segmenter = learned()
    card = contract.card("snake", segmenter.config)
    model = to_model(segmenter, card)
    torch_s = Predictor(TorchEngine(segmenter), card)
    onnx_s = Predictor(OnnxEngine(model, threads=1), card)
    for size in ((64, 64), (40, 90)):
        image = np.resize(sample.image, (*size, 1))
        contract.assert_same(torch_s.predict(image), onnx_s.predict(image))


def test_its_losses_are_those_of_its_stages_and_every_weight_gets_a_gradient():
    config = contract.settings("snake", detector="rpn", classes=("a", "b"))
    segmenter = contract.as_if_learned(contract.network("snake", config))
    labels = np.arange(len(SCENE.instances)) % 2
    truth = SCENE.instances.replace(classes=("a", "b"), labels=labels)
    losses = segmenter.loss(contract.as_image(SCENE), contract.as_targets("snake", config, truth))
    named = [name for stage in segmenter.stages().values() for name in stage]
    assert sorted(losses) == sorted(named)
    segmenter.total(losses).backward()
    without = [n for n, p in segmenter.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_an_image_without_objects_gives_finite_losses_and_no_boxes():
    config = contract.settings("snake", detector="rpn")
    segmenter = contract.network("snake", config)
    nothing = contract.as_targets("snake", config, Instances.empty((64, 64)))
    losses = segmenter.loss(torch.zeros(1, 1, 64, 64), nothing)
    assert all(torch.isfinite(loss) for loss in losses.values())
    graphs = TorchEngine(segmenter.eval()).graphs
    image = np.zeros((1, 1, 64, 64), np.float32)
    sure = Thresholds(score=0.9, overlap=0.5)
    (decoded,) = contract.decode("snake", graphs, image, config, sure, [(64, 64)])
    assert len(decoded.instances) == 0


def test_the_usual_snake_has_no_anchors_to_learn():
    targets = contract.as_targets("snake", contract.settings("snake"), SCENE.instances)
    assert len(targets.anchors) == len(targets.anchor_deltas) == 0


def test_a_snake_without_coarser_levels_cannot_have_anchors():
    with pytest.raises(InputError, match="levels coarser than the features"):
        contract.settings("snake", detector="rpn", stride=4, widths=(8,), depths=(1,))
