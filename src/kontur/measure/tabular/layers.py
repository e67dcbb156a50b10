"""Layers of a fitted network as arrays, and how they are applied without torch.

Shapes are X (b, m) times W₁ (m, d), each column of W₁ being one hidden neuron, plus
b₁ (1, d) in every row; then the activation; W₂ (d, n) has one column an output.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

_erf = np.vectorize(math.erf, otypes=[float])  # numpy has none; predicting does without scipy


class Layer(NamedTuple):
    """Weights, bias, and the slope below zero of the activation behind them, if it has one."""

    weights: Float[np.ndarray, "m d"]
    bias: Float[np.ndarray, "1 d"]
    slope: float = 0.0


Values = Float[np.ndarray, "b d"]

# As `kontur.nn.activation.ACTIVATIONS`, by the same names; equal to them: tests/measure/tabular.
ACTIVATIONS: dict[str, Callable[[Values, float], Values]] = {
    "relu": lambda x, slope: np.maximum(x, 0.0),
    "leaky-relu": lambda x, slope: np.where(x > 0, x, slope * x),
    "prelu": lambda x, slope: np.where(x > 0, x, slope * x),
    "sigmoid": lambda x, slope: (1 + np.tanh(x / 2)) / 2,  # without overflow
    "tanh": lambda x, slope: np.tanh(x),
    "gelu": lambda x, slope: x * (1 + _erf(x / math.sqrt(2))) / 2,
}


def affine(
    x: Float[np.ndarray, "b m"], weights: Float[np.ndarray, "m d"], bias: Float[np.ndarray, "1 d"]
) -> Float[np.ndarray, "b d"]:
    """X · W + b, the bias in every row.

    >>> affine(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([[5.0]]))
    array([[16.]])
    """
    return x @ weights + bias


def outputs(
    x: Float[np.ndarray, "b m"], layers: Sequence[Layer], activation: str
) -> Float[np.ndarray, "b n"]:
    """The output of the last layer for each row: logits, or the standardised target."""
    for layer in layers[:-1]:
        x = ACTIVATIONS[activation](affine(x, layer.weights, layer.bias), layer.slope)
    return affine(x, layers[-1].weights, layers[-1].bias)


def softmax(logits: Float[np.ndarray, "b n"]) -> Float[np.ndarray, "b n"]:
    """Probabilities that sum to 1 in every row.

    >>> softmax(np.array([[1000.0, 1000.0]]))
    array([[0.5, 0.5]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
