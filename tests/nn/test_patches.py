"""Patches against a loop, against convolutions, there and back."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.patches import (
    PatchExpanding,
    PatchMerging,
    PatchPartition,
    gather_patches,
    spread_patches,
)
from tests.naive import nn as naive
from tests.nn.traced import traced


def maps(b=2, h=4, w=8, d=3):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(b, h, w, d, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("side", [1, 2, 4])
def test_gathering_patches_equals_a_loop_and_spreading_them_undoes_it(side):
    x = maps()
    gathered = gather_patches(x, side)
    for one, expected in zip(gathered, x, strict=True):
        assert_close(one, torch.from_numpy(naive.gather_patches(expected.numpy(), side)))
    assert torch.equal(spread_patches(gathered, side), x)


def test_a_partition_is_a_convolution_of_stride_four():
    partition = PatchPartition(3, 5).double()
    conv = nn.Conv2d(3, 5, 4, stride=4).double()
    with torch.no_grad():
        conv.weight.copy_(partition.embed.weight.view(5, 4, 4, 3).permute(0, 3, 1, 2))
        conv.bias.copy_(partition.embed.bias)
    images = maps(d=3).permute(0, 3, 1, 2)
    assert_close(partition(images), partition.norm(conv(images).permute(0, 2, 3, 1)))


def test_merging_halves_the_sides_and_doubles_the_width():
    merging, x = PatchMerging(3).double(), maps()
    merged = merging(x)
    assert merged.shape == (2, 2, 4, 6)
    square = torch.cat([x[1, 2, 4], x[1, 2, 5], x[1, 3, 4], x[1, 3, 5]])
    assert_close(merged[1, 1, 2], merging.reduce.weight @ merging.norm(square))


@pytest.mark.parametrize(("outputs", "factor"), [(2, 2), (4, 4)])
def test_expanding_is_a_transposed_convolution_without_overlap(outputs, factor):
    expanding = PatchExpanding(4, outputs, factor=factor).double()
    conv = nn.ConvTranspose2d(4, outputs, factor, stride=factor, bias=False).double()
    with torch.no_grad():
        weight = expanding.expand.weight.view(factor, factor, outputs, 4)
        conv.weight.copy_(weight.permute(3, 2, 0, 1))
    x = maps(d=4)
    expected = conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert expected.shape == (2, 4 * factor, 8 * factor, outputs)
    assert_close(expanding(x), expanding.norm(expected))


def test_a_token_touches_its_own_square_only():
    expanding, x = PatchExpanding(4, 4, factor=4).double(), maps(b=1, d=4)
    moved = x.clone()
    moved[0, 1, 2] += 1
    changed = (expanding(moved) != expanding(x)).any(dim=-1)[0]
    assert changed[4:8, 8:12].all()
    assert changed.sum() == 16


@pytest.mark.parametrize(
    ("block", "shape"),
    [
        (PatchPartition(2, 3, side=2), (1, 2, 2, 4)),
        (PatchMerging(2), (1, 2, 2, 2)),
        (PatchExpanding(4, 2), (1, 1, 2, 4)),
    ],
    ids=["partition", "merging", "expanding"],
)
def test_its_gradient_is_right(block, shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.autograd.gradcheck(block.double(), x.requires_grad_())


def test_what_does_not_divide_is_refused_and_no_image_gives_none():
    with pytest.raises(ValueError, match="multiples of the patch's side 4, got 6×8"):
        PatchPartition(3, 5)(torch.zeros(1, 3, 6, 8))
    with pytest.raises(ValueError, match="multiples of the patch's side 2, got 4×7"):
        PatchMerging(3)(torch.zeros(1, 4, 7, 3))
    with pytest.raises(ValueError, match="6 channels do not fill a square of 2×2"):
        spread_patches(torch.zeros(1, 2, 2, 6), 2)
    assert PatchPartition(3, 5)(torch.zeros(0, 3, 8, 8)).shape == (0, 2, 2, 5)


@pytest.mark.parametrize(
    ("block", "shape", "sentence"),
    [
        (PatchPartition(3, 5), (1, 12, 8, 8), "patch partition takes 3 channels, got 12"),
        (PatchMerging(3), (1, 4, 4, 6), "patch merging takes 3 channels, got 6"),
        (PatchExpanding(4, 2), (1, 4, 4, 2), "patch expanding takes 4 channels, got 2"),
    ],
    ids=["partition", "merging", "expanding"],
)
def test_another_number_of_channels_is_refused(block, shape, sentence):
    with pytest.raises(ValueError, match=sentence):
        block(torch.zeros(shape))


def test_exported_they_take_any_size():
    network = nn.Sequential(PatchPartition(1, 4), PatchMerging(4), PatchExpanding(8, 4))
    run = traced(network, torch.zeros(1, 1, 16, 16), dynamic=(0, 2, 3))
    for shape in [(1, 1, 8, 8), (3, 1, 24, 40)]:
        x = torch.randn(shape)
        assert_close(run(x), network(x))
