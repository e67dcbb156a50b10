"""Recurrent networks written out by hand: the plain RNN, the GRU and the LSTM.

At every step t of a sequence a cell makes of the input x_t and of the hidden state h_{t-1} that it
remembers a new hidden state h_t; the output layer makes of that the output y_t:

    h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)        the plain RNN (Elman, 1990)
    y_t = W_hy h_t + b_y

The gradient through k steps is a product of k Jacobians ∂h_t/∂h_{t-1}, of the plain RNN
diag(1 - h_t²) W_hh: it vanishes or explodes with k. The LSTM (Hochreiter & Schmidhuber, 1997) and
the GRU (Cho et al., 2014) add to their memory instead of replacing it, and keep it.

Inputs are (batch, sequence, input), outputs (batch, sequence, output), as `nn.RNN` has them with
`batch_first=True`, and the hidden state (layers, batch, hidden): its first axis is that of cells on
top of one another. `batch` may be several axes. An LSTM remembers two vectors, h and the cell state
c; ours are one, side by side, so that all cells are used alike.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn


def _rnn(from_input: Tensor, from_hidden: Tensor, memory: Tensor) -> Tensor:
    """tanh(W_xh x_t + W_hh h_{t-1} + b_h)."""
    return torch.tanh(from_input + from_hidden)


def _gru(from_input: Tensor, from_hidden: Tensor, memory: Tensor) -> Tensor:
    """(1 - z) n + z h_{t-1}: an update gate z between the memory and what is new, n."""
    reset_x, update_x, new_x = from_input.chunk(3, dim=-1)
    reset_h, update_h, new_h = from_hidden.chunk(3, dim=-1)
    update = torch.sigmoid(update_x + update_h)
    new = torch.tanh(new_x + torch.sigmoid(reset_x + reset_h) * new_h)
    return (1 - update) * new + update * memory


def _lstm(from_input: Tensor, from_hidden: Tensor, memory: Tensor) -> Tensor:
    """c_t = f c_{t-1} + i g, h_t = o tanh(c_t): what is kept, what is written, what is told."""
    write, keep, new, output = (from_input + from_hidden).chunk(4, dim=-1)
    _, cell = memory.chunk(2, dim=-1)
    cell = torch.sigmoid(keep) * cell + torch.sigmoid(write) * torch.tanh(new)
    return torch.cat([torch.sigmoid(output) * torch.tanh(cell), cell], dim=-1)


class CellKind(NamedTuple):
    """How many vectors a cell computes of its input, how many it remembers, and its step."""

    gates: int
    states: int
    step: Callable[[Tensor, Tensor, Tensor], Tensor]  # from x_t, from h_{t-1}, memory → memory


CELLS = {"rnn": CellKind(1, 1, _rnn), "gru": CellKind(3, 1, _gru), "lstm": CellKind(4, 2, _lstm)}


class Cell(nn.Module):
    """One step: x_t and the memory of t - 1 to the memory of t, whose first numbers are h_t.

    The weights of all gates are one matrix, in the order of torch's own modules. The biases of W_xh
    and W_hh are added, so W_hh has none, but in a GRU, which multiplies between.
    """

    def __init__(self, kind: str, inputs: int, hidden: int):
        super().__init__()
        gates, states, self.step = CELLS[kind]
        self.hidden, self.size = hidden, hidden * states
        self.from_input = nn.Linear(inputs, gates * hidden)  # W_xh, b_h
        self.from_hidden = nn.Linear(hidden, gates * hidden, bias=kind == "gru")  # W_hh
        if kind == "lstm":
            with torch.no_grad():  # it begins by keeping (Jozefowicz et al., ICML 2015)
                self.from_input.bias[hidden : 2 * hidden] += 1

    def forward(self, x: Float[Tensor, "*b i"], memory: Float[Tensor, "*b s"]) -> Tensor:
        """The memory (*b, s) after the step."""
        remembered = memory[..., : self.hidden]
        after = self.step(self.from_input(x), self.from_hidden(remembered), memory)
        return after.to(memory.dtype)  # sums over many steps are not kept in bf16


class Recurrent(nn.Module):
    """Cells on top of one another and an output layer; each gets the hidden state of the one below.

    `inputs`, `hidden` and `outputs` are the notes' input, hidden and output dimension.
    """

    def __init__(self, kind: str, inputs: int, hidden: int, outputs: int, *, layers: int = 1):
        super().__init__()
        self.hidden = hidden
        self.cells = nn.ModuleList(
            Cell(kind, inputs if layer == 0 else hidden, hidden) for layer in range(layers)
        )
        self.memory_size: int = self.cells[0].size  # type: ignore[assignment]
        self.output = nn.Linear(hidden, outputs)  # W_hy, b_y

    def step(
        self, x: Float[Tensor, "*b i"], memory: Float[Tensor, "layers *b s"]
    ) -> tuple[Float[Tensor, "*b o"], Float[Tensor, "layers *b s"]]:
        """The output y_t and the memory after it, of x_t and the memory before it."""
        remembered = []
        for layer, cell in enumerate(self.cells):
            after = cell(x, memory[layer])
            remembered.append(after)
            x = after[..., : self.hidden]
        return self.output(x), torch.stack(remembered)

    def forward(
        self,
        x: Float[Tensor, "batch sequence input"],
        memory: Float[Tensor, "layers batch s"] | None = None,
    ) -> tuple[Float[Tensor, "batch sequence output"], Float[Tensor, "layers batch s"]]:
        """The outputs of a sequence of any length but 0, and the last memory; it begins with 0."""
        if memory is None:
            memory = x.new_zeros(len(self.cells), x.shape[0], self.memory_size)
        outputs = []
        for t in range(x.shape[1]):
            y, memory = self.step(x[:, t], memory)
            outputs.append(y)
        return torch.stack(outputs, dim=1), memory
