"""How far a U-Net sees."""

import pytest
import torch

from kontur.models.unet.config import (
    UNetConfig,
)
from kontur.models.unet.family import unet_reach
from kontur.models.unet.unet import UNet
from tests.nn.test_shape import seen_by


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
