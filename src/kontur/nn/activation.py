"""Activations by name, as configs choose them.

ReLU may explode in depth and sigmoid and tanh vanish (`nn.initialise` has the weights with which
they do neither). LeakyReLU and PReLU keep a gradient where ReLU has none; GELU is the
transformers'.
"""

from collections.abc import Callable

from torch import nn

from kontur.wording import nearest

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky-relu": nn.LeakyReLU,  # 0.01 below zero, torch's own slope
    "prelu": nn.PReLU,  # a learned slope below zero, one for all channels
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
}


def activation(name: str) -> nn.Module:
    """A new activation layer; raises `ValueError` for a name that is none."""
    if name not in ACTIVATIONS:
        raise ValueError(f"there is no activation {name!r}; {nearest(name, ACTIVATIONS)}")
    return ACTIVATIONS[name]()


def replace_activations(network: nn.Module, name: str) -> None:
    """Put a new activation of this name in the place of every ReLU and GELU layer, in place."""
    for parent in list(network.modules()):
        for key, child in parent.named_children():
            if isinstance(child, nn.ReLU | nn.GELU):
                setattr(parent, key, activation(name))
