"""The settings of the U-Nets: presets, what they say of sizes, what they refuse."""

from typing import get_args

import pytest
import torch
from torch import nn

from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.unet.config import (
    DECODE_VALUES,
    DecodeConfig,
    DenseConfig,
    UNetConfig,
    decode_variants,
)
from kontur.nn.activation import ACTIVATIONS, activation
from kontur.nn.initialise import INITIALISERS
from tests.models import contract

# Millions of weights, as comparisons of networks usually give them (docs/results.md says what we
# know of who printed them). U-Net: 31.03, the original with one channel and two classes; ours has
# batch norms instead of biases and three classes. TransUNet: 105.28 for R50-ViT-B/16, of which a
# ResNet of three stages with 3, 4 and 9 blocks is 11.9, a ViT-B of 12 layers 86.0, neck and
# decoder 7.4.
PUBLISHED = {"unet": (1, 31.03), "transunet": (3, 105.28)}


@pytest.mark.parametrize("kind", PUBLISHED)
def test_the_paper_s_preset_has_as_many_weights_as_the_paper_s_network(kind):
    channels, millions = PUBLISHED[kind]
    config = catalog.config(kind, {"channels": channels}, preset="paper")
    with torch.device("meta"):
        segmenter = catalog.segmenter(kind, config)
    count = sum(parameter.numel() for parameter in segmenter.parameters())
    assert count / 1e6 == pytest.approx(millions, rel=0.02)


@pytest.mark.parametrize(
    ("task", "classes", "pixel", "of_object"),
    [("instances", 1, 3, 0), ("instances", 4, 3, 4), ("semantic", 1, 2, 0), ("semantic", 4, 5, 0)],
)
def test_what_comes_out_follows_the_task_and_the_classes(task, classes, pixel, of_object):
    names = tuple("abcd"[:classes])
    config = UNetConfig(task=task, classes=names)
    assert (config.pixel_classes, config.object_classes) == (pixel, of_object)
    assert config.outputs == pixel + of_object


def test_decode_variants_change_one_setting_of_decoding_and_only_those_that_are_read():
    config = UNetConfig()
    beside = [each.config for each in decode_variants(config)]
    assert all(each.replace(decode=DecodeConfig()) == config for each in beside)
    changed = [
        {
            name
            for name in DECODE_VALUES
            if getattr(each.decode, name) != getattr(config.decode, name)
        }
        for each in beside
    ]
    assert all(len(names) == 1 for names in changed)
    assert set().union(*changed) == set(DECODE_VALUES) - {"min_distance"}
    flooded = config.replace(decode={"method": "watershed"})
    read = set().union(*(_changes(flooded, each.config) for each in decode_variants(flooded)))
    assert read == set(DECODE_VALUES) - {"seed"}
    semantic = config.replace(task="semantic")
    read = set().union(*(_changes(semantic, each.config) for each in decode_variants(semantic)))
    assert read == set(DECODE_VALUES) - {"method", "seed", "min_distance"}
    assert catalog.family("maskrcnn").decode_variants(catalog.config("maskrcnn", {})) == []


def _changes(config, other):
    return {n for n in DECODE_VALUES if getattr(config.decode, n) != getattr(other.decode, n)}


@pytest.mark.parametrize(
    ("kind", "values", "sentence"),
    [
        ("unet", {"class_weights": (1.0, 2.0)}, "weight for each of 3 pixel classes"),
        ("unet", {"widths": (8, 8)}, "the same levels, got 2 and 4"),
        ("unet", {"block": "dubble"}, "'block' is 'dubble'"),
        (
            "unet",
            {"decode": {"metod": "grow"}},
            "unknown key 'decode.metod'; did you mean 'method'",
        ),
        ("transunet", {"stages": (8,)}, "for 1 stages depths wants as many numbers"),
        ("transunet", {"heads": 3}, "multiple of heads, got 128 and 3"),
    ],
)
def test_what_cannot_be_is_refused(kind, values, sentence):
    with pytest.raises(InputError, match=sentence):
        catalog.config(kind, values)


DENSE = ["unet", "transunet", "swinunet"]


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("kind", DENSE)
def test_every_activation_is_the_one_that_the_settings_name(kind, name):
    own = (nn.ReLU, nn.GELU)
    before = [
        at for at, layer in contract.network_with(kind).named_modules() if isinstance(layer, own)
    ]
    after = dict(contract.network_with(kind, activation=name).named_modules())
    assert before
    assert {type(after[place]) for place in before} == {type(activation(name))}


@pytest.mark.parametrize("kind", DENSE)
def test_the_weights_are_drawn_as_the_settings_say(kind):
    spread = {
        name: contract.network_with(kind, initialiser=name).body.head.weight.std().item()
        for name in ("normal", "kaiming")
    }
    assert spread["normal"] == pytest.approx(0.01, rel=0.5)
    assert spread["kaiming"] > 5 * spread["normal"]
    again = contract.network_with(kind, initialiser="normal").state_dict()
    same = contract.network_with(kind, initialiser="normal").state_dict()
    assert all(torch.equal(again[name], same[name]) for name in again)


def test_the_settings_know_every_activation_and_initialiser():
    fields = DenseConfig.model_fields
    assert set(get_args(fields["activation"].annotation)) == {"own", *ACTIVATIONS}
    assert set(get_args(fields["initialiser"].annotation)) == {"own", *INITIALISERS}
