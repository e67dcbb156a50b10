"""Maps made larger: by a kernel for every pixel, or between pixels."""

import pytest
import torch
from torch.testing import assert_close

from kontur.nn.upsample import UPS, Up
from tests.naive import nn as naive
from tests.nn.by_loops import random


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
