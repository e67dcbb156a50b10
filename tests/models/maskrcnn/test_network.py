"""Mask R-CNN: its size against the published one, RoIAlign and RoI pooling."""

import pytest
import torch

from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.maskrcnn.network import MaskRCNN
from tests.models import contract

PUBLISHED = 44_401_393  # torchvision's page of maskrcnn_resnet50_fpn, 91 classes with background
SCENE = contract.scenes()["many"]


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.fixture(scope="module")
def paper():
    names = [str(i) for i in range(90)]
    with torch.device("meta"):
        return MaskRCNN(catalog.config("maskrcnn", {"classes": names}, preset="paper"))


def test_the_paper_s_network_is_as_large_as_the_published_one(paper):
    assert abs(count(paper) / PUBLISHED - 1) < 0.002


def test_with_the_focal_loss_every_parameter_before_the_heads_learns_from_the_scores():
    config = contract.settings("maskrcnn", rpn={"loss": "focal"})
    network = contract.network("maskrcnn", config)
    targets = contract.as_targets("maskrcnn", config, SCENE.instances)
    network.loss(contract.as_image(SCENE), targets)["rpn_class"].backward()
    for part in (network.trunk, network.rpn.conv, network.rpn.scores):
        assert all(p.grad is not None and p.grad.any() for p in part.parameters())


def test_images_that_do_not_fit_are_refused_with_what_to_do():
    network = contract.network("maskrcnn")
    targets = contract.as_targets("maskrcnn", network.config, Instances.empty((64, 64)))
    for seen in (lambda x: network.loss(x, targets), network.graphs()["propose"]):
        with pytest.raises(ValueError, match="images of 1 channels, got 3"):
            seen(torch.zeros(1, 3, 64, 64))
        with pytest.raises(ValueError, match=r"multiples of 16, got 64×70; pad to 64×80 or use"):
            seen(torch.zeros(1, 1, 64, 70))


def test_the_first_stage_depends_on_no_weight_of_the_heads():
    network = contract.network("maskrcnn")
    targets = contract.as_targets("maskrcnn", network.config, SCENE.instances)
    losses = network.loss(contract.as_image(SCENE), targets)
    sum(losses[name] for name in network.stages()["rpn"]).backward()
    for head in (network.boxes, network.masks):
        assert all(p.grad is None for p in head.parameters())


def test_a_batch_of_images_without_objects_trains_the_proposals_only():
    network = contract.network("maskrcnn")
    nothing = Instances.empty((64, 64))
    targets = contract.as_targets("maskrcnn", network.config, nothing, nothing)
    losses = network.loss(torch.zeros(2, 1, 64, 64), targets)
    assert losses["mask"].item() == losses["roi_box"].item() == losses["rpn_box"].item() == 0
    assert losses["rpn_class"].item() > 0


def test_the_paper_s_heads_have_the_published_sizes(paper):
    layers = 256 * 49 * 1024 + 1024 + 1024 * 1024 + 1024
    outputs = 1024 * 91 + 91 + 1024 * 360 + 360
    assert count(paper.boxes) == layers + outputs
    convolution = 256 * 256 * 9 + 256
    assert count(paper.masks) == 4 * convolution + 256 * 256 * 4 + 256 + 256 * 90 + 90
    shapes = 3
    assert count(paper.rpn) == convolution + 256 * 6 * shapes + 6 * shapes
    assert paper.config.anchor_strides == (4, 8, 16, 32, 64)
    assert paper.config.multiple == 64


@pytest.mark.parametrize(("roi", "reduce"), [("align", "max"), ("align", "mean"), ("pool", "max")])
def test_every_way_to_look_into_a_box_learns(roi, reduce):
    config = contract.settings("maskrcnn", roi=roi, reduce=reduce)
    network = contract.network("maskrcnn", config)
    targets = contract.as_targets("maskrcnn", config, SCENE.instances)
    losses = network.loss(contract.as_image(SCENE), targets)
    network.total(losses).backward()
    for part in (network.boxes, network.masks, network.trunk):
        assert all(p.grad is not None and p.grad.any() for p in part.parameters())


def test_a_second_logit_and_a_pooled_level_change_what_they_should():
    config = contract.settings("maskrcnn", pooled=1, rpn={"logits": "softmax"})
    network = contract.network("maskrcnn", config).eval()
    assert config.multiple == 32
    features, scores, deltas = network.graphs()["propose"](torch.zeros(2, 1, 64, 96))
    assert features.shape == (2, 16 * 24 + 8 * 12 + 4 * 6, config.pyramid)
    anchors = (16 * 24 + 8 * 12 + 4 * 6 + 2 * 3) * config.rpn.shapes
    assert scores.shape == (2, anchors, 1)
    assert deltas.shape == (2, anchors, 4)
