"""Initialisers by name: how large the random weights of a network are before it learns.

A layer multiplies the variance of what it passes on by (numbers that a number is made from) ×
(variance of a weight) × (what the activation keeps), forward and, with the numbers that a number
goes to, backward. Thirty factors of 1/2 leave nothing, thirty of 2 explode. Which initialiser
keeps both near 1, with which activation, is shown by `tests/nn/test_initialise.py`.
"""

import math
from collections.abc import Callable

import torch
from torch import nn

from kontur.wording import nearest

SMALL = 0.01  # standard deviation; the notes' N(0, 0.01), as d2l.ai has it, for shallow networks

# Standard deviation of a weight from the numbers that make one (fan in), that one makes (fan out).
INITIALISERS: dict[str, Callable[[float, float], float]] = {
    "normal": lambda fan_in, fan_out: SMALL,
    # Glorot and Bengio, 2010, equation 12: for activations of slope 1 around 0, such as tanh.
    "xavier": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    # He et al., Delving Deep into Rectifiers, 2015, equation 10: a ReLU halves the second moment.
    "kaiming": lambda fan_in, fan_out: math.sqrt(2 / fan_in),
}

Layer = nn.Linear | nn.Conv1d | nn.Conv2d | nn.ConvTranspose2d


def initialise(module: nn.Module, name: str, *, generator: torch.Generator | None = None) -> None:
    """Draw the weights of every linear and convolutional layer anew, in place; biases become 0.

    Norms, tables of position biases and slopes keep what they start with. Draws from `generator`,
    else from torch's global one, as new layers do; raises `ValueError` for a name that is none.
    """
    if name not in INITIALISERS:
        raise ValueError(f"there is no initialiser {name!r}; {nearest(name, INITIALISERS)}")
    for layer in module.modules():
        if isinstance(layer, Layer):
            deviation = INITIALISERS[name](*fans(layer))
            nn.init.normal_(layer.weight, std=deviation, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def fans(layer: Layer) -> tuple[float, float]:
    """How many numbers make a number of the output, and how many a number of the input makes.

    Borders left aside. A stride divides the one that counts towards the larger map.

    >>> fans(nn.Linear(3, 5)), fans(nn.Conv2d(4, 8, 3, groups=2))
    ((3.0, 5.0), (18.0, 36.0))
    >>> fans(nn.Conv2d(4, 8, 2, stride=2)), fans(nn.ConvTranspose2d(4, 8, 2, stride=2))
    ((16.0, 8.0), (4.0, 32.0))
    """
    if isinstance(layer, nn.Linear):
        return float(layer.in_features), float(layer.out_features)
    cells = math.prod(layer.kernel_size)
    steps = math.prod(layer.stride)
    inputs = layer.in_channels // layer.groups * cells
    outputs = layer.out_channels // layer.groups * cells
    if isinstance(layer, nn.ConvTranspose2d):
        return inputs / steps, float(outputs)
    return float(inputs), outputs / steps
