"""Gradient flow, beside the product of Jacobians that the notes give for it."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from kontur.models import catalog
from kontur.train.gradient_flow import Layer, draw_flow, flow_summary, measure_flow, scalars
from kontur.train.logger import RunLogger
from tests.models import contract
from tests.naive import nn as naive

DEPTH, WIDTH = 30, 16
ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
LOSS = torch.linspace(-1, 1, WIDTH, dtype=torch.float64)  # of the last layer's numbers, weighted


class Residual(nn.Module):
    def __init__(self, inside):
        super().__init__()
        self.inside = inside

    def forward(self, x):
        return x + self.inside(x)


def chain(activation, scale=None, *, normal=False, residual=False, depth=DEPTH):
    """Linear layers with activations; weights N(0, scale²), or Kaiming's without a scale."""
    torch.manual_seed(0)
    layers = []
    for _ in range(depth):
        linear = nn.Linear(WIDTH, WIDTH, bias=False)
        if scale is None:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        else:
            nn.init.normal_(linear.weight, std=scale)
        norm = [nn.BatchNorm1d(WIDTH)] if normal else []
        block = nn.Sequential(linear, *norm, ACTIVATIONS[activation]())
        layers.append(Residual(block) if residual else block)
    return nn.Sequential(*layers).double()


def looked_at(network, images=64):
    """The activations' layers, from the first on."""
    x = torch.randn(images, WIDTH, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    layers = measure_flow(network, lambda each: (each(x) * LOSS).sum())
    return [layer for layer in layers if math.isnan(layer.weight_gradient)]


def lost(network):
    """By what factor the gradient is smaller at the first activation than at the last."""
    layers = looked_at(network)
    return layers[-1].gradient / layers[0].gradient


@pytest.mark.parametrize(("activation", "scale"), [("sigmoid", 1.0), ("tanh", 0.3), ("relu", 0.5)])
def test_the_measured_norms_are_those_of_the_product_of_jacobians(activation, scale):
    network = chain(activation, scale, depth=8)
    x = torch.randn(1, WIDTH, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    weights, slopes = [], []
    for block in network:
        z = block[0](x).detach().requires_grad_()
        x = block[1](z)
        slopes.append(torch.autograd.grad(x.sum(), z)[0].numpy()[0])
        weights.append(block[0].weight.detach().numpy())
        x = x.detach()
    for t, layer in enumerate(looked_at(network, images=1)):
        product = naive.jacobian_product([np.eye(WIDTH), *weights[t + 1 :]],
                                         [np.ones(WIDTH), *slopes[t + 1 :]])  # fmt: skip
        expected = np.linalg.norm(product.T @ LOSS.numpy())
        assert layer.gradient == pytest.approx(expected, rel=1e-12)


def test_a_deep_sigmoid_chain_vanishes_and_a_badly_scaled_relu_chain_explodes():
    assert lost(chain("sigmoid", 0.25)) > 1e10
    assert lost(chain("relu", 1.0)) < 1e-10
    assert lost(chain("relu", 0.1)) > 1e10


def test_kaiming_s_weights_keep_the_gradient_of_relus():
    assert 1e-2 < lost(chain("relu")) < 1e2


@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_normalisation_keeps_it_whatever_the_weights_scale(scale):
    # by √(π/(π − 1)) = 1.21 it grows in every layer all the same (Yang et al., ICLR 2019)
    mended = lost(chain("relu", scale, normal=True))
    assert 1.21**-DEPTH / 10 < mended < 1
    assert lost(chain("sigmoid", scale, normal=True)) < lost(chain("sigmoid", 0.25)) / 1e3


def test_residual_connections_keep_what_a_sigmoid_chain_loses():
    assert 0.1 < lost(chain("sigmoid", 0.25, residual=True)) < 10
    assert 1e-2 < lost(chain("relu", 0.1, residual=True)) < 1e2


def test_dead_relus_and_saturated_ends_are_counted():
    layer = nn.Linear(4, 4)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(4) * 20)
        layer.bias.copy_(torch.tensor([0.0, -100.0, 0.0, -100.0]))
    x = torch.tensor([[1.0, 1.0, -1.0, 0.0], [0.5, 1.0, -0.5, 0.0]])
    (_, relu) = measure_flow(nn.Sequential(layer, nn.ReLU()), lambda n: n(x).sum())
    assert relu.dead == 0.75
    assert math.isnan(relu.saturated)
    nn.init.zeros_(layer.bias)
    for activation in (nn.Sigmoid(), nn.Tanh()):
        (_, ends) = measure_flow(nn.Sequential(layer, activation), lambda n: n(x).sum())
        assert ends.saturated == 0.75  # the last one's input is 0
        assert math.isnan(ends.dead)


def test_the_variance_is_that_of_the_output_and_the_weights_gradient_its_norm():
    layer, x = nn.Linear(3, 2), torch.randn(5, 3)
    (found,) = measure_flow(layer, lambda n: (n(x) ** 2).sum())
    assert found.name == ""
    assert found.variance == pytest.approx(float(layer(x).detach().var(correction=0)), rel=1e-5)
    (layer(x) ** 2).sum().backward()
    assert found.weight_gradient == pytest.approx(float(layer.weight.grad.norm()), rel=1e-5)


def test_a_look_leaves_the_network_as_it_is():
    network = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    measure_flow(network, lambda n: n(torch.randn(8, 4)).sum())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("kind", catalog.KINDS)
@pytest.mark.parametrize("scene", ["many", "none"])
def test_every_matrix_of_a_segmenter_is_a_layer(kind, scene):
    segmenter = contract.as_if_learned(contract.network(kind))
    sample = contract.scenes()[scene]
    targets = contract.as_targets(kind, segmenter.config, sample.instances)
    image = contract.as_image(sample)
    layers = measure_flow(segmenter, lambda n: n.total(n.loss(image, targets)))
    reached = [layer for layer in layers if layer.weight_gradient > 0]
    matrices = [
        name for name, p in segmenter.named_parameters() if name.endswith(".weight") and p.ndim > 1
    ]
    assert {f"{layer.name}.weight" for layer in layers} >= set(matrices)
    assert len(reached) == len(matrices) or scene == "none"
    assert "gradients from" in flow_summary(layers)


def test_looks_become_a_figure_and_none_is_without(tmp_path):
    logger = RunLogger(tmp_path, first_step=0)
    assert draw_flow(logger) is None
    for step in (5, 10):
        layers = [Layer("a", step, 1.0, 0.5, math.nan, math.nan), Layer("b", 0.0, 1, 1, 0.5, 0.1)]
        logger.write(step, scalars(layers))
    picture = draw_flow(logger)
    logger.close()
    assert picture.size == (800, 5 * 480)
    assert "dead/a" not in logger.rows[0]
