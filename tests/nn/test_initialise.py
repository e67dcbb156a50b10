"""Which initialiser keeps the variance through depth, forward and backward, and which does not."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.activation import activation
from kontur.nn.initialise import INITIALISERS, fans, initialise

DEPTH, WIDTH = 30, 256
KEPT = (0.05, 20.0)  # after thirty layers: between 0.90 and 1.11 a layer
GONE = 1e-6

# (initialiser, activation): what becomes of the second moment of the signal, of the gradient
FATES = {
    ("normal", "identity"): ("vanishes", "vanishes"),
    ("normal", "relu"): ("vanishes", "vanishes"),
    ("normal", "tanh"): ("vanishes", "vanishes"),
    ("normal", "sigmoid"): ("kept", "vanishes"),  # its outputs stay near 1/2, whatever comes
    ("xavier", "identity"): ("kept", "kept"),
    ("xavier", "relu"): ("vanishes", "vanishes"),
    ("xavier", "tanh"): ("fades", "fades"),  # slowly: tanh is below its tangent
    ("xavier", "sigmoid"): ("kept", "vanishes"),
    ("kaiming", "identity"): ("explodes", "explodes"),
    ("kaiming", "relu"): ("kept", "kept"),
    ("kaiming", "leaky-relu"): ("kept", "kept"),
    ("kaiming", "gelu"): ("fades", "fades"),
    ("kaiming", "tanh"): ("kept", "kept"),  # on the edge of saturation
    ("kaiming", "sigmoid"): ("kept", "vanishes"),
}


def chain(name, kind):
    torch.manual_seed(0)
    layers = []
    for _ in range(DEPTH):
        between = nn.Identity() if kind == "identity" else activation(kind)
        layers += [nn.Linear(WIDTH, WIDTH), between]
    network = nn.Sequential(*layers)
    initialise(network, name)
    return network


def moments(network):
    """The second moments of signal and gradient after all layers, as a share of before."""
    x = torch.randn(64, WIDTH, requires_grad=True)
    out = network(x)
    sent = torch.randn_like(out)
    (gradient,) = torch.autograd.grad(out, x, sent)
    return out.square().mean().item(), gradient.square().mean().item()


@pytest.mark.parametrize(("name", "kind"), FATES)
def test_through_thirty_layers_the_variance_is_kept_vanishes_or_explodes(name, kind):
    for moment, fate in zip(moments(chain(name, kind)), FATES[name, kind], strict=True):
        low, high = KEPT
        if fate == "kept":
            assert low < moment < high
        elif fate == "fades":
            assert GONE < moment < low
        elif fate == "vanishes":
            assert moment < GONE
        else:
            assert moment > 1 / GONE


def test_a_norm_in_every_layer_mends_what_the_initialiser_spoils():
    layers = [nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.LayerNorm(WIDTH)) for _ in range(DEPTH)]
    network = nn.Sequential(*layers)
    initialise(network, "normal")
    forward, _ = moments(network)
    assert forward == pytest.approx(1, rel=0.2)


@pytest.mark.parametrize("layer", [nn.Linear(96, 160), nn.Conv2d(32, 64, 3, groups=4)])
def test_the_spread_is_torch_s_own_for_the_same_layer(layer):
    for name, library in (
        ("xavier", nn.init.xavier_normal_),
        ("kaiming", lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu")),
    ):
        initialise(layer, name)
        ours = layer.weight.detach().clone()
        if isinstance(layer, nn.Conv2d) and name == "xavier":
            continue  # torch counts all the channels going out, not those of the group
        library(layer.weight)
        assert (ours.std() / layer.weight.std()).item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        (nn.Conv2d(16, 32, 3), 20),
        (nn.Conv2d(16, 32, 2, stride=2), 20),
        (nn.ConvTranspose2d(32, 16, 2, stride=2), 10),
    ],
)
def test_kaiming_keeps_the_signal_of_every_form_of_layer(layer, size):
    torch.manual_seed(0)
    initialise(layer, "kaiming")
    rectified = torch.randn(4, layer.in_channels, size, size).relu()
    assert layer(rectified).square().mean().item() == pytest.approx(1, rel=0.15)


def test_biases_become_zero_and_norms_are_left_alone():
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Conv2d(2, 2, 1, bias=False))
    nn.init.constant_(network[1].weight, 7)
    initialise(network, "xavier")
    assert not network[0].bias.any()
    assert_close(network[1].weight, torch.full((4,), 7.0))


def test_a_name_that_is_none_is_refused_before_anything_is_drawn():
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    with pytest.raises(ValueError, match="no initialiser 'he'; "):
        initialise(layer, "he")
    assert torch.equal(layer.weight, before)


def test_a_wide_layer_goes_into_many():
    assert fans(nn.Linear(10, 40)) == (10, 40)
    assert INITIALISERS["xavier"](10, 40) == pytest.approx((2 / 50) ** 0.5)
