"""U-Net and TransUNet as networks: every block and up-sampling, every size, dropout, losses."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from kontur.infer.onnx_engine import OnnxEngine
from kontur.infer.torch_engine import TorchEngine
from kontur.models import catalog
from kontur.models.unet.config import UNetConfig
from kontur.models.unet.encode import Targets
from kontur.models.unet.loss import pixel_losses
from kontur.models.unet.transconfig import TransUNetConfig
from kontur.models.unet.transunet import PositionEmbedding, Transformer, TransUNet
from kontur.models.unet.unet import UNet
from kontur.nn.blocks import BLOCKS
from kontur.nn.shape import round_trip_size
from kontur.nn.upsample import UPS
from kontur.train.export import to_model
from tests.models import contract

SMALL = {"channels": 1, "backbone": "plain", "widths": (4, 4, 8)}
TRANS = {
    "channels": 1, "stem": 4, "stages": (4, 8), "depths": (1, 1), "width": 8, "layers": 1,
    "heads": 2, "hidden": 8, "grid": 3, "neck": 8, "up_widths": (8, 4, 4),
}  # fmt: skip


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


def test_tokens_see_the_whole_image():
    network = TransUNet(TransUNetConfig(**TRANS), 1).double().eval()
    x = torch.randn(1, 1, 32, 48, dtype=torch.float64, requires_grad=True)
    network(x)[0, 0, 0, 0].backward()
    assert x.grad[0, 0, -8:, -8:].abs().sum() > 0


def test_a_transformer_without_position_does_not_know_where_a_token_lies():
    config = TransUNetConfig(**TRANS)
    transformer = Transformer(config, 8).double().eval()
    features = torch.randn(1, 8, 3, 4, dtype=torch.float64)
    moved = features.flip(-1)
    assert not torch.allclose(transformer(moved), transformer(features).flip(-1))
    torch.nn.init.zeros_(transformer.position.grid)
    assert_close(transformer(moved), transformer(features).flip(-1))


def test_the_position_embedding_is_learned_for_one_size_and_interpolated_for_others():
    position = PositionEmbedding(5, 3)
    same = position(torch.zeros(1, 1, 3, 3))
    assert_close(same, position.grid.flatten(2).transpose(1, 2))
    twice = position(torch.zeros(1, 1, 6, 6)).transpose(1, 2).reshape(1, 5, 6, 6)
    centre = torch.nn.functional.avg_pool2d(twice, 2)[:, :, 1, 1]
    expected = torch.nn.functional.conv2d(
        position.grid,
        torch.outer(*[torch.tensor([0.125, 0.75, 0.125])] * 2).expand(5, 1, 3, 3),
        groups=5,
    )
    assert_close(centre, expected[:, :, 0, 0])


def test_dropout_works_in_training_only():
    for kind, shape in (("unet", SMALL), ("transunet", TRANS)):
        torch.manual_seed(0)
        body = catalog.segmenter(kind, catalog.config(kind, {**shape, "dropout": 0.5})).body
        x = torch.rand(1, 1, 16, 16)
        body.eval()
        assert torch.equal(body(x), body(x))
        body.train()
        assert not torch.allclose(body(x), body(x))


RESIDUAL = {"backbone": "residual", "stem": 4, "widths": (4, 4, 4), "depths": (1, 1, 1)}
LITE = {"backbone": "efficientnet-lite0"}


@pytest.mark.parametrize(
    ("kind", "changes", "of_70", "of_8"),
    [
        ("unet", {}, ": 70 pixels would come back as 64; pad to 32×80", ": 8 .* as 0; pad to"),
        ("unet", RESIDUAL, ": 70 pixels would come back as 80; pad to 32×80", ": 8 .* as 16; pad"),
        ("transunet", {}, ": 70 pixels would come back as 80; pad to 32×80", ": 8 .* as 16; pad"),
        ("swinunet", {}, "; pad to 32×80", "; pad to 16×16"),
        ("unet", LITE, "; pad to 32×96", "; pad to 32×32"),
    ],
    ids=["unet", "residual", "transunet", "swinunet", "efficientnet"],
)
def test_images_that_do_not_fit_are_refused_with_what_to_do(kind, changes, of_70, of_8):
    segmenter = contract.network(kind, contract.settings(kind, **changes))
    graph = segmenter.graphs()["segment"]
    with pytest.raises(ValueError, match="images of 1 channels, got 3"):
        graph(torch.zeros(1, 3, 32, 32))
    with pytest.raises(ValueError, match=rf"multiples of \d+, got 32×70{of_70}"):
        graph(torch.zeros(1, 1, 32, 70))
    targets = Targets(torch.zeros(1, 8, 8).long(), torch.zeros(1, 8, 8).long())
    with pytest.raises(ValueError, match=rf"got 8×8{of_8}"):
        segmenter.loss(torch.zeros(1, 1, 8, 8), targets)


@pytest.mark.parametrize("side", [8, 70, 72, 79])
@pytest.mark.parametrize(("kind", "changes"), [("unet", {}), ("unet", RESIDUAL), ("transunet", {})])
def test_what_an_image_is_said_to_come_back_as_is_what_its_coarsest_map_stands_for(
    kind, changes, side
):
    segmenter = contract.network(kind, contract.settings(kind, **changes)).eval()
    multiple, body = segmenter.config.multiple, segmenter.body
    encoder = body.stem if kind == "transunet" else body.encoder
    # Half the smallest image is none for pooling, so it looks at one with a coarsest pixel more.
    *_, coarsest = encoder(torch.zeros(1, 1, multiple, side + multiple))
    found = round_trip_size(side, segmenter.config.halving, multiple)
    assert found == coarsest.shape[-1] * multiple - multiple


@pytest.mark.parametrize("kind", ["unet", "transunet"])
def test_several_classes_come_out_as_two_distributions_in_both_engines(kind):
    config = contract.settings(kind, classes=("a", "b"))
    segmenter = contract.network(kind, config).eval()
    image = np.random.default_rng(0).random((1, 1, 32, 48), dtype=np.float32)
    model = to_model(segmenter, contract.card(kind, config))
    engines = (TorchEngine(segmenter), OnnxEngine(model, threads=1))
    for engine in engines:
        (probabilities,) = engine.graphs["segment"](image)
        assert probabilities.shape == (1, 5, 32, 48)
        np.testing.assert_allclose(probabilities[:, :3].sum(axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(probabilities[:, 3:].sum(axis=1), 1, atol=1e-5)


def test_losses_by_hand():
    config = UNetConfig(classes=("a", "b"), class_weights=(1.0, 1.0, 3.0))
    pixels = torch.tensor([[[0, 1, 2, -1]]])
    labels = torch.tensor([[[-1, 0, 1, -1]]])
    logits = torch.zeros(1, 5, 1, 4)
    losses = pixel_losses(logits, Targets(pixels, labels), config)
    assert float(losses["cross_entropy"]) == pytest.approx(np.log(3))
    assert float(losses["label"]) == pytest.approx(np.log(2))
    assert float(losses["dice"]) == pytest.approx(1 - 2 * (1 / 3) / (1 + 1))
    logits[0, 2, 0, 2] = 50.0  # the border pixel is right
    better = pixel_losses(logits, Targets(pixels, labels), config)
    assert float(better["cross_entropy"]) == pytest.approx(2 * np.log(3) / 5)
    alone = pixel_losses(logits[:, :3], Targets(pixels, labels), UNetConfig())
    assert float(alone["label"]) == 0
