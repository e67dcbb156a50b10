"""The perceptron: its folded layers, its dropout, its generator."""

import torch
from torch.testing import assert_close

from kontur.nn.mlp import MLP, Dropout


def generator():
    return torch.Generator().manual_seed(0)


def test_its_affine_layers_are_the_network_batch_norm_and_all():
    network = MLP((4, 6, 5, 2), activation="tanh", batch_norm=True, generator=generator())
    rows = 3 + 5 * torch.randn(50, 4, generator=generator(), dtype=torch.float64)
    for _ in range(3):  # so that the norms have seen something
        network(rows)
    network.eval()
    x = rows
    for weights, bias in network.affines()[:-1]:
        x = torch.tanh(x @ weights + bias)
    weights, bias = network.affines()[-1]
    assert_close(x @ weights + bias, network(rows), rtol=1e-12, atol=1e-12)


def test_dropout_keeps_the_mean_and_predicting_has_none():
    layer = Dropout(0.3, generator())
    ones = torch.ones(1000, 100, dtype=torch.float64)
    dropped = layer(ones)
    assert abs(float((dropped == 0).double().mean()) - 0.3) < 0.01
    assert abs(float(dropped.mean()) - 1) < 0.01
    assert torch.equal(layer.eval()(ones), ones)


def test_weights_come_from_the_generator_alone():
    before = torch.get_rng_state()
    first, second = (MLP((4, 6, 2), dropout=0.5, generator=generator()) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(map(torch.equal, first.parameters(), second.parameters()))
