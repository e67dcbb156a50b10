"""Mask R-CNN: its size against the published one, its sampling, RoIAlign and RoI pooling."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from kontur.geometry import boxes as rectangles
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.candidates import Boxes
from kontur.models.maskrcnn.levels import roi_levels
from kontur.models.maskrcnn.loss import box_losses
from kontur.models.maskrcnn.network import MaskRCNN
from kontur.models.maskrcnn.roi_sampling import SPREAD, RoiTruth, sample_rois
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


def test_a_second_logit_and_a_pooled_level_change_what_they_should():
    config = contract.settings("maskrcnn", pooled=1, rpn={"logits": "softmax"})
    network = contract.network("maskrcnn", config).eval()
    assert config.multiple == 32
    features, scores, deltas = network.graphs()["propose"](torch.zeros(2, 1, 64, 96))
    assert features.shape == (2, 16 * 24 + 8 * 12 + 4 * 6, config.pyramid)
    anchors = (16 * 24 + 8 * 12 + 4 * 6 + 2 * 3) * config.rpn.shapes
    assert scores.shape == (2, anchors, 1)
    assert deltas.shape == (2, anchors, 4)


def test_a_box_reads_the_level_of_its_size():
    sides = np.array([2.0, 20, 111, 112, 223, 224, 447, 448, 5000])
    boxes = np.stack([sides * 0, sides * 0, sides, sides], axis=1)
    found = roi_levels(boxes, np.ones(9, np.int64), size=(512, 512), strides=(4, 8, 16, 32))
    assert found.strides.tolist() == [4, 4, 4, 8, 8, 16, 16, 32, 32]
    rows = [128 * 128, 64 * 64, 32 * 32, 16 * 16]
    firsts = {4: 0, 8: rows[0], 16: sum(rows[:2]), 32: sum(rows[:3])}
    assert found.starts.tolist() == [sum(rows) + firsts[int(s)] for s in found.strides]
    assert found.sizes[:, 0].tolist() == [512 // int(s) for s in found.strides]


def proposals(*boxes):
    boxes = np.array(boxes, float).reshape(-1, 4)
    one = np.zeros(len(boxes), np.int64)
    return Boxes(boxes, np.ones(len(boxes)), one, one)


def truth(*boxes, ignored=(), seed=0):
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    ignored = np.array(ignored, np.float32).reshape(-1, 4)
    one = np.zeros(len(boxes), np.int64)
    return RoiTruth(one, boxes, one, one[:0].repeat(0), ignored[:0], np.array([seed]))._replace(
        ignored_index=np.zeros(len(ignored), np.int64), ignored=ignored
    )


def test_the_heads_learn_from_proposals_and_the_true_boxes():
    config = contract.settings("maskrcnn")
    found = proposals([1, 0, 11, 10], [4, 0, 14, 10], [50, 50, 60, 60])
    taught = sample_rois(found, truth([0, 0, 10, 10]), config)
    by_box = {
        tuple(b): (int(n), int(a))
        for b, n, a in zip(taught.boxes, taught.labels, taught.object_index, strict=True)
    }
    assert by_box == {
        (0, 0, 10, 10): (1, 0),
        (1, 0, 11, 10): (1, 0),
        (4, 0, 14, 10): (0, -1),  # IoU 0.43
        (50, 50, 60, 60): (0, -1),
    }
    objects = taught.labels > 0
    moved = rectangles.apply_deltas(taught.boxes[objects], taught.deltas[objects] * SPREAD)
    np.testing.assert_allclose(moved, [[0, 0, 10, 10]] * 2, atol=1e-5)


def test_a_region_to_ignore_is_no_background_and_nothing_gives_nothing():
    config = contract.settings("maskrcnn")
    inside = sample_rois(proposals([1, 1, 5, 5]), truth(ignored=[[0, 0, 9, 9]]), config)
    assert len(inside.boxes) == 0
    assert len(sample_rois(proposals(), truth(), config).boxes) == 0


def test_one_seed_draws_one_sample_and_another_seed_another():
    config = contract.settings("maskrcnn", rois=8)
    corners = np.random.default_rng(0).uniform(20, 60, (50, 2))
    found = proposals(*np.concatenate([corners, corners + 3], axis=1))
    first, again, other = (
        sample_rois(found, truth([0, 0, 9, 9], seed=s), config) for s in (5, 5, 6)
    )
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert not np.array_equal(first.boxes, other.boxes)


def test_only_the_true_class_s_box_of_an_object_is_compared():
    deltas = torch.zeros(3, 2, 4, requires_grad=True)
    losses = box_losses(
        *(torch.zeros(3, 3), deltas),
        labels=torch.tensor([0, 2, 1]),
        targets=torch.tensor([[7.0] * 4, [1.0] * 4, [0.0] * 4]),
    )
    assert_close(losses["roi_class"], torch.tensor(3.0).log())
    assert_close(losses["roi_box"], torch.tensor(0.5 / 3))
    losses["roi_box"].backward()
    assert deltas.grad.flatten(2).any(dim=2).tolist() == [[False] * 2, [False, True], [False] * 2]


def test_a_batch_of_images_without_objects_trains_the_proposals_only():
    network = contract.network("maskrcnn")
    nothing = Instances.empty((64, 64))
    targets = contract.as_targets("maskrcnn", network.config, nothing, nothing)
    losses = network.loss(torch.zeros(2, 1, 64, 64), targets)
    assert losses["mask"].item() == losses["roi_box"].item() == losses["rpn_box"].item() == 0
    assert losses["rpn_class"].item() > 0
