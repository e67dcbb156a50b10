"""One backbone for several families: the snake, Mask R-CNN and the U-Net."""

import numpy as np
import pytest
import torch

from kontur.infer.engines.onnx_engine import OnnxEngine
from kontur.infer.engines.torch_engine import TorchEngine
from kontur.models.backbone import LITE0, layers_of
from kontur.nn import efficientnet
from kontur.nn.backbone import with_imagenet
from kontur.nn.shape import Layer
from kontur.train.export import to_model
from tests.models import contract

SAMPLE = contract.scenes()["many"]


@pytest.mark.parametrize(
    ("kind", "graph"), [("snake", "detect"), ("maskrcnn", "propose"), ("unet", "segment")]
)
def test_on_an_efficientnet_every_parameter_learns_and_onnx_runtime_sees_what_torch_sees(
    kind, graph
):
    few = {"max_contours_per_crop": 4} if kind == "snake" else {}
    config = contract.settings(kind, backbone="efficientnet-lite0", **few)
    assert config.multiple == 32
    segmenter = contract.as_if_learned(contract.network(kind, config))
    image = contract.as_image(SAMPLE)
    assert len(with_imagenet(segmenter)) == 1
    targets = contract.as_targets(kind, config, SAMPLE.instances, rng=np.random.default_rng(0))
    segmenter.total(segmenter.loss(image, targets)).backward()
    without = [n for n, p in segmenter.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []
    assert all(torch.isfinite(p.grad).all() for p in segmenter.parameters())
    segmenter.eval()
    onnx = OnnxEngine(to_model(segmenter, contract.card(kind, config)), threads=1)
    wide = torch.cat([image, image.flip(-1)], dim=-1).numpy()
    expected = TorchEngine(segmenter).graphs[graph](wide)
    for got, wanted in zip(onnx.graphs[graph](wide), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["snake", "maskrcnn", "unet"])
def test_graphs_of_an_efficientnet_run_on_an_image(kind):
    config = contract.settings(kind, backbone="efficientnet-lite0")
    found = contract.predictor(contract.network(kind, config), kind).predict(SAMPLE.image)
    contract.assert_sound(found, SAMPLE.size)


def test_the_layers_that_configs_count_are_those_of_the_network():
    stages = [(each.kernel, each.stride, each.depth) for each in efficientnet.STAGES]
    assert [*LITE0] == [(3, 2, 1), *stages]
    assert layers_of("residual", (2,)) == [Layer(3, 2), Layer(3, 2), Layer(3), Layer(3), Layer(3)]
