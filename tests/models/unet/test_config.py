"""The settings of the U-Nets: presets, what they say of sizes, what they refuse."""

import pytest
import torch

from kontur.errors import InputError
from kontur.models import catalog
from kontur.models.unet.config import DECODE_VALUES, DecodeConfig, UNetConfig, decode_variants
from kontur.models.unet.family import unet_reach
from kontur.models.unet.unet import UNet
from tests.nn.test_shape import seen_by

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


@pytest.mark.parametrize(
    "shape",
    [
        {"backbone": "plain", "widths": (2, 2), "up": "transposed"},
        {"backbone": "plain", "widths": (2, 2, 2), "up": "bilinear", "block": "dilated"},
        {"backbone": "residual", "stem": 2, "widths": (2,), "depths": (2,), "up": "nearest"},
    ],
)
def test_the_receptive_field_is_what_the_network_sees(shape, monkeypatch):
    config = UNetConfig(channels=1, **shape)
    network = UNet(config, 1).double().eval()
    field = config.receptive_field
    size = -(-2 * field // config.multiple) * config.multiple
    torch.nn.functional.max_pool2d, kept = (
        torch.nn.functional.avg_pool2d,
        torch.nn.functional.max_pool2d,
    )
    try:  # of a maximum only one pixel has a gradient, of a mean all
        seen = seen_by(network, size)
    finally:
        torch.nn.functional.max_pool2d = kept
    assert field - config.multiple < seen <= field


@pytest.mark.parametrize(
    ("task", "decode", "further"),
    [
        # there and back again for each disc; the openings of three classes follow one another
        ("semantic", {"opening": 2.0}, 3 * 2 * 2),
        ("semantic", {"opening": 2.0, "closing": 1.5}, 3 * 2 * 2 + 3),
        ("instances", {"opening": 2.0, "closing": 1.5}, 2 * 2 + 3),
        # of a watershed also what its seeds are held against, three times as far as they are apart
        ("instances", {"method": "watershed", "min_distance": 5.0}, 15),
        ("semantic", {"method": "watershed", "min_distance": 5.0}, 0),
        ("instances", {"min_distance": 5.0}, 0),
    ],
)
def test_a_place_goes_by_all_that_decoding_looks_at_beside_what_the_network_sees(
    task, decode, further
):
    plain = UNetConfig(task=task, classes=("a", "b", "c"))
    decoded = plain.replace(decode=decode)
    assert unet_reach(decoded, 50) - unet_reach(plain, 50) == further
    assert unet_reach(plain, 50) == plain.receptive_field // 2 + plain.multiple


def test_a_network_of_one_level_is_its_encoder_and_its_head():
    network = UNet(UNetConfig(backbone="plain", channels=1, widths=(4,)), 3)
    assert network(torch.zeros(2, 1, 5, 7)).shape == (2, 3, 5, 7)


def test_on_an_efficientnet_the_decoder_follows_its_levels():
    config = UNetConfig(backbone="efficientnet-lite0")
    assert config.multiple == 32
    assert config.receptive_field > 400
    with torch.device("meta"):
        network = UNet(config, 3)
    assert [up.inputs for up in network.decoder.ups] == [320, 112, 40, 24, 16]


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
