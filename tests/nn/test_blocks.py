"""The blocks of the U-Nets against loops, against torch and against what they claim."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.blocks import BLOCKS, Block, Inception, PreActivation, dilated
from kontur.nn.conv import bac, cbr, separable, spatial
from kontur.nn.resnet import Bottleneck, ResidualBackbone, ResidualBlock
from kontur.nn.upsample import UPS, Up
from tests.naive import nn as naive


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def bare(block: nn.Module) -> nn.Module:
    """In evaluation mode, with norms that change nothing: what is left is convolution and ReLU."""
    for module in block.double().eval().modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
    return block


def seen_through(image, *layers):
    """An image (c, h, w) after convolutions in loops, ReLUs, and norms that change nothing."""
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            weight, (stride, _), (padding, _) = layer.weight, layer.stride, layer.padding
            image = naive.convolution(image, weight.detach().numpy(), padding=padding)
            image = image[:, ::stride, ::stride]
            if layer.bias is not None:
                image = image + layer.bias.detach().numpy()[:, None, None]
        elif isinstance(layer, nn.ReLU):
            image = np.maximum(image, 0)
    return image


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


def test_a_column_and_a_row_are_the_kernel_that_is_their_product():
    block = bare(spatial(1, 1))
    column, row = (m for m in block if isinstance(m, nn.Conv2d))
    with torch.no_grad():
        column.weight.abs_()  # so that the ReLU between them does nothing
        row.weight.abs_()
    x = random(1, 1, 6, 7).abs()
    product = column.weight[0, 0] @ row.weight[0, 0]  # (3, 1) · (1, 3)
    expected = naive.convolution(x[0].numpy(), product[None, None].detach().numpy(), padding=1)
    assert_close(block(x)[0], torch.from_numpy(expected))
    weights = [
        sum(p.numel() for p in b.parameters() if p.ndim == 4) for b in (spatial(9, 9), cbr(9, 9))
    ]
    assert weights[0] / weights[1] == 2 / 3


def test_a_separable_convolution_filters_each_channel_and_then_mixes_them():
    block = bare(separable(2, 3))
    depthwise, point = (m for m in block if isinstance(m, nn.Conv2d))
    x = random(1, 2, 5, 6)
    each = [
        naive.convolution(
            x[0, c : c + 1].numpy(), depthwise.weight[c : c + 1].detach().numpy(), padding=1
        )
        for c in range(2)
    ]
    filtered = np.maximum(np.concatenate(each), 0)
    expected = naive.convolution(filtered, point.weight.detach().numpy(), padding=0)
    assert_close(block(x)[0], torch.from_numpy(expected).clamp(min=0))


def test_bac_normalises_and_activates_before_it_convolves():
    block = bac(2, 3).double().eval()
    norm, _, conv = block
    norm.running_mean.uniform_(-1, 1)
    x = random(1, 2, 5, 5)
    active = ((x - norm.running_mean[:, None, None]) / (1 + norm.eps) ** 0.5).clamp(min=0)
    expected = naive.convolution(active[0].numpy(), conv.weight.detach().numpy(), padding=1)
    assert_close(block(x)[0], torch.from_numpy(expected))


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


def test_a_transposed_convolution_adds_a_kernel_for_every_pixel():
    up = Up("transposed", 3, 2).double()
    x = random(1, 3, 4, 5)
    weight, bias = up.body.weight.detach().numpy(), up.body.bias.detach().numpy()
    expected = naive.transposed_convolution(x[0].numpy(), weight, bias, stride=2)
    assert_close(up(x)[0], torch.from_numpy(expected))
    assert (up.channels, expected.shape) == (2, (2, 8, 10))


@pytest.mark.parametrize("name", ["bilinear", "nearest"])
def test_interpolations_sample_at_the_centres_of_smaller_pixels(name):
    up = Up(name, 2, 7)
    x = random(1, 2, 4, 3)
    assert_close(up(x)[0], torch.from_numpy(naive.twice_the_size(x[0].numpy(), name)))
    assert up.channels == 2


@pytest.mark.parametrize("name", UPS)
def test_the_gradient_of_every_up_sampling_is_right(name):
    up = Up(name, 2, 2).double()
    assert torch.autograd.gradcheck(up, random(1, 2, 3, 2).requires_grad_())


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
