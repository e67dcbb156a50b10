"""Activations by name, each against its formula."""

import math

import pytest
import torch
from torch.testing import assert_close

from kontur.nn.activation import ACTIVATIONS, activation

FORMULAS = {
    "relu": lambda x: max(x, 0.0),
    "leaky-relu": lambda x: x if x > 0 else 0.01 * x,
    "prelu": lambda x: x if x > 0 else 0.25 * x,  # where its slope starts
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": lambda x: (1 - math.exp(-2 * x)) / (1 + math.exp(-2 * x)),
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_its_formula(name):
    x = torch.linspace(-3, 3, 13)
    expected = torch.tensor([FORMULAS[name](float(each)) for each in x])
    assert_close(activation(name)(x), expected)


def test_a_name_that_is_none_is_reported_the_nearest():
    with pytest.raises(ValueError, match="no activation 'RELU'"):
        activation("RELU")
    with pytest.raises(ValueError, match="did you mean 'leaky-relu'"):
        activation("leakyrelu")


def test_a_prelu_of_each_layer_learns_its_own_slope():
    assert activation("prelu") is not activation("prelu")
    assert [p.numel() for p in activation("prelu").parameters()] == [1]
