"""Residual blocks and the backbone of them: shapes, gradients, weights."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.conv import conv_norm
from kontur.nn.resnet import Bottleneck, ResidualBackbone, ResidualBlock
from tests.nn.by_loops import bare, random, seen_through


def test_a_residual_block_with_a_silent_branch_passes_its_input_on():
    block = ResidualBlock(4, 4).eval()
    torch.nn.init.zeros_(block.second[1].weight)
    x = torch.rand(1, 4, 6, 6)
    assert_close(block(x), x)


def test_a_shortcut_changes_shape_only_where_the_block_does():
    assert isinstance(ResidualBlock(4, 4).shortcut, torch.nn.Identity)
    assert ResidualBlock(4, 8, stride=2)(torch.zeros(2, 4, 8, 8)).shape == (2, 8, 4, 4)
    assert len(conv_norm(4, 8)) == 2


def test_a_bottleneck_with_a_silent_branch_passes_its_input_on_and_is_narrow_inside():
    block = Bottleneck(16, 16).eval()
    nn.init.zeros_(block.branch[-1].weight)
    x = torch.rand(1, 16, 5, 5)
    assert_close(block(x), x)
    assert {m.out_channels for m in block.branch if isinstance(m, nn.Conv2d)} == {4, 16}
    assert Bottleneck(8, 16, stride=2)(torch.zeros(2, 8, 6, 6)).shape == (2, 16, 3, 3)
    with pytest.raises(ValueError, match="a quarter of its outputs, got 3"):
        Bottleneck(3, 3)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("residual", [ResidualBlock, Bottleneck])
def test_a_residual_block_adds_its_branch_to_its_shortcut(residual, stride):
    block = bare(residual(3, 8, stride=stride))
    x = random(1, 3, 6, 5)
    branch = [*block.first, *block.second] if residual is ResidualBlock else block.branch
    added = seen_through(x[0].numpy(), *branch) + seen_through(x[0].numpy(), *block.shortcut)
    assert_close(block(x)[0], torch.from_numpy(np.maximum(added, 0)))


@pytest.mark.parametrize("outputs", [4, 8])
def test_the_gradient_of_a_bottleneck_is_right(outputs):
    block = Bottleneck(4, outputs, stride=outputs // 4).double().eval()
    assert torch.autograd.gradcheck(block, random(1, 4, 4, 3).requires_grad_())


def test_three_stages_of_bottlenecks_have_the_weights_of_a_resnet_50():
    """conv2_x … conv4_x of He et al., table 1: 0.216, 1.220 and 7.098 million."""
    with torch.device("meta"):
        stages = ResidualBackbone(3, 64, (256, 512, 1024), (3, 4, 6), block="bottleneck").stages
    count = [sum(p.numel() for p in stage.parameters()) for stage in stages]
    assert count == [215_808, 1_219_584, 7_098_368]
