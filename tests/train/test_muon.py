"""Muon: the turned step against a singular value decomposition, the rest against torch's Adam."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.train.muon import Muon, is_matrix, turning


@pytest.mark.parametrize("shape", [(16, 16), (16, 90), (90, 16)])
def test_every_direction_of_a_turned_matrix_is_about_as_long(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    matrix = matrix * torch.logspace(0, -1, shape[1])
    (factor,) = turning([matrix])
    found = factor @ matrix if len(factor) == len(matrix) else matrix @ factor
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    lengths = torch.linalg.svdvals(found)
    assert 0.5 < lengths.min() <= lengths.max() < 1.3
    assert nn.functional.cosine_similarity(found.flatten(), (u @ v).flatten(), dim=0) > 0.95


def test_a_step_is_that_of_jordan_s_five_rounds_for_each_weight():
    generator = torch.Generator().manual_seed(0)
    shapes = [(16, 24), (24, 16), (16, 24), (24, 2, 3, 3), (16, 24)]
    weights = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]
    weights[3].data = weights[3].data.to(memory_format=torch.channels_last)
    muon = Muon(weights, lr=0.1, weight_decay=0.5)
    before = [weight.detach().double() for weight in weights]
    momenta = [torch.zeros_like(weight) for weight in before]
    for step in range(3):
        for weight in weights[: 5 - step]:  # the last ones have no gradient any more
            weight.grad = torch.sin(weight.detach() * 3 + step)
        for i, weight in enumerate(weights):
            if weight.grad is None:
                continue
            momenta[i] = 0.95 * momenta[i] + weight.grad.double()
            x = (weight.grad + 0.95 * momenta[i]).flatten(1)
            x = x / x.norm()
            for _ in range(5):
                square = x @ x.T
                x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
            size = 0.2 * max(x.shape) ** 0.5
            before[i] = before[i] * 0.95 - 0.1 * size * x.view_as(weight)
        muon.step()
        for weight, expected in zip(weights, before, strict=True):
            assert_close(weight.detach().double(), expected, atol=1e-3, rtol=1e-3)
        muon.zero_grad()


def test_nothing_stays_nothing():
    weight = nn.Parameter(torch.ones(16, 20))
    weight.grad = torch.zeros(16, 20)
    Muon([weight], lr=0.1).step()
    assert_close(weight.detach(), torch.ones(16, 20))
    assert turning([]) == []


def test_convolutions_are_matrices_and_norms_depthwise_kernels_and_small_heads_are_not():
    assert is_matrix(torch.zeros(32, 16, 3, 3))
    assert is_matrix(torch.zeros(64, 32))
    for other in ((64,), (64, 1, 1, 9), (5, 48, 1, 1)):
        assert not is_matrix(torch.zeros(other))


def test_what_is_no_matrix_takes_adam_s_step():
    own, reference = (nn.Parameter(torch.linspace(-1, 1, 7)) for _ in range(2))
    muon = Muon([own], lr=0.01, weight_decay=0.1)
    adam = torch.optim.AdamW([reference], lr=0.01, weight_decay=0.1)
    for step in range(5):
        for weight in (own, reference):
            weight.grad = torch.sin(weight.detach() * 3 + step)
        muon.step()
        adam.step()
        assert_close(own, reference)


def test_a_step_of_a_matrix_is_as_large_as_one_of_adam():
    weight = nn.Parameter(torch.zeros(64, 32, 3, 3))
    weight.grad = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    Muon([weight], lr=1.0).step()
    assert 0.1 < weight.detach().square().mean().sqrt() < 0.3


def test_weights_without_a_gradient_stay():
    weight = nn.Parameter(torch.ones(16, 16))
    Muon([weight], lr=1.0, weight_decay=0.5).step()
    assert_close(weight.detach(), torch.ones(16, 16))


def test_it_goes_on_from_its_state_as_if_it_had_not_stopped():
    def stepped(weights, muon, steps):
        for step in steps:
            for weight in weights:
                weight.grad = torch.sin(weight.detach() + step)
            muon.step()

    start = [torch.randn(20, 30), torch.randn(20)]
    whole = [nn.Parameter(each.clone()) for each in start]
    muon = Muon(whole, lr=0.02)
    stepped(whole, muon, range(3))
    other = [nn.Parameter(each.detach().clone()) for each in whole]
    resumed = Muon(other, lr=0.02)
    resumed.load_state_dict(copy.deepcopy(muon.state_dict()))
    stepped(whole, muon, range(3, 6))
    stepped(other, resumed, range(3, 6))
    assert_close(list(other), list(whole))
