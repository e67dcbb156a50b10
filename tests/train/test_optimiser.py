import copy
import math
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler
from torch.testing import assert_close

from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.segmenter import Segmenter
from kontur.train.config import OptimiserConfig
from kontur.train.optimiser import (
    SCHEDULES,
    averaged,
    build_optimiser,
    decay_at,
    lasso,
    parameter_groups,
    rate_at,
)


def test_matrices_decay_and_norms_and_biases_do_not():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    decayed, spared = parameter_groups(network, 0.1)
    assert decayed["weight_decay"] == 0.1
    assert spared["weight_decay"] == 0.0
    assert {id(p) for p in decayed["params"]} == {id(network[0].weight), id(network[3].weight)}
    assert len(spared["params"]) == 4


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_every_weight_of_a_network_is_in_one_group(kind):
    network = catalog.segmenter(kind, catalog.config(kind, {}, preset="tiny"))
    decayed, spared = (group["params"] for group in parameter_groups(network, 0.1))
    together = [id(p) for p in (*decayed, *spared)]
    assert sorted(together) == sorted(id(p) for p in network.parameters())
    assert all(p.ndim == 1 for p in spared)


def test_a_weight_without_gradient_shrinks_by_its_decay_and_a_bias_stays():
    layer = nn.Linear(2, 2)
    before = [p.detach().clone() for p in layer.parameters()]
    config = OptimiserConfig(name="adamw", rate=0.1, weight_decay=0.5)
    optimiser = build_optimiser(layer, config)
    for p in layer.parameters():
        p.grad = torch.zeros_like(p)
    optimiser.step()
    torch.testing.assert_close(layer.weight.detach(), before[0] * (1 - 0.1 * 0.5))
    torch.testing.assert_close(layer.bias.detach(), before[1], rtol=0, atol=0)


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_every_optimiser_goes_downhill(name):
    torch.manual_seed(0)
    layer = nn.Linear(4, 1)
    x, y = torch.randn(32, 4), torch.randn(32, 1)
    optimiser = build_optimiser(layer, OptimiserConfig(name=name, rate=0.05))
    losses = []
    for _ in range(20):
        optimiser.zero_grad()
        loss = ((layer(x) - y) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_rate_climbs_then_follows_half_a_cosine():
    config = OptimiserConfig(warm_up=0.2, floor=0.1)
    assert rate_at(0.0, config) == 0.01  # not nothing
    assert rate_at(0.1, config) == pytest.approx(0.5)
    assert rate_at(0.2, config) == pytest.approx(1.0)
    assert rate_at(0.4, config) == pytest.approx(0.1 + 0.9 * (1 + math.cos(math.pi / 4)) / 2)
    assert rate_at(0.6, config) == pytest.approx(0.55)
    assert rate_at(1.0, config) == pytest.approx(0.1)
    assert rate_at(1.5, config) == pytest.approx(0.1)


def test_a_constant_schedule_stays_and_no_warm_up_starts_full():
    config = OptimiserConfig(schedule="constant", warm_up=0.0)
    assert [rate_at(p, config) for p in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]
    assert rate_at(0.0, OptimiserConfig(warm_up=0.0)) == 1.0


def test_a_restart_gives_each_round_a_climb_and_a_cosine_of_its_own():
    once = OptimiserConfig(warm_up=0.2, floor=0.1)
    twice = once.replace(restarts=(0.4,))
    for way in (0.0, 0.1, 0.5, 0.99):
        assert rate_at(0.4 * way, twice) == pytest.approx(rate_at(way, once))
        assert rate_at(0.4 + 0.6 * way, twice) == pytest.approx(rate_at(way, once))
    assert rate_at(1.0, twice) == pytest.approx(0.1)


def test_restarts_that_do_not_ascend_are_refused():
    with pytest.raises(InputError, match="the restarts must ascend"):
        OptimiserConfig.read({"restarts": [0.5, 0.2]}, where="here")


def test_drops_that_do_not_ascend_and_a_floor_that_is_never_reached_are_refused():
    with pytest.raises(InputError, match="the drops must ascend, got"):
        OptimiserConfig.read({"drops": [0.5, 0.5]}, where="here")
    with pytest.raises(InputError, match="never reaches 0"):
        OptimiserConfig.read({"schedule": "exponential", "floor": 0}, where="here")


STEPS = 20
REFERENCES = {
    "constant": lambda o: lr_scheduler.ConstantLR(o, factor=1.0),
    "linear": lambda o: lr_scheduler.LinearLR(o, 1.0, 0.1, total_iters=STEPS),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS, eta_min=0.1),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, 0.1 ** (1 / STEPS)),
    "step": lambda o: lr_scheduler.MultiStepLR(o, [10, 15], gamma=0.1),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_the_one_that_torch_calls_so(name):
    config = OptimiserConfig(schedule=name, warm_up=0.0, floor=0.1)
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = REFERENCES[name](optimiser)
    for step in range(STEPS + 1):
        assert rate_at(step / STEPS, config) == pytest.approx(reference.get_last_lr()[0])
        optimiser.step()
        reference.step()


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_climbs_begins_anew_and_never_rises_in_between(name):
    config = OptimiserConfig(schedule=name, warm_up=0.1, restarts=(0.5,))
    rates = [rate_at(p / 100, config) for p in range(101)]
    assert rates[:50] == pytest.approx(rates[50:100])
    assert rates[5:50].index(max(rates)) == 0
    assert rates[5] == pytest.approx(1.0)
    assert all(a >= b for a, b in pairwise(rates[5:50]))
    assert min(rates) > 0


def test_lasso_counts_matrices_and_its_gradient_is_their_sign():
    layer = nn.Linear(3, 2)
    penalty = lasso(nn.Sequential(layer, nn.BatchNorm1d(2)))
    penalty.backward()
    torch.testing.assert_close(penalty, layer.weight.detach().abs().sum())
    assert torch.equal(layer.weight.grad, layer.weight.detach().sign())
    assert layer.bias.grad is None


def test_with_l1_more_weights_are_drawn_to_nothing():
    torch.manual_seed(0)
    x = torch.randn(64, 8)
    y = x[:, :1] - 2 * x[:, 1:2]  # six of the features say nothing
    small = {}
    for l1 in (0.0, 0.1):
        torch.manual_seed(1)
        layer = nn.Linear(8, 1)
        optimiser = build_optimiser(layer, OptimiserConfig(name="sgd", rate=0.01, weight_decay=0))
        for _ in range(20):
            optimiser.zero_grad()
            (((layer(x) - y) ** 2).mean() + l1 * lasso(layer)).backward()
            optimiser.step()
        small[l1] = layer.weight.detach()[0, 2:].abs().mean()
    assert small[0.1] < small[0.0] / 2


class Small(Segmenter):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.norm = nn.BatchNorm1d(2)

    def loss(self, images, targets, stages=None):
        return {"sum": self.norm(self.layer(images)).sum()}

    def graphs(self):
        return {}


def walk(network: Small, steps: int):
    """The states of a network that is moved at random, buffers too."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        with torch.no_grad():
            for tensor in (*network.parameters(), *network.buffers()):
                if tensor.is_floating_point():
                    tensor.add_(torch.randn(tensor.shape, generator=generator))
                else:
                    tensor.add_(1)
        yield copy.deepcopy(network.state_dict())


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.999])
def test_the_average_equals_the_sum_written_out(decay):
    network = Small()
    average = averaged(network, decay)
    expected = None
    for updates, state in enumerate(walk(network, 30)):
        average.update_parameters(network)
        share = min(decay, (1 + updates) / (10 + updates))
        if expected is None:
            expected = {k: v.double() for k, v in state.items()}
        else:
            expected = {k: share * expected[k] + (1 - share) * v for k, v in state.items()}
    got = average.module.state_dict()
    for name, value in expected.items():
        if got[name].is_floating_point():
            assert_close(got[name].double(), value, rtol=1e-5, atol=1e-5, msg=name)
    assert got["norm.num_batches_tracked"] == 30


def test_the_first_update_takes_the_weights_as_they_are():
    network = Small()
    average = averaged(network, 0.999)
    (state,) = walk(network, 1)
    average.update_parameters(network)
    assert_close(dict(average.module.state_dict()), dict(state), rtol=0, atol=0)


def test_the_decay_climbs_to_its_final_value():
    decays = [decay_at(updates, 0.99) for updates in range(2000)]
    assert decays == sorted(decays)
    assert decays[1] == 2 / 11
    assert decays[-1] == 0.99


def test_the_average_is_not_trained():
    assert not any(p.requires_grad for p in averaged(Small(), 0.9).parameters())
