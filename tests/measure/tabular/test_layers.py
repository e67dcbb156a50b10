"""Networks without torch: each activation as torch has it."""

import numpy as np
import pytest
import torch

from kontur.measure.tabular.layers import ACTIVATIONS
from kontur.nn import activation


def test_the_names_are_those_of_torch():
    assert list(ACTIVATIONS) == list(activation.ACTIVATIONS)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_that_of_torch(name):
    x = np.linspace(-800, 800, 1601)[None] / 20
    slope = {"leaky-relu": 0.01, "prelu": 0.25}.get(name, 0.0)
    layer = activation.activation(name).double()
    expected = layer(torch.tensor(x)).detach().numpy()
    assert np.abs(ACTIVATIONS[name](x, slope) - expected).max() < 1e-14
