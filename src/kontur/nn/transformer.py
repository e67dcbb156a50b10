"""The transformer block: attention among the tokens, then an MLP on each, both as residuals.

After Vaswani et al., 2017 (the norm after the sum, `order="post"`) and Dosovitskiy et al., An
Image is Worth 16×16 Words, 2021 (the norm before the branch, `order="pre"`). With the norm
before, nothing stands on the way of the sum from the first layer to the last, and deep networks
train without a warm-up; the notes, too, find it the better one.
"""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from kontur.nn.attention import MultiHeadAttention

Order = Literal["pre", "post"]


def mlp(width: int, hidden: int, dropout: float = 0.0) -> nn.Sequential:
    """Two linear layers with a GELU between them, on the channels of each token alone."""
    return nn.Sequential(
        nn.Linear(width, hidden),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, width),
        nn.Dropout(dropout),
    )


class TransformerBlock(nn.Module):
    """`hidden` channels inside the MLP; `dropout` after attention and in the MLP."""

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        hidden: int,
        dropout: float = 0.0,
        order: Order = "pre",
    ):
        super().__init__()
        self.order = order
        self.attention_norm = nn.LayerNorm(width)
        self.attention = MultiHeadAttention(width, heads)
        self.dropout = nn.Dropout(dropout)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = mlp(width, hidden, dropout)

    def forward(self, x: Float[Tensor, "b n d"]) -> Float[Tensor, "b n d"]:
        if self.order == "pre":
            x = x + self.dropout(self.attention(self.attention_norm(x)))
            return x + self.mlp(self.mlp_norm(x))
        x = self.attention_norm(x + self.dropout(self.attention(x)))
        return self.mlp_norm(x + self.mlp(x))
