"""The activation and the initialiser that the settings name, in every dense network."""

from typing import get_args

import pytest
import torch
from torch import nn

from kontur.models.unet.config import DenseConfig
from kontur.nn.activation import ACTIVATIONS, activation
from kontur.nn.initialise import INITIALISERS
from tests.models import contract

DENSE = ["unet", "transunet", "swinunet"]


def network(kind, **changes):
    return contract.network(kind, contract.settings(kind, **changes))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("kind", DENSE)
def test_every_activation_is_the_one_that_the_settings_name(kind, name):
    own = (nn.ReLU, nn.GELU)
    before = [at for at, layer in network(kind).named_modules() if isinstance(layer, own)]
    after = dict(network(kind, activation=name).named_modules())
    assert before
    assert {type(after[place]) for place in before} == {type(activation(name))}


@pytest.mark.parametrize("kind", DENSE)
def test_the_weights_are_drawn_as_the_settings_say(kind):
    spread = {
        name: network(kind, initialiser=name).body.head.weight.std().item()
        for name in ("normal", "kaiming")
    }
    assert spread["normal"] == pytest.approx(0.01, rel=0.5)
    assert spread["kaiming"] > 5 * spread["normal"]
    again = network(kind, initialiser="normal").state_dict()
    same = network(kind, initialiser="normal").state_dict()
    assert all(torch.equal(again[name], same[name]) for name in again)


def test_the_settings_know_every_activation_and_initialiser():
    fields = DenseConfig.model_fields
    assert set(get_args(fields["activation"].annotation)) == {"own", *ACTIVATIONS}
    assert set(get_args(fields["initialiser"].annotation)) == {"own", *INITIALISERS}


def test_the_norm_of_a_transunet_s_blocks_stands_before_or_after_as_the_settings_say():
    image = contract.as_image(contract.learning_scene())
    pre, post = (network("transunet", order=order).eval() for order in ("pre", "post"))
    assert [layer.order for layer in post.body.transformer.layers] == ["post", "post"]
    assert not torch.allclose(pre.body(image), post.body(image))
