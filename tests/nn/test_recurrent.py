"""Recurrent networks against torch's own, a loop gate by gate, and the product of Jacobians."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.recurrent import CELLS, Recurrent
from kontur.train.gradient_flow import measure_flow
from tests.naive import nn as naive

LIBRARY = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
INPUT, HIDDEN, OUTPUT = 5, 6, 3


def network(kind, layers=1, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Recurrent(kind, INPUT, HIDDEN, OUTPUT, layers=layers).double()


def sequence(batch=4, steps=7, inputs=INPUT, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, steps, inputs, generator=generator, dtype=torch.float64)


def twin(ours, kind):
    """torch's own module with the same weights; it has a bias twice where one would do."""
    library = LIBRARY[kind](INPUT, HIDDEN, len(ours.cells), batch_first=True).double()
    with torch.no_grad():
        for layer, cell in enumerate(ours.cells):
            getattr(library, f"weight_ih_l{layer}").copy_(cell.from_input.weight)
            getattr(library, f"bias_ih_l{layer}").copy_(cell.from_input.bias)
            getattr(library, f"weight_hh_l{layer}").copy_(cell.from_hidden.weight)
            bias = cell.from_hidden.bias
            getattr(library, f"bias_hh_l{layer}").copy_(
                0 * library.bias_hh_l0 if bias is None else bias
            )
    return library


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", CELLS)
def test_it_equals_torch_s_own_module_and_an_output_layer(kind, layers):
    ours, x = network(kind, layers), sequence()
    hidden, last = twin(ours, kind)(x)
    outputs, memory = ours(x)
    assert_close(outputs, ours.output(hidden))
    expected = torch.cat(last, dim=-1) if kind == "lstm" else last
    assert memory.shape == (layers, 4, ours.memory_size)
    assert_close(memory, expected)


@pytest.mark.parametrize("kind", CELLS)
def test_a_remembered_state_is_gone_on_from(kind):
    ours, x = network(kind, layers=2), sequence()
    outputs, memory = ours(x)
    first, between = ours(x[:, :3])
    rest, last = ours(x[:, 3:], between)
    assert_close(torch.cat([first, rest], dim=1), outputs)
    assert_close(last, memory)


@pytest.mark.parametrize("kind", CELLS)
def test_it_equals_a_loop_over_sequences_layers_and_gates(kind):
    ours, x = network(kind, layers=2), sequence(batch=2)
    outputs, memory = ours(x)
    layers = []
    for cell in ours.cells:
        bias = cell.from_hidden.bias
        parts = [cell.from_input.weight, cell.from_input.bias, cell.from_hidden.weight]
        parts.append(torch.zeros_like(cell.from_input.bias) if bias is None else bias)
        layers.append([part.detach().numpy() for part in parts])
    output = [ours.output.weight.detach().numpy(), ours.output.bias.detach().numpy()]
    for own in range(2):
        y, h, c = naive.recurrent(kind, x[own].numpy(), layers, output)
        assert_close(outputs[own].detach(), torch.from_numpy(y))
        kept = np.concatenate([h, c], axis=1) if kind == "lstm" else h
        assert_close(memory[:, own].detach(), torch.from_numpy(kept))


@pytest.mark.parametrize("kind", CELLS)
def test_a_step_takes_a_batch_of_any_axes_and_of_nothing(kind):
    ours, x = network(kind), sequence(batch=6, steps=1)[:, 0]
    y, memory = ours.step(x, torch.zeros(1, 6, ours.memory_size).double())
    grid = torch.zeros(1, 2, 3, ours.memory_size).double()
    y2, memory2 = ours.step(x.reshape(2, 3, INPUT), grid)
    assert_close(y2.reshape(6, OUTPUT), y)
    assert_close(memory2.reshape(1, 6, -1), memory)
    assert ours(sequence(batch=0))[0].shape == (0, 7, OUTPUT)


@pytest.mark.parametrize("kind", CELLS)
def test_its_gradient_is_right(kind):
    ours = network(kind, layers=2)
    x = sequence(batch=1, steps=3).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: ours(each)[0], (x,))


def test_an_lstm_begins_by_keeping_what_it_has():
    cell = network("lstm").cells[0]
    write, keep, *others = cell.from_input.bias.detach().reshape(4, HIDDEN)
    assert keep.min() > max(each.max() for each in (write, *others))
    for part in (cell.from_input, cell.from_hidden):
        nn.init.zeros_(part.weight)
    kept = cell(torch.zeros(INPUT).double(), torch.ones(2 * HIDDEN).double())[HIDDEN:]
    assert_close(kept, torch.sigmoid(keep) + torch.sigmoid(write) * torch.tanh(others[0]))


def jacobians(kind, cell, x):
    """Of every step's memory by the one before, by differences of the loop gate by gate."""
    bias = cell.from_hidden.bias
    parts = [cell.from_input.weight, cell.from_input.bias, cell.from_hidden.weight]
    parts.append(torch.zeros_like(cell.from_input.bias) if bias is None else bias)
    weights = [part.detach().numpy() for part in parts]

    def step(row, memory):
        h, c = memory[:HIDDEN], memory[HIDDEN:]
        h, c = naive.recurrent_step(kind, row, h, c, *weights)
        return np.concatenate([h, c]) if kind == "lstm" else h

    memory, small = np.zeros(cell.size), 1e-6
    found = []
    for row in x:
        columns = [
            (step(row, memory + small * one) - step(row, memory - small * one)) / (2 * small)
            for one in np.eye(cell.size)
        ]
        found.append(np.stack(columns, axis=1))
        memory = step(row, memory)
    return found


@pytest.mark.parametrize("steps", [3, 6, 12])
@pytest.mark.parametrize("kind", CELLS)
def test_the_measured_gradient_of_every_step_is_that_of_the_product_of_jacobians(kind, steps):
    ours, x = network(kind), sequence(batch=1, steps=steps)
    weights = torch.linspace(-1, 1, ours.memory_size, dtype=torch.float64)
    layers = measure_flow(ours, lambda each: (each(x)[1] * weights).sum())
    measured = {layer.name: layer.gradient for layer in layers}
    gradient = weights.numpy()
    for t, jacobian in reversed(list(enumerate(jacobians(kind, ours.cells[0], x[0].numpy())))):
        expected = np.linalg.norm(gradient)
        assert measured[f"cells.0 step {t + 1}"] == pytest.approx(expected, rel=1e-6), t
        gradient = jacobian.T @ gradient


@pytest.mark.parametrize("steps", [6, 12])
def test_of_the_plain_rnn_the_jacobians_are_known_and_their_product_vanishes(steps):
    """diag(1 - h²) W_hh: with small weights the gradient is lost, and the more the more steps."""
    ours, x = network("rnn"), sequence(batch=1, steps=steps)
    cell = ours.cells[0]
    hidden, memory = [], torch.zeros(1, HIDDEN).double()
    for t in range(steps):
        memory = cell(x[:, t], memory)
        hidden.append(memory.detach().numpy()[0])
    recurrent = cell.from_hidden.weight.detach().numpy()
    product = naive.jacobian_product([recurrent] * (steps - 1), [1 - h**2 for h in hidden[1:]])
    differences = jacobians("rnn", cell, x[0].numpy())[1:]
    expected = np.linalg.multi_dot(differences[::-1])
    np.testing.assert_allclose(product, expected, atol=1e-8)
    lost = {kind: _lost(kind, steps) for kind in CELLS}
    assert lost["rnn"] > 3 * lost["lstm"]
    assert lost["rnn"] > _lost("rnn", 3)


def _lost(kind, steps):
    """By what factor the gradient is smaller at the first step than at the last."""
    ours, x = network(kind), sequence(batch=16, steps=steps)
    layers = measure_flow(ours, lambda each: each(x)[0][:, -1].sum())
    own = [layer.gradient for layer in layers if layer.name.startswith("cells.0 step")]
    assert len(own) == steps
    return own[-1] / own[0]
