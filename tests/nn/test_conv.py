"""Convolutions and what is made of them, against loops."""

import numpy as np
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.conv import bac, cbr, separable, spatial
from tests.naive import nn as naive
from tests.nn.by_loops import bare, random


def test_a_cbr_block_is_convolution_then_norm_then_relu():
    block = cbr(2, 3).double().eval()
    conv, norm = block[0], block[1]
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.5, 2)
    x = torch.randn(1, 2, 5, 4, dtype=torch.float64)
    convolved = naive.convolution(x.numpy()[0], conv.weight.detach().numpy(), padding=1)
    mean, var = norm.running_mean.numpy(), norm.running_var.numpy()
    normed = (convolved - mean[:, None, None]) / (var[:, None, None] + norm.eps) ** 0.5
    assert_close(block(x)[0], torch.from_numpy(normed).clamp(min=0))


def test_a_separable_block_has_an_eighth_of_the_weights():
    dense = sum(p.numel() for p in cbr(64, 64).parameters() if p.ndim == 4)
    thin = sum(p.numel() for p in separable(64, 64).parameters() if p.ndim == 4)
    assert thin == 64 * 9 + 64 * 64
    assert thin < dense / 7


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
