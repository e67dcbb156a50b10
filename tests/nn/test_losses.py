"""Losses against their formulas written out, and their silence where there is nothing."""

import math

import pytest
import torch
from torch.testing import assert_close

from kontur.nn.losses import heatmap_focal_loss, l1, smooth_l1
from tests import naive


def test_the_focal_loss_is_its_formula_summed_pixel_by_pixel():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 2, 4, 5, generator=generator)
    target = torch.rand(2, 2, 4, 5, generator=generator) * 0.9
    target[0, 0, 1, 2] = target[1, 1, 3, 4] = 1.0
    weight = (torch.rand(2, 1, 4, 5, generator=generator) > 0.3).float()
    expected = naive.focal_loss(logits.numpy(), target.numpy(), weight.numpy())
    assert_close(heatmap_focal_loss(logits, target, weight).item(), expected, rtol=1e-5, atol=1e-6)


def test_a_sure_and_right_heatmap_costs_nothing_and_a_sure_and_wrong_one_stays_finite():
    target = torch.zeros(1, 1, 3, 3)
    target[..., 1, 1] = 1
    right = torch.where(target == 1, 100.0, -100.0)
    ones = torch.ones(1, 1, 3, 3)
    assert heatmap_focal_loss(right, target, ones).item() == pytest.approx(0, abs=1e-6)
    assert math.isfinite(heatmap_focal_loss(-right, target, ones).item())


def test_an_ignored_pixel_has_no_gradient():
    logits = torch.zeros(1, 1, 2, 2, requires_grad=True)
    weight = torch.tensor([[[[1.0, 0.0], [1.0, 1.0]]]])
    heatmap_focal_loss(logits, torch.zeros(1, 1, 2, 2), weight).backward()
    assert logits.grad[0, 0, 0, 1] == 0
    assert logits.grad[0, 0, 0, 0] > 0


def test_smooth_l1_is_quadratic_below_beta_and_linear_above():
    predicted, target = torch.tensor([[0.5, 3.0]]), torch.zeros(1, 2)
    expected = (0.5 * 0.5**2 + (3.0 - 0.5)) / 2
    assert smooth_l1(predicted, target, torch.ones(1)).item() == pytest.approx(expected)


def test_an_object_counts_by_its_weight():
    predicted, target = torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)
    assert l1(predicted, target, torch.tensor([2.0, 0.0])).item() == pytest.approx(1.0)


@pytest.mark.parametrize("loss", [l1, smooth_l1])
def test_without_objects_the_loss_is_zero_and_its_gradient_too(loss):
    predicted = torch.zeros(0, 4, 2, requires_grad=True)
    value = loss(predicted, torch.zeros(0, 4, 2), torch.zeros(0))
    value.backward()
    assert value.item() == 0
    assert predicted.grad.shape == (0, 4, 2)
