"""Attention against a loop, against torch's own, and by what a mask hides."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.attention import MultiHeadAttention, join_heads, scaled_dot_product, split_heads
from tests.naive import nn as naive


def tokens(b=2, n=5, d=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(b, n, d, generator=generator, dtype=torch.float64)


def twin(attention: MultiHeadAttention) -> nn.MultiheadAttention:
    """torch's own module with the same weights."""
    width = attention.queries.in_features
    library = nn.MultiheadAttention(width, attention.heads, batch_first=True).double()
    with torch.no_grad():
        parts = (attention.queries, attention.keys_values)
        library.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        library.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        library.out_proj.load_state_dict(attention.out.state_dict())
    return library.eval()


@pytest.mark.parametrize("masked", [False, True])
def test_scaled_dot_product_equals_a_loop_over_queries_and_torch_s_own(masked):
    q, k, v = tokens(n=4), tokens(n=7, seed=1), tokens(n=7, d=3, seed=2)
    mask = tokens(n=4, d=7, seed=3) if masked else None
    found = scaled_dot_product(q, k, v, mask)
    for i in range(2):
        arrays = (q[i].numpy(), k[i].numpy(), v[i].numpy(), mask[i].numpy() if masked else None)
        assert_close(found[i], torch.from_numpy(naive.attention(*arrays)))
    assert_close(found, nn.functional.scaled_dot_product_attention(q, k, v, mask))


def test_a_pair_that_the_mask_forbids_has_no_influence():
    q, k, v = tokens(n=3), tokens(n=4, seed=1), tokens(n=4, seed=2)
    mask = torch.zeros(3, 4, dtype=torch.float64)
    mask[:, 2] = -torch.inf
    expected = scaled_dot_product(q, k, v, mask)
    v[:, 2] += 100
    assert_close(scaled_dot_product(q, k, v, mask), expected)


def test_splitting_into_heads_and_joining_gives_the_tokens():
    x = tokens()
    assert split_heads(x, 3)[1, 2, 4].tolist() == x[1, 4, 4:].tolist()
    assert torch.equal(join_heads(split_heads(x, 3)), x)


@pytest.mark.parametrize("context", [None, tokens(n=8, seed=4)], ids=["self", "cross"])
def test_many_heads_equal_torch_s_own_module(context):
    attention = MultiHeadAttention(6, 3).double()
    x = tokens()
    seen = x if context is None else context
    expected, _ = twin(attention)(x, seen, seen)
    assert_close(attention(x, context), expected)


def test_each_head_is_an_attention_of_its_own_channels():
    attention = MultiHeadAttention(4, 2).double()
    x = tokens(b=1, d=4)
    q = attention.queries(x)[0].detach().numpy()
    k, v = (part[0].detach().numpy() for part in attention.keys_values(x).chunk(2, dim=-1))
    heads = [naive.attention(q[:, e], k[:, e], v[:, e]) for e in (slice(0, 2), slice(2, 4))]
    joined = torch.cat([torch.from_numpy(head) for head in heads], dim=1)
    assert_close(attention(x)[0], attention.out(joined))


def test_tokens_without_order_keep_none():
    attention, x = MultiHeadAttention(6, 2).double(), tokens()
    order = torch.tensor([3, 1, 4, 0, 2])
    assert_close(attention(x[:, order]), attention(x)[:, order])


def test_no_tokens_give_none_and_a_wrong_width_is_refused():
    attention = MultiHeadAttention(6, 2).double()
    assert attention(tokens(n=0), tokens()).shape == (2, 0, 6)
    with pytest.raises(ValueError, match="tokens of 6 channels, got 4 that attend to 4"):
        attention(tokens(d=4))
    with pytest.raises(ValueError, match="a width of 6 for 4 heads; take a multiple of 4"):
        MultiHeadAttention(6, 4)


@pytest.mark.parametrize(
    ("q", "k", "v"),
    [({"d": 4}, {}, {}), ({}, {"n": 7}, {}), ({}, {}, {"n": 3}), ({"b": 1}, {}, {})],
)
def test_queries_keys_and_values_that_do_not_fit_are_refused(q, k, v, as_installed):
    with pytest.raises(ValueError, match=r"queries .*, keys .* and values .*, got \("):
        scaled_dot_product(tokens(**q), tokens(**k), tokens(**v))


def test_its_gradient_is_right():
    attention = MultiHeadAttention(4, 2).double()
    inputs = (tokens(n=2, d=4).requires_grad_(), tokens(n=3, d=4, seed=1).requires_grad_())
    assert torch.autograd.gradcheck(attention, inputs)
