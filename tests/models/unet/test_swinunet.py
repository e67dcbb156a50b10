"""Swin-Unet: its size in numbers, its sizes in pixels, what it is and is not made of."""

from typing import get_args

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.models.unet.swinconfig import PRESETS, SwinUnetConfig
from kontur.models.unet.swinunet import JOINS, SwinUnet
from tests.nn.traced import traced

SMALL = {"channels": 1, "width": 4, "depths": (1, 2), "heads": (1, 2), "window": 4}


def network(**changes):
    torch.manual_seed(0)
    return SwinUnet(SwinUnetConfig(**{**SMALL, **changes}), 3)


def images(b=1, h=32, w=48, seed=0):
    return torch.randn(b, 1, h, w, generator=torch.Generator().manual_seed(seed))


def test_the_paper_s_preset_has_the_published_number_of_parameters():
    with torch.device("meta"):
        paper = SwinUnet(SwinUnetConfig(**PRESETS["paper"]), 9)  # Synapse's eight organs
    count = sum(parameter.numel() for parameter in paper.parameters())
    assert count == pytest.approx(27.17e6, rel=0.001)


def test_it_is_made_without_convolutions_and_gives_every_pixel_its_logits():
    made = network()
    convolving = (nn.Conv2d, nn.ConvTranspose2d, nn.Upsample)
    assert not any(isinstance(module, convolving) for module in made.modules())
    assert made(images(2)).shape == (2, 3, 32, 48)
    assert made(images(0)).shape == (0, 3, 32, 48)
    assert made(images(1, 8, 8)).shape == (1, 3, 8, 8)


def test_forward_is_the_figure_of_the_paper():
    made, x = network(depths=(1, 1), heads=(1, 1)), images()
    (down,), (up,) = made.encoder, made.decoder
    skip = down(made.partition(x))
    bottom = made.bottleneck(made.mergings[0](skip))
    risen = torch.cat([made.expandings[0](bottom), skip], dim=-1)
    tokens = up(made.joins[0].reduce(risen))
    pixels = made.head(made.last(made.norm(tokens)))
    assert_close(made(x), pixels.permute(0, 3, 1, 2))


def test_every_second_block_shifts_its_windows_by_half():
    made = network(depths=(4, 2))
    assert [block.attention.shift for block in made.encoder[0]] == [0, 2, 0, 2]
    assert [block.attention.shift for block in made.decoder[0]] == [0, 2, 0, 2]


@pytest.mark.parametrize("skip", JOINS)
def test_every_parameter_gets_a_gradient_with_either_skip(skip):
    made = network(skip=skip)
    made(images()).square().sum().backward()
    without = [name for name, p in made.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_a_skip_that_attends_adds_what_it_finds_in_the_same_window():
    join = network(skip="attend").joins[0]
    x, skip = torch.randn(2, 8, 8, 4), torch.randn(2, 8, 8, 4)
    assert_close(join(x, skip) - x, join.attention(join.norm(x), join.skip_norm(skip)))
    assert_close(join(x, 0 * skip + 7), join(x, 0 * skip - 2))  # what is even says nothing


@pytest.mark.parametrize("skip", JOINS)
def test_exported_it_takes_every_size_and_batch(skip):
    made = network(depths=(2, 1), skip=skip)
    run = traced(made, images(1, 16, 24), dynamic=(0, 2, 3))
    for b, h, w in [(1, 8, 8), (3, 16, 24), (1, 32, 40), (2, 72, 8)]:
        assert_close(run(images(b, h, w)), made(images(b, h, w)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("skip", JOINS)
def test_its_gradient_is_right(skip):
    made = network(window=3, depths=(2, 1), skip=skip).double()
    x = images(1, 8, 16).double().requires_grad_()
    assert torch.autograd.gradcheck(made, x, fast_mode=True)


def test_an_image_of_another_number_of_pixels_is_refused():
    with pytest.raises(ValueError, match="patch's side 4, got 30×48"):
        network()(images(h=30))
    with pytest.raises(ValueError, match="patch's side 2, got 7×12"):
        network()(images(h=28))


def test_its_settings_agree_with_one_another_and_with_the_blocks():
    with pytest.raises(ValueError, match="got 2 and 1 of them"):
        SwinUnetConfig(**{**SMALL, "heads": (1,)})
    with pytest.raises(ValueError, match="got 3 heads for 8 channels at level 1"):
        SwinUnetConfig(**{**SMALL, "heads": (1, 3)})
    assert SwinUnetConfig(**SMALL).multiple == 8
    assert SwinUnetConfig(**PRESETS["paper"]).multiple == 32
    named = SwinUnetConfig.model_fields
    assert set(get_args(named["skip"].annotation)) == set(JOINS)
