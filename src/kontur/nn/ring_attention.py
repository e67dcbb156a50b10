"""Attention among the points of a ring, and from them to something else.

After Vaswani et al., 2017 (`nn.attention`), in blocks whose norms stand before the branches
(`nn.transformer`). A ring has no first point, so what counts is how far it is from one point to
another around the ring, not their numbers: like the position bias of Shaw et al., 2018, and of Swin
(`nn.window`), a number is added to the score of each pair of points. Ours is a Fourier series in
the angle between them, 2π (j - i) / n: it is the same wherever the ring begins, closes by itself,
and is defined for rings of any number of points.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.nn.attention import MultiHeadAttention
from kontur.nn.transformer import mlp

SPREAD = 0.02  # standard deviation of the series at the start: that of Swin's biases


class RingBias(nn.Module):
    """What is added to the score of every two of n points, for each head, by the way between."""

    def __init__(self, heads: int, harmonics: int):
        super().__init__()
        self.series = nn.Parameter(torch.randn(heads, 2 * harmonics) * SPREAD)
        self.harmonics = harmonics

    def forward(self, n: int) -> Float[Tensor, "heads n n"]:
        points = torch.arange(n, device=self.series.device)
        turns = torch.arange(1, self.harmonics + 1, device=self.series.device)
        angles = (turns[:, None] * points % n).to(self.series.dtype) * (2 * torch.pi / n)
        waves = torch.cat([angles.cos(), angles.sin()])  # (2 · harmonics, n)
        by_way = self.series @ waves  # (heads, n): of the way from a point to the k-th after it
        ways = (points - points[:, None]) % n  # (n, n): from i to j
        return by_way[:, ways]


class RingBlock(nn.Module):
    """Attention around the ring, then to each of some contexts, then an MLP: all as residuals."""

    def __init__(self, width: int, heads: int, *, harmonics: int, contexts: int, dropout: float):
        super().__init__()
        self.bias = RingBias(heads, harmonics)
        self.norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads)
        self.context_norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(contexts))
        self.context_attentions = nn.ModuleList(
            MultiHeadAttention(width, heads) for _ in range(contexts)
        )
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = mlp(width, 2 * width, dropout)

    def forward(
        self,
        x: Float[Tensor, "m n d"],
        contexts: list[tuple[Float[Tensor, "m _ d"], Float[Tensor, "m 1 1 _"] | None]],
    ) -> Float[Tensor, "m n d"]:
        """A context is tokens and what is added to their scores, so that some may be missing."""
        x = x + self.attention(self.norm(x), mask=self.bias(int(x.shape[1])))
        parts = zip(self.context_norms, self.context_attentions, contexts, strict=True)
        for norm, attention, (tokens, mask) in parts:
            x = x + attention(norm(x), tokens, mask)
        return x + self.mlp(self.mlp_norm(x))
