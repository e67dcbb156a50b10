"""A multilayer perceptron: affine layers with nonlinear activations between them.

Its random numbers, weights and dropout alike, come from a generator that is handed in: training
neither seeds nor moves torch's global one.
"""

import itertools
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.nn.activation import activation as activation_of
from kontur.nn.initialise import initialise

Affine = tuple[Float[Tensor, "m d"], Float[Tensor, "1 d"]]


class Dropout(nn.Module):
    """In training each number becomes 0 with probability `share`; the others are scaled up."""

    def __init__(self, share: float, generator: torch.Generator):
        super().__init__()
        self.share, self.generator = share, generator

    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        if not self.training or self.share == 0:
            return x
        chance = torch.rand(x.shape, generator=self.generator, dtype=x.dtype)
        return x * (chance >= self.share) / (1 - self.share)


class Hidden(nn.Module):
    """X · W + b, batch norm if wanted, activation, dropout."""

    def __init__(
        self,
        inputs: int,
        neurons: int,
        *,
        activation: str,
        dropout: float,
        batch_norm: bool,
        generator: torch.Generator,
    ):
        super().__init__()
        self.affine = _linear(inputs, neurons)
        self.norm = nn.BatchNorm1d(neurons, dtype=torch.float64) if batch_norm else None
        self.activation = activation_of(activation).double()
        self.dropout = Dropout(dropout, generator)

    def forward(self, x: Float[Tensor, "b m"]) -> Float[Tensor, "b d"]:
        x = self.affine(x)
        if self.norm is not None:
            x = self.norm(x)
        return self.dropout(self.activation(x))


class MLP(nn.Module):
    """From `sizes[0]` columns through hidden layers of so many neurons to `sizes[-1]` outputs.

    In float64: tables are small and their columns of many magnitudes.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: str = "relu",
        dropout: float = 0.0,
        batch_norm: bool = False,
        initialiser: str = "kaiming",
        generator: torch.Generator,
    ):
        super().__init__()
        self.hidden = nn.Sequential(
            *(
                Hidden(
                    inputs,
                    neurons,
                    activation=activation,
                    dropout=dropout,
                    batch_norm=batch_norm,
                    generator=generator,
                )
                for inputs, neurons in itertools.pairwise(sizes[:-1])
            )
        )
        self.head = _linear(sizes[-2], sizes[-1])
        initialise(self, initialiser, generator=generator)

    def forward(self, x: Float[Tensor, "b m"]) -> Float[Tensor, "b n"]:
        return self.head(self.hidden(x))

    def matrices(self) -> list[nn.Parameter]:
        """The weights of all affine layers: those that L1 and L2 penalise, not biases and norms."""
        return [*(layer.affine.weight for layer in self.hidden), self.head.weight]  # type: ignore[union-attr,list-item]

    @torch.no_grad()
    def affines(self) -> list[Affine]:
        """W and b of every layer as it predicts, a batch norm multiplied into them.

        (x W + b − mean) / deviation · scale + shift is affine in x too.
        """
        layers: list[Affine] = []
        for layer in self.hidden:
            weights, bias = _matrix(layer.affine)  # type: ignore[arg-type]
            if isinstance(norm := layer.norm, nn.BatchNorm1d):
                mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
                factor = norm.weight / torch.sqrt(variance + norm.eps)
                weights = weights * factor
                bias = (bias - mean) * factor + norm.bias
            layers.append((weights, bias))
        return [*layers, _matrix(self.head)]


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """A layer whose weights are not drawn yet: `initialise` will, with a generator."""
    empty = nn.Linear(inputs, outputs, device="meta", dtype=torch.float64)
    return empty.to_empty(device="cpu")


def _matrix(layer: nn.Linear) -> Affine:
    """torch keeps W as (d, m) and b as (d,)."""
    return layer.weight.detach().T.clone(), layer.bias.detach()[None].clone()
