"""One backbone for several families: the snake, Mask R-CNN and the U-Net."""

import numpy as np
import pytest
import torch

from kontur.models.backbone import LITE0, layers_of
from kontur.nn import efficientnet
from kontur.nn.backbone import with_imagenet
from kontur.nn.shape import Layer
from tests.models import contract

SAMPLE = contract.scenes()["many"]


@pytest.mark.parametrize("kind", ["snake", "maskrcnn", "unet"])
def test_every_family_trains_on_an_efficientnet(kind):
    config = contract.settings(kind, backbone="efficientnet-lite0")
    assert config.multiple == 32
    segmenter = contract.network(kind, config)
    assert len(with_imagenet(segmenter)) == 1
    targets = contract.as_targets(kind, config, SAMPLE.instances, rng=np.random.default_rng(0))
    losses = segmenter.loss(contract.as_image(SAMPLE), targets)
    segmenter.total(losses).backward()
    (backbone,) = with_imagenet(segmenter)
    assert all(torch.isfinite(p.grad).all() for p in backbone.parameters() if p.grad is not None)
    assert sum(p.grad is not None for p in backbone.parameters()) > 100


@pytest.mark.parametrize("kind", ["snake", "maskrcnn", "unet"])
def test_graphs_of_an_efficientnet_run_on_an_image(kind):
    config = contract.settings(kind, backbone="efficientnet-lite0")
    found = contract.predictor(contract.network(kind, config), kind).predict(SAMPLE.image)
    contract.assert_sound(found, SAMPLE.size)


def test_the_layers_that_configs_count_are_those_of_the_network():
    stages = [(each.kernel, each.stride, each.depth) for each in efficientnet.STAGES]
    assert [*LITE0] == [(3, 2, 1), *stages]
    assert layers_of("residual", (2,)) == [Layer(3, 2), Layer(3, 2), Layer(3), Layer(3), Layer(3)]
