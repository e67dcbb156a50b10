"""Sizes and receptive fields against torch: what comes out, and which pixels move the middle."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from kontur.nn.blocks import BLOCKS, Block
from kontur.nn.shape import (
    BLOCK_LAYERS,
    UP_LAYERS,
    Layer,
    convolved,
    receptive_field,
    transposed,
)
from kontur.nn.upsample import UPS, Up


def seen_by(network: nn.Module, size: int) -> int:
    """The largest side of the square of input pixels that move one output pixel near the middle.

    With positive weights every ReLU lets its input through, so that no way is cut by chance.
    """
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    x = torch.ones(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    out = network(x).sum(dim=1)[0]
    largest = 0
    for place in range(out.shape[0] // 2, out.shape[0] // 2 + 4):
        (gradient,) = torch.autograd.grad(out[place, place], x, retain_graph=True)
        rows = np.flatnonzero(gradient[0].abs().sum(dim=(0, 2)).numpy())
        largest = max(largest, int(rows[-1] - rows[0] + 1))
    return largest


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (3, 2, 2)])
def test_sizes_after_convolutions_are_torch_s(kernel, stride, padding, dilation):
    for size in range(dilation * (kernel - 1) + 1, 20):
        image, weight = torch.zeros(1, 1, size, size), torch.zeros(1, 1, kernel, kernel)
        options = {"stride": stride, "padding": padding}
        out = functional.conv2d(image, weight, dilation=dilation, **options)
        expected = convolved(size, kernel=kernel, dilation=dilation, **options)
        assert out.shape[-1] == expected
        if padding < kernel:
            back = functional.conv_transpose2d(image, weight, **options)
            assert back.shape[-1] == transposed(size, kernel=kernel, **options)


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"spans 5 pixels does not fit into 2 with 1 on"):
        convolved(2, kernel=3, padding=1, dilation=2)


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_sees_what_its_layers_say(name):
    block = Block(name, 1, 4).double().eval()
    assert seen_by(block, 15) == receptive_field(BLOCK_LAYERS[name])


@pytest.mark.parametrize("name", UPS)
def test_every_up_sampling_sees_what_its_layer_says(name):
    after = nn.Conv2d(1, 1, 3, padding=1)  # several neighbouring outputs
    network = nn.Sequential(Up(name, 1, 1), after).double()
    assert seen_by(network, 9) == receptive_field([UP_LAYERS[name], Layer(3)])
