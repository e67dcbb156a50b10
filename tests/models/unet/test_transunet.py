"""TransUNet: its tokens, their positions, its blocks."""

import torch
from torch.testing import assert_close

from kontur.models import catalog
from kontur.models.unet.transconfig import TransUNetConfig
from kontur.models.unet.transunet import PositionEmbedding, Transformer, TransUNet
from tests.models import contract

SMALL = {"channels": 1, "backbone": "plain", "widths": (4, 4, 8)}
TRANS = {
    "channels": 1, "stem": 4, "stages": (4, 8), "depths": (1, 1), "width": 8, "layers": 1,
    "heads": 2, "hidden": 8, "grid": 3, "neck": 8, "up_widths": (8, 4, 4),
}  # fmt: skip


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


def test_the_norm_of_a_transunet_s_blocks_stands_before_or_after_as_the_settings_say():
    image = contract.as_image(contract.learning_scene())
    pre, post = (
        contract.network_with("transunet", order=order).eval() for order in ("pre", "post")
    )
    assert [layer.order for layer in post.body.transformer.layers] == ["post", "post"]
    assert not torch.allclose(pre.body(image), post.body(image))
