"""EfficientNet-Lite0: its shape, its padding, and that it knows an espresso from a cat."""

import pytest
import skimage.data
import torch
from torch import nn
from torch.nn import functional
from torch.testing import assert_close

from kontur.errors import InputError
from kontur.models import catalog
from kontur.nn import efficientnet
from kontur.nn.backbone import build_backbone, with_imagenet
from kontur.nn.efficientnet import EfficientNetLite0, InvertedResidual, imagenet_weights
from kontur.nn.resnet import ResidualBackbone
from tests.naive import nn as naive

SIDE = 224  # pixels, as in its training
ESPRESSO, CATS = 967, {281, 282, 285}  # ImageNet's classes: tabby, tiger cat, Egyptian cat


def photograph(name: str) -> torch.Tensor:
    """The middle square of one of scikit-image's pictures, `(1, 3, 224, 224)` from 0 to 1."""
    pixels = torch.from_numpy(getattr(skimage.data, name)()).permute(2, 0, 1)[None] / 255
    h, w = pixels.shape[2:]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    square = pixels[..., top : top + side, left : left + side]
    return functional.interpolate(square, (SIDE, SIDE), mode="bilinear", antialias=True)


def classes(backbone: EfficientNetLite0, images: torch.Tensor) -> torch.Tensor:
    """The probabilities of ImageNet's thousand classes, by the head that the file has beside."""
    file = imagenet_weights()
    norm = [file[f"_bn1.{n}"] for n in ("running_mean", "running_var", "weight", "bias")]
    x = functional.conv2d(backbone(images)[-1], file["_conv_head.weight"])
    x = functional.relu6(functional.batch_norm(x, *norm, eps=efficientnet.EPSILON))
    return functional.linear(x.mean((2, 3)), file["_fc.weight"], file["_fc.bias"]).softmax(-1)


@pytest.fixture(scope="module")
def pretrained():
    backbone = EfficientNetLite0(3).eval()
    backbone.load_imagenet()
    return backbone


@torch.no_grad()
def test_the_pretrained_network_sees_the_espresso_and_the_cat(pretrained):
    (coffee,) = classes(pretrained, photograph("coffee"))
    assert coffee.argmax() == ESPRESSO
    assert coffee.max() > 0.9
    (cat,) = classes(pretrained, photograph("chelsea"))
    assert set(cat.topk(3).indices.tolist()) == CATS
    assert cat[list(CATS)].sum() > 0.8


@torch.no_grad()
@pytest.mark.parametrize("channels", [1, 3, 6])
def test_grey_images_look_alike_with_any_number_of_channels(pretrained, channels):
    grey = photograph("chelsea").mean(dim=1, keepdim=True)
    other = EfficientNetLite0(channels).eval()
    other.load_imagenet()
    expected = pretrained(grey.expand(-1, 3, -1, -1))
    for a, b in zip(other(grey.expand(-1, channels, -1, -1)), expected, strict=True):
        assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_the_maps_have_strides_two_to_thirty_two_and_the_published_size():
    backbone = EfficientNetLite0(3).eval()
    maps = backbone(torch.zeros(2, 3, 64, 96))
    assert [m.shape[1] for m in maps] == list(backbone.widths)
    assert [m.shape[2:] for m in maps] == [(64 // s, 96 // s) for s in (2, 4, 8, 16, 32)]
    head = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    own = sum(p.numel() for p in backbone.parameters())
    assert own + head == pytest.approx(4.7e6, rel=0.02)  # the table of the Lite models


@pytest.mark.parametrize(("kernel", "before"), [(3, 0), (5, 1)])
def test_at_stride_two_the_odd_pixel_of_padding_lies_right_and_below(kernel, before):
    block = InvertedResidual(1, 1, expansion=1, kernel=kernel, stride=2).double().eval()
    x = torch.rand(1, 1, 8, 8, dtype=torch.float64)
    weight = block.depthwise[1].weight.detach()
    # a convolution of stride 1, zeros on all sides, of which every second number is taken
    full = naive.convolution(x[0].numpy(), weight.numpy(), padding=kernel // 2)
    first = kernel // 2 - before
    expected = torch.from_numpy(full[:, first::2, first::2])
    assert_close(block.depthwise[1](block.depthwise[0](x))[0].detach(), expected)


def test_a_block_that_keeps_its_shape_adds_its_input():
    block = InvertedResidual(4, 4, expansion=6, kernel=3, stride=1).eval()
    nn.init.zeros_(block.project[-1].weight)
    x = torch.randn(1, 4, 6, 6)
    assert_close(block(x), x)
    assert not InvertedResidual(4, 6, expansion=6, kernel=3, stride=1).residual
    assert not InvertedResidual(4, 4, expansion=6, kernel=3, stride=2).residual


def test_a_block_has_the_gradient_of_its_differences():
    torch.manual_seed(0)
    block = InvertedResidual(2, 2, expansion=2, kernel=3, stride=1).double().eval()
    x = torch.rand(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, (x,))


def test_other_sides_than_multiples_of_32_are_refused():
    with pytest.raises(ValueError, match="multiples of 32, got 40×64; pad to 64×64"):
        EfficientNetLite0(1)(torch.zeros(1, 1, 40, 64))


def test_the_config_names_the_backbone():
    snake = catalog.config("snake", {}, preset="tiny")
    assert isinstance(build_backbone(snake), ResidualBackbone)
    assert snake.multiple == 16
    other = snake.replace(backbone="efficientnet-lite0")
    backbone = build_backbone(other)
    assert other.multiple == 32
    assert with_imagenet(nn.Sequential(backbone)) == [backbone]


def test_a_frozen_network_stays_in_evaluation_mode_until_a_weight_is_learned_again():
    network = torch.nn.Sequential(EfficientNetLite0(3), torch.nn.BatchNorm2d(3))
    network[0].requires_grad_(False)
    network.train()
    assert network[1].training
    assert not any(module.training for module in network[0].modules())
    network[0].stages[-1].requires_grad_(True)
    network.train()
    assert all(module.training for module in network.modules())


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(efficientnet, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install .*\[train\]'"):
        EfficientNetLite0(3).load_imagenet()
