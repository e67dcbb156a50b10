"""The blocks of the U-Nets: dilated, before the activation, side by side."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.blocks import BLOCKS, Block, Inception, PreActivation, dilated
from kontur.nn.conv import cbr
from kontur.nn.upsample import Up
from tests.naive import nn as naive
from tests.nn.by_loops import bare, random, seen_through


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_a_dilated_convolution_leaves_pixels_out(dilation):
    block = bare(cbr(2, 3, dilation=dilation))
    x = random(1, 2, 7, 6)
    weight = block[0].weight.detach().numpy()
    expected = naive.dilated_convolution(x[0].numpy(), weight, dilation=dilation)
    assert_close(block(x)[0], torch.from_numpy(expected).clamp(min=0))


def test_the_dilated_block_leaves_out_pixels_in_its_second_half():
    kept = [layer.dilation for layer in dilated(2, 2) if isinstance(layer, nn.Conv2d)]
    assert kept == [(1, 1), (2, 2)]


def test_a_pre_activation_block_with_a_silent_branch_passes_its_input_on_unchanged():
    block = PreActivation(4, 4).eval()
    nn.init.zeros_(block.branch[-1].weight)
    x = torch.randn(1, 4, 5, 5)
    assert torch.equal(block(x), x)  # negative numbers too: no ReLU on the way of the sum


def test_an_inception_block_puts_four_views_side_by_side():
    block = bare(Inception(3, 11))
    x = random(1, 3, 7, 8)
    views = [block.point(x), block.three(x), block.five(x), block.pooled(x)]
    assert [view.shape[1] for view in views] == [5, 2, 2, 2]
    assert_close(block(x), torch.cat(views, dim=1))
    for view, branch in zip(views, (block.point, block.three, block.five), strict=False):
        assert_close(view[0], torch.from_numpy(seen_through(x[0].numpy(), *branch)))
    kernels = [[m.kernel_size[0] for m in branch if isinstance(m, nn.Conv2d)]
               for branch in (block.point, block.three, block.five)]  # fmt: skip
    assert kernels == [[1], [1, 3], [1, 3, 3]]
    pooled = np.stack(
        [
            [
                [x[0, c, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].max() for j in range(8)]
                for i in range(7)
            ]
            for c in range(3)
        ]
    )
    expected = naive.convolution(pooled, block.pooled[1].weight.detach().numpy(), padding=0)
    assert_close(views[3][0], torch.from_numpy(expected).clamp(min=0))
    with pytest.raises(ValueError, match="four branches, got 3 outputs"):
        Inception(3, 3)


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_keeps_height_and_width_and_its_gradient_is_right(name):
    block = Block(name, 2, 4).double().eval()
    for norm in (m for m in block.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.running_mean.normal_()
    assert block(random(2, 2, 5, 3)).shape == (2, 4, 5, 3)
    assert torch.autograd.gradcheck(block, random(1, 2, 4, 3, seed=1).requires_grad_())


def test_a_name_and_a_number_of_channels_that_fit_nothing_are_reported():
    with pytest.raises(ValueError, match="no block 'doubel'; did you mean 'double'"):
        Block("doubel", 1, 1)
    with pytest.raises(ValueError, match="takes 3 channels, got 2"):
        Block("double", 3, 4)(torch.zeros(1, 2, 4, 4))
    with pytest.raises(ValueError, match="no up-sampling 'cubic'; known are transposed"):
        Up("cubic", 1, 1)
    with pytest.raises(ValueError, match="takes 3 channels, got 2"):
        Up("bilinear", 3, 4)(torch.zeros(1, 2, 4, 4))
    with pytest.raises(ValueError, match="odd sides, got 4"):
        cbr(1, 1, kernel=4)
