"""The transformer block against torch's own layer, and what pre- and post-norm differ in."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.transformer import TransformerBlock
from tests.nn.test_attention import tokens, twin


@pytest.mark.parametrize("order", ["pre", "post"])
def test_a_block_equals_torch_s_own_layer(order):
    block = TransformerBlock(6, 2, hidden=10, order=order).double().eval()
    library = nn.TransformerEncoderLayer(
        6, 2, 10, activation="gelu", batch_first=True, norm_first=order == "pre"
    ).double()
    library.self_attn = twin(block.attention)
    library.norm1, library.norm2 = block.attention_norm, block.mlp_norm
    library.linear1, library.linear2 = block.mlp[0], block.mlp[3]
    for norm in (library.norm1, library.norm2):
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    assert_close(block(tokens()), library.eval()(tokens()))


def test_before_the_branch_the_norm_leaves_the_sum_alone_and_after_it_it_does_not():
    x = 5 + 3 * tokens()
    for order, scale in (("pre", None), ("post", 1.0)):
        block = TransformerBlock(6, 2, hidden=10, order=order).double()
        for silent in (block.attention.out, block.mlp[3]):
            nn.init.zeros_(silent.weight)
            nn.init.zeros_(silent.bias)
        if scale is None:
            assert_close(block(x), x)
        else:
            means = block(x).mean(dim=-1)
            assert_close(means, torch.zeros_like(means))


def test_attention_mixes_the_tokens_and_the_mlp_does_not():
    block = TransformerBlock(6, 2, hidden=10).double()
    x = tokens(b=1).requires_grad_()
    block(x)[0, 0].sum().backward()
    assert (x.grad[0].abs().sum(dim=-1) > 0).all()
    x.grad = None
    block.mlp(x)[0, 0].sum().backward()
    assert not x.grad[0, 1:].any()


def test_dropout_works_in_training_only():
    block = TransformerBlock(6, 2, hidden=10, dropout=0.5).double()
    assert not torch.equal(block(tokens()), block(tokens()))
    block.eval()
    assert torch.equal(block(tokens()), block(tokens()))


@pytest.mark.parametrize("order", ["pre", "post"])
def test_its_gradient_is_right(order):
    block = TransformerBlock(4, 2, hidden=3, order=order).double()
    assert torch.autograd.gradcheck(block, tokens(b=1, n=2, d=4).requires_grad_())
