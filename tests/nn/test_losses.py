"""Losses against their formulas written out, and their silence where there is nothing."""

import math

import pytest
import torch
from torch.testing import assert_close

from kontur.nn.losses import (
    LOSSES,
    binary_cross_entropy,
    cross_entropy,
    dice,
    focal,
    heatmap_focal_loss,
    l1,
    mse,
    smooth_l1,
)
from tests.naive import nn as naive


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


def test_the_mean_squared_error_is_the_library_s():
    predicted, target = torch.tensor([[1.0, -2.0], [0.5, 3.0]]), torch.tensor([[0.0, 1], [1, 1]])
    found = mse(predicted, target, torch.ones(2))
    assert_close(found, torch.nn.functional.mse_loss(predicted, target))
    assert found.item() == (1 + 9 + 0.25 + 4) / 4


def test_an_object_counts_by_its_weight():
    predicted, target = torch.tensor([[1.0], [3.0]]), torch.zeros(2, 1)
    assert l1(predicted, target, torch.tensor([2.0, 0.0])).item() == pytest.approx(1.0)


@pytest.mark.parametrize("loss", [l1, mse, smooth_l1])
def test_without_objects_the_loss_is_zero_and_its_gradient_too(loss):
    predicted = torch.zeros(0, 4, 2, requires_grad=True)
    value = loss(predicted, torch.zeros(0, 4, 2), torch.zeros(0))
    value.backward()
    assert value.item() == 0
    assert predicted.grad.shape == (0, 4, 2)


def maps(n=2, k=3, h=4, w=5, ignored=0.3):
    """Logits and targets, some of them -1."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n, k, h, w, generator=generator, dtype=torch.float64)
    target = torch.randint(0, k, (n, h, w), generator=generator)
    target[torch.rand(n, h, w, generator=generator) < ignored] = -1
    return logits, target


@pytest.mark.parametrize("class_weight", [None, torch.tensor([0.5, 2.0, 0.0]).double()])
def test_cross_entropy_is_its_formula_and_the_library_s(class_weight):
    logits, target = maps()
    weights = [1.0, 1.0, 1.0] if class_weight is None else class_weight.tolist()
    found = cross_entropy(logits, target, class_weight=class_weight)
    expected = naive.cross_entropy(logits.numpy(), target.numpy(), weights, -1)
    assert found.item() == pytest.approx(expected, rel=1e-5)
    library = torch.nn.functional.cross_entropy(
        logits, target, weight=class_weight, ignore_index=-1
    )
    assert_close(found, library)


def test_dice_is_its_formula_over_the_classes_that_occur():
    logits, target = maps()
    probabilities = logits.softmax(dim=1)
    expected = naive.dice(probabilities.numpy(), target.numpy(), -1)
    assert dice(probabilities, target).item() == pytest.approx(expected, rel=1e-5)
    target[target == 1] = 2
    expected = naive.dice(probabilities.numpy(), target.numpy(), -1)
    assert dice(probabilities, target).item() == pytest.approx(expected, rel=1e-5)


def test_dice_is_zero_when_all_is_right_and_one_when_all_is_wrong():
    target = torch.tensor([[[0, 1], [1, -1]]])
    right = torch.nn.functional.one_hot(target.clamp(min=0), 2).movedim(-1, 1).float()
    assert dice(right, target).item() == pytest.approx(0)
    assert dice(1 - right, target).item() == pytest.approx(1)


def test_binary_cross_entropy_and_focal_loss_are_their_formulas():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20, generator=generator) * 3
    target = (torch.rand(20, generator=generator) < 0.4).float()
    weight = torch.rand(20, generator=generator)
    numbers = [each.numpy() for each in (logits, target, weight)]
    halves = naive.binary_focal_loss(*numbers, alpha=0.5, gamma=0)
    found = binary_cross_entropy(logits, target, weight)
    assert found.item() == pytest.approx(2 * halves / weight.sum().item(), rel=1e-5)
    positives = max(1.0, (target * weight).sum().item())
    expected = naive.binary_focal_loss(*numbers, alpha=0.25, gamma=2) / positives
    assert focal(logits, target, weight).item() == pytest.approx(expected, rel=1e-5)


def test_a_weight_of_one_number_a_row_is_that_of_all_its_numbers():
    logits, target = torch.randn(3, 4), torch.zeros(3, 4)
    rows = torch.tensor([[1.0], [0.0], [2.0]])
    for loss in (binary_cross_entropy, focal):
        assert_close(loss(logits, target, rows), loss(logits, target, rows.expand(3, 4)))


def test_a_sure_and_wrong_answer_stays_finite_in_every_loss():
    sure = torch.tensor([[[[100.0]], [[-100.0]]]], requires_grad=True)
    wrong = torch.ones(1, 1, 1, dtype=torch.int64)
    ones = torch.ones(1)
    for value in (
        cross_entropy(sure, wrong),
        dice(sure.softmax(dim=1), wrong),
        binary_cross_entropy(sure[0, 0, 0], torch.zeros(1), ones),
        focal(sure[0, 0, 0], torch.zeros(1), ones),
    ):
        assert torch.isfinite(value)
        (gradient,) = torch.autograd.grad(value, sure, retain_graph=True)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("places", [0, 3])
@pytest.mark.parametrize("loss", [cross_entropy, dice])
def test_where_all_is_ignored_or_nothing_is_a_loss_of_classes_is_zero(loss, places):
    logits = torch.randn(2, 3, places, requires_grad=True)
    value = loss(logits, torch.full((2, places), -1))
    value.backward()
    assert value.item() == 0
    assert not logits.grad.any()


@pytest.mark.parametrize("numbers", [0, 3])
@pytest.mark.parametrize("loss", [binary_cross_entropy, focal])
def test_where_nothing_has_weight_a_binary_loss_is_zero(loss, numbers):
    logits = torch.randn(numbers, requires_grad=True)
    value = loss(logits, torch.ones(numbers), torch.zeros(numbers))
    value.backward()
    assert value.item() == 0
    assert not logits.grad.any()


def test_the_gradients_of_the_losses_are_right():
    logits, target = maps(n=1, h=2, w=2)
    logits.requires_grad_()
    check = torch.autograd.gradcheck
    weights = torch.tensor([0.5, 2.0, 1.0]).double()
    assert check(lambda x: cross_entropy(x, target, class_weight=weights), logits)
    assert check(lambda x: dice(x.softmax(dim=1), target), logits)
    binary, ones = (target > 0).double(), torch.ones(1, 2, 2).double()
    assert check(lambda x: focal(x[:, 0], binary, ones), logits)
    assert check(lambda x: binary_cross_entropy(x[:, 0], binary, ones), logits)
    peaks = torch.tensor([[[[1.0, 0.3], [0.0, 0.8]]]]).double()
    assert check(lambda x: heatmap_focal_loss(x[:, :1], peaks, ones[None]), logits)
    for loss in (mse, l1, smooth_l1):
        assert check(lambda x, loss=loss: loss(x[0, 0], binary[0], ones[0, 0]), logits)


def test_losses_are_found_by_name():
    assert LOSSES["mse"] is mse
    assert set(LOSSES) == {
        "mse", "l1", "smooth-l1", "cross-entropy", "binary-cross-entropy", "focal", "dice",
    }  # fmt: skip
