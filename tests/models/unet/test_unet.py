"""The U-Net: its sizes, its skips, its backbones."""

import pytest
import torch

from kontur.models.unet.config import UNetConfig
from kontur.models.unet.unet import UNet
from kontur.nn.blocks import BLOCKS
from kontur.nn.upsample import UPS

SMALL = {"channels": 1, "backbone": "plain", "widths": (4, 4, 8)}


@pytest.mark.parametrize("up", UPS)
@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_and_up_sampling_makes_a_network_that_keeps_the_size(block, up):
    network = UNet(UNetConfig(**SMALL, block=block, up=up), 3)
    assert network(torch.zeros(2, 1, 16, 24)).shape == (2, 3, 16, 24)


def test_the_skips_carry_what_the_bottleneck_has_lost():
    network = UNet(UNetConfig(**SMALL), 1).eval()
    with torch.no_grad():
        network.encoder.blocks[-1].body[-2].weight.zero_()  # the coarsest level says nothing
    a, b = torch.rand(2, 1, 1, 16, 16)
    assert not torch.allclose(network(a), network(b))


def test_with_a_residual_backbone_the_image_s_own_size_has_no_skip():
    config = UNetConfig(channels=1, stem=4, widths=(4, 8), depths=(1, 1))
    network = UNet(config, 2)
    assert [up.inputs for up in network.decoder.ups] == [8, 4, 4]
    assert network.head.in_channels == 8
    assert network(torch.zeros(1, 1, 8, 16)).shape == (1, 2, 8, 16)


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
