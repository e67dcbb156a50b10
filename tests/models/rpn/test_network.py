"""The region proposal network: its maps in the order of the anchors."""

import pytest
import torch
from torch.testing import assert_close

from kontur.geometry.anchors import anchors
from kontur.models.rpn.config import RpnConfig
from kontur.models.rpn.network import RegionProposals


@pytest.mark.parametrize(("logits", "numbers"), [("sigmoid", 1), ("softmax", 2)])
def test_it_has_one_or_two_logits_and_four_deltas_an_anchor(logits, numbers):
    config = RpnConfig(logits=logits)
    torch.manual_seed(0)
    network = RegionProposals(6, config)
    assert network.scores.out_channels == numbers * config.shapes
    assert network.deltas.out_channels == 4 * config.shapes
    maps = [torch.randn(2, 6, 8, 12), torch.randn(2, 6, 4, 6)]
    found, deltas = network(maps)
    count = len(anchors((32, 48), (4, 8), sizes=config.sizes, ratios=config.ratios))
    assert found.shape == (2, count, numbers)
    assert deltas.shape == (2, count, 4)
    chances = network.probabilities(found)
    assert chances.shape == (2, count, 1)
    assert_close(chances, torch.full_like(chances, 0.5), atol=0.1, rtol=0)  # undecided at first


def test_two_logits_say_what_their_difference_says_alone():
    two = RegionProposals(4, RpnConfig(logits="softmax"))
    logits = torch.randn(1, 9, 2)
    expected = torch.sigmoid(logits[..., 1:] - logits[..., :1])
    assert_close(two.probabilities(logits), expected)


def test_its_numbers_stand_where_their_anchors_do():
    config = RpnConfig(sizes=(1.0,), ratios=(0.5, 2.0))
    network = RegionProposals(3, config)
    with torch.no_grad():
        for convolution in (network.conv, network.deltas):
            convolution.weight.zero_()
            convolution.bias.zero_()
        network.conv.weight[0, 0, 1, 1] = 1
        network.deltas.weight[4, 0] = 1  # tx of the second shape
    map_ = torch.arange(12.0).reshape(1, 1, 3, 4).repeat(1, 3, 1, 1)
    _, deltas = network([map_])
    assert_close(deltas[0, 1::2, 0], torch.arange(12.0))
    assert not deltas[0, ::2].any()
