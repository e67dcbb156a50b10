"""Window attention against a loop that neither rolls nor masks; what a shift and a mask do."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from kontur.nn.window import (
    SwinBlock,
    WindowAttention,
    partition_windows,
    relative_index,
    reverse_windows,
)
from tests.naive import nn as naive
from tests.nn.traced import traced

SIZES = [(8, 8), (4, 12), (9, 6), (3, 5), (1, 1), (4, 5)]  # whole windows, filled up, less than one


def maps(h=8, w=8, b=2, d=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(b, h, w, d, generator=generator, dtype=torch.float64)


def attention(shift=0, d=6, heads=2, window=4):
    torch.manual_seed(0)
    made = WindowAttention(d, heads, window=window, shift=shift).double()
    nn.init.normal_(made.bias)
    return made


def looped(module, x, context):
    """The same, head by head in `naive`."""
    inner, side = module.attention, 2 * module.window - 1
    q, k, v = inner.queries(x), *inner.keys_values(context).chunk(2, dim=-1)
    heads = []
    for head in range(inner.heads):
        own = slice(head * q.shape[-1] // inner.heads, (head + 1) * q.shape[-1] // inner.heads)
        arrays = [each[..., own].detach().numpy() for each in (q, k, v)]
        bias = module.bias[:, head].reshape(side, side).detach().numpy()
        images = [
            naive.window_attention(*each, bias, module.window, module.shift)
            for each in zip(*arrays, strict=True)
        ]
        heads.append(torch.stack([torch.from_numpy(image) for image in images]))
    return inner.out(torch.cat(heads, dim=-1))


@pytest.mark.parametrize("shift", [0, 2])
@pytest.mark.parametrize("size", SIZES)
def test_it_equals_a_loop_over_tokens(size, shift):
    module, x = attention(shift), maps(*size)
    assert_close(module(x), looped(module, x, x))


def test_with_a_context_it_looks_there_in_the_same_window():
    module, x, context = attention(2), maps(9, 6), maps(9, 6, seed=1)
    assert_close(module(x, context), looped(module, x, context))


@pytest.mark.parametrize("size", [{"h": 10}, {"w": 7}, {"b": 1}])
def test_a_context_of_another_size_is_refused_and_not_cropped(size, as_installed):
    with pytest.raises(ValueError, match=r"got \(2, 8, 8\) that attend to \("):
        attention()(maps(), maps(**size))


def test_in_one_window_without_bias_it_is_attention_among_all():
    module, x = attention(), maps(4, 4)
    nn.init.zeros_(module.bias)
    tokens = x.flatten(1, 2)
    assert_close(module(x).flatten(1, 2), module.attention(tokens))


@pytest.mark.parametrize(("shift", "seen"), [(0, (slice(4, 8), slice(0, 4))),
                                             (2, (slice(2, 6), slice(2, 6)))])  # fmt: skip
def test_a_window_sees_nothing_beyond_its_mask(shift, seen):
    module, x = attention(shift), maps(10, 10, b=1).requires_grad_()
    module(x)[0, 5, 3].sum().backward()
    felt = x.grad[0].abs().sum(dim=-1) > 0
    assert felt[seen].all()
    assert felt.sum() == 16


def test_what_the_roll_brought_together_stays_apart():
    module, x = attention(2), maps(8, 8, b=1).requires_grad_()
    module(x)[0, 0, 0].sum().backward()  # rolled, it lies in a window with all four corners
    felt = x.grad[0].abs().sum(dim=-1) > 0
    assert felt[:2, :2].all()
    assert felt.sum() == 4


def test_partition_and_reverse_are_inverse_and_go_row_by_row():
    x = maps(8, 12)
    windows = partition_windows(x, 4)
    assert windows.shape == (2, 6, 16, 6)
    assert_close(windows[1, 4], x[1, 4:, 4:8].reshape(16, 6))
    assert torch.equal(reverse_windows(windows, x, 4), x)


def test_an_offset_has_one_bias_wherever_it_lies():
    index = relative_index(3)
    assert index[0, 4] == index[4, 8] == index[1, 5]  # one up, one left
    assert index.unique().tolist() == list(range(25))


@pytest.mark.parametrize("shift", [0, 1])
def test_its_gradient_is_right(shift):
    module = attention(shift, d=2, heads=1, window=2)
    inputs = (maps(3, 4, b=1, d=2).requires_grad_(), maps(3, 4, b=1, d=2, seed=1).requires_grad_())
    assert torch.autograd.gradcheck(module, inputs)


def test_its_biases_learn():
    module = attention(2)
    module(maps()).square().sum().backward()
    assert module.bias.grad.all()


def test_wrong_shapes_are_refused_and_no_image_gives_none():
    assert attention(2)(maps(b=0)).shape == (0, 8, 8, 6)
    with pytest.raises(ValueError, match="windows of 4 shift by 0 to 3 cells, got 4"):
        attention(4)
    with pytest.raises(ValueError, match="multiples of the window 4, got 6×8"):
        partition_windows(maps(6, 8), 4)
    with pytest.raises(ValueError, match="tokens of 6 channels, got 4"):
        attention()(maps(d=4))


@pytest.mark.parametrize("shift", [0, 2])
def test_exported_it_takes_every_size_and_batch(shift):
    block = SwinBlock(6, 2, window=4, shift=shift, hidden=8)
    run = traced(block, torch.zeros(1, 8, 8, 6), dynamic=(0, 1, 2))
    for number, size in enumerate(SIZES):
        x = maps(*size, b=1 + number % 3).float()
        assert_close(run(x), block(x))


def test_a_block_adds_attention_then_the_mlp():
    block, x = SwinBlock(6, 2, window=4, shift=2, hidden=8).double(), maps()
    mixed = block.attention(block.attention_norm(x)) + x  # equation 3 of the notes
    assert_close(block(x), block.mlp(block.mlp_norm(mixed)) + mixed)  # equation 4


def test_in_half_precision_it_stays_near():
    block, x = SwinBlock(6, 2, window=4, shift=2, hidden=8), maps(9, 6).float()
    with torch.autocast("cpu", torch.bfloat16):
        found = block(x)
    assert_close(found.float(), block(x), atol=0.05, rtol=0.05)
