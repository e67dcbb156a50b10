"""The two losses of region proposals, by hand."""

import math

import pytest
import torch
from torch.testing import assert_close

from kontur.models.rpn.config import RpnConfig
from kontur.models.rpn.loss import region_losses
from kontur.models.rpn.network import RegionProposals


@pytest.mark.parametrize("logits", ["sigmoid", "softmax"])
def test_the_losses_are_means_over_the_sampled_anchors(logits):
    config = RpnConfig(logits=logits)
    scores = torch.tensor([[[0.0, 1.5]], [[0.0, -0.5]]])  # background 0: both forms agree
    scores = scores if logits == "softmax" else scores[..., 1:]
    deltas = torch.zeros(2, 1, 4)
    losses = region_losses(
        *(scores, deltas),
        image_index=torch.tensor([0, 1]),
        anchors=torch.tensor([0, 0]),
        labels=torch.tensor([0, -1]),
        targets=torch.tensor([[1.0, 0, 0, 0], [9, 9, 9, 9]]),
        config=config,
    )
    p = [1 / (1 + math.exp(-1.5)), 1 / (1 + math.exp(0.5))]
    assert_close(losses["rpn_class"].item(), -(math.log(p[0]) + math.log(1 - p[1])) / 2)
    assert_close(losses["rpn_box"].item(), (1 - 1 / 18) / 4 / 2, rtol=1e-6, atol=0)


def test_the_focal_loss_is_its_formula_over_the_objects_among_the_sampled_anchors():
    scores, deltas = torch.tensor([[[1.5]], [[-0.5]], [[2.0]]]), torch.zeros(3, 1, 4)
    found = {
        loss: region_losses(
            *(scores, deltas),
            image_index=torch.tensor([0, 1, 2]),
            anchors=torch.tensor([0, 0, 0]),
            labels=torch.tensor([0, -1, 0]),
            targets=torch.zeros(3, 4),
            config=RpnConfig(loss=loss),
        )
        for loss in ("cross-entropy", "focal")
    }
    chance = [1 / (1 + math.exp(-each)) for each in (1.5, 0.5, 2.0)]  # of what is true
    each = [-((1 - p) ** 2) * math.log(p) for p in chance]
    expected = (0.25 * each[0] + 0.75 * each[1] + 0.25 * each[2]) / 2  # two objects
    assert_close(found["focal"]["rpn_class"].item(), expected)
    entropy = -sum(map(math.log, chance)) / 3
    assert_close(found["cross-entropy"]["rpn_class"].item(), entropy)
    with pytest.raises(ValueError, match='got logits = "softmax"; set logits = "sigmoid"'):
        RpnConfig(loss="focal", logits="softmax")


@pytest.mark.parametrize("loss", ["cross-entropy", "focal"])
def test_either_loss_teaches_which_anchors_are_objects(loss):
    config = RpnConfig(loss=loss, sizes=(2.0,), ratios=(1.0,))
    torch.manual_seed(0)
    network = RegionProposals(8, config)
    labels = torch.full((36,), -1)
    labels[[7, 22]] = 0
    image = [torch.randn(1, 8, 6, 6) + 3.0 * (labels >= 0).reshape(6, 6)]
    adam = torch.optim.Adam(network.parameters(), lr=0.03)
    for _ in range(30):
        losses = region_losses(
            *network(image),
            image_index=torch.zeros(36, dtype=torch.int64),
            anchors=torch.arange(36),
            labels=labels,
            targets=torch.zeros(36, 4),
            config=config,
        )
        adam.zero_grad()
        sum(losses.values()).backward()
        adam.step()
    chances = network.probabilities(network(image)[0])[0, :, 0]
    assert chances[labels >= 0].min() > 10 * chances[labels < 0].max()


def test_without_anchors_the_losses_are_zero_and_their_gradients_too():
    scores, deltas = (torch.zeros(1, 5, n, requires_grad=True) for n in (1, 4))
    none = torch.zeros(0, dtype=torch.int64)
    losses = region_losses(
        *(scores, deltas),
        image_index=none,
        anchors=none,
        labels=none,
        targets=torch.zeros(0, 4),
        config=RpnConfig(),
    )
    sum(losses.values()).backward()
    assert all(loss.item() == 0 for loss in losses.values())
    assert not scores.grad.any()
