"""Attention: scaled dot product, and many heads of it, within a sequence or from one to another.

After Vaswani et al., Attention Is All You Need, 2017, section 3.2. A token is a patch or a cell
of a feature map: a map of h × w cells is a sentence of n = h·w words. Attention mixes the tokens;
the MLP behind it (`nn.transformer`) mixes the channels of each.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


def scaled_dot_product(
    q: Float[Tensor, "*b n d"],
    k: Float[Tensor, "*b m d"],
    v: Float[Tensor, "*b m e"],
    mask: Float[Tensor, "*#b #n m"] | None = None,
) -> Float[Tensor, "*b n e"]:
    """`softmax(q·kᵀ/√d + mask)·v`, equation 1: each query's mean of the values, by likeness.

    `mask` is added to the scores, so it may be a bias too; -inf forbids a pair, but no query may
    be forbidden everything. n may be 0; m may not, there would be nothing to attend to.
    """
    if (
        not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]
        or q.shape[-1] != k.shape[-1]
        or k.shape[-2] != v.shape[-2]
    ):
        raise ValueError(
            "attention takes queries (…, n, d), keys (…, m, d) and values (…, m, e), got "
            f"{tuple(q.shape)}, {tuple(k.shape)} and {tuple(v.shape)}"
        )
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)  # (*b, n, m)
    if mask is not None:
        scores = scores + mask
    weights = torch.softmax(scores, dim=-1)
    return weights @ v


def split_heads(x: Float[Tensor, "*b n d"], heads: int) -> Float[Tensor, "*b heads n e"]:
    """The channels as `heads` groups of d / heads; the inverse of `join_heads`."""
    *b, n, _ = x.shape
    each = int(x.shape[-1]) // heads  # a number: exported, the tokens may be of no object
    return x.reshape(*b, n, heads, each).transpose(-3, -2)


def join_heads(x: Float[Tensor, "*b heads n e"]) -> Float[Tensor, "*b n d"]:
    """The heads' channels side by side."""
    *b, heads, n, _ = x.shape
    return x.transpose(-3, -2).reshape(*b, n, int(heads) * int(x.shape[-1]))


def check_heads(width: int, heads: int) -> None:
    """Raises `ValueError` where the width is not shared evenly among the heads."""
    if heads < 1 or width % heads:
        raise ValueError(
            f"each head takes an equal share of the width, got a width of {width} for {heads} "
            f"heads; take a multiple of {max(heads, 1)}"
        )


class MultiHeadAttention(nn.Module):
    """Several attentions side by side, each on its own projection to `width / heads` channels.

    Without a context the tokens attend to one another (self-attention), with one to the tokens of
    the context (cross-attention). `mask` is added to the scores `(*b, heads, n, m)`.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        check_heads(width, heads)
        self.heads = heads
        self.queries = nn.Linear(width, width)
        self.keys_values = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self,
        x: Float[Tensor, "*b n d"],
        context: Float[Tensor, "*b m d"] | None = None,
        mask: Float[Tensor, "*#c #n m"] | None = None,
    ) -> Float[Tensor, "*b n d"]:
        width = self.queries.in_features
        source = x if context is None else context
        if x.shape[-1] != width or source.shape[-1] != width:
            raise ValueError(
                f"this attention takes tokens of {width} channels, got {x.shape[-1]} that attend "
                f"to {source.shape[-1]}"
            )
        keys, values = self.keys_values(source).chunk(2, dim=-1)
        q, k, v = (split_heads(tokens, self.heads) for tokens in (self.queries(x), keys, values))
        mixed = scaled_dot_product(q, k, v, mask)
        return self.out(join_heads(mixed))
