"""Attention around a ring against torch's own and a loop over points, and what its bias knows."""

import numpy as np
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.attention import MultiHeadAttention
from kontur.nn.ring_attention import RingBias, RingBlock
from tests.naive import nn as naive

HEADS, WIDTH, HARMONICS, N = 2, 6, 5, 9


def bias(heads=HEADS, harmonics=HARMONICS):
    made = RingBias(heads, harmonics).double()
    nn.init.normal_(made.series, generator=torch.Generator().manual_seed(0))
    return made


def tokens(m=3, n=N, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(m, n, WIDTH, generator=generator, dtype=torch.float64)


def block(contexts=0):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return RingBlock(WIDTH, HEADS, harmonics=HARMONICS, contexts=contexts, dropout=0.0).double()


def twin(attention):
    """torch's own module with the same weights."""
    library = nn.MultiheadAttention(WIDTH, attention.heads, batch_first=True).double()
    with torch.no_grad():
        parts = (attention.queries, attention.keys_values)
        library.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        library.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        library.out_proj.load_state_dict(attention.out.state_dict())
    return library.eval()


def test_the_bias_of_two_points_is_the_series_of_the_angle_between_them():
    made = bias()
    series = made.series.detach().numpy()
    found = made(N).detach().numpy()
    for head, i, j in np.ndindex(HEADS, N, N):
        angle = 2 * np.pi * ((j - i) % N) / N
        expected = 0.0
        for f in range(HARMONICS):
            expected += series[head, f] * np.cos((f + 1) * angle)
            expected += series[head, HARMONICS + f] * np.sin((f + 1) * angle)
        np.testing.assert_allclose(found[head, i, j], expected)


def test_the_bias_is_the_same_wherever_the_ring_begins_and_tells_both_ways_apart():
    found = bias()(N)
    assert_close(found.roll((4, 4), dims=(1, 2)), found)
    assert not torch.allclose(found, found.transpose(1, 2))


def test_a_ring_of_twice_the_points_has_the_same_bias_at_every_second_one():
    made = bias()
    assert_close(made(2 * N)[:, ::2, ::2], made(N))


def test_attention_around_the_ring_equals_torch_s_own_with_the_bias_as_its_mask():
    attention, made, x = MultiHeadAttention(WIDTH, HEADS).double(), bias(), tokens()
    mask = made(N).repeat(len(x), 1, 1)  # (m · heads, n, n)
    expected, _ = twin(attention)(x, x, x, attn_mask=mask)
    assert_close(attention(x, mask=made(N)), expected)


def test_attention_around_the_ring_equals_a_loop_over_points():
    attention, made, x = MultiHeadAttention(WIDTH, HEADS).double(), bias(), tokens()
    q, (k, v) = attention.queries(x), attention.keys_values(x).chunk(2, dim=-1)
    added, each = made(N).detach().numpy(), WIDTH // HEADS
    for ring in range(len(x)):
        heads = []
        for head in range(HEADS):
            own = slice(head * each, (head + 1) * each)
            arrays = (part[ring, :, own].detach().numpy() for part in (q, k, v))
            heads.append(torch.from_numpy(naive.attention(*arrays, added[head])))
        assert_close(attention(x, mask=made(N))[ring], attention.out(torch.cat(heads, dim=1)))


def test_a_block_is_attention_around_the_ring_then_to_each_context_then_the_mlp():
    made, x = block(contexts=2), tokens()
    near, far = tokens(n=4, seed=2), tokens(n=7, seed=3)
    missing = torch.zeros(3, 1, 1, 4).double()
    missing[1, ..., 2:] = -1e4
    y = x + made.attention(made.norm(x), mask=made.bias(N))
    first, second = made.context_attentions
    y = y + twin(first)(made.context_norms[0](y), near, near,
                        attn_mask=missing.expand(3, HEADS, N, 4).reshape(-1, N, 4))[0]  # fmt: skip
    y = y + twin(second)(made.context_norms[1](y), far, far)[0]
    assert_close(made(x, [(near, missing), (far, None)]), y + made.mlp(made.mlp_norm(y)))
    other = near.clone()
    other[1, 2:] += 5
    assert_close(made(x, [(other, missing), (far, None)]), made(x, [(near, missing), (far, None)]))


def test_a_ring_that_begins_elsewhere_comes_out_the_same():
    made, x = block(), tokens()
    assert_close(made(x.roll(4, dims=1), []), made(x, []).roll(4, dims=1))


def test_no_rings_give_none_and_the_gradient_is_right():
    made = block()
    assert made(tokens(m=0), []).shape == (0, N, WIDTH)
    assert torch.autograd.gradcheck(lambda x: made(x, []), tokens(m=1, n=4).requires_grad_())
