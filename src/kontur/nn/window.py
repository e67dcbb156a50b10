"""Attention within windows, and within shifted windows: W-MSA and SW-MSA.

After Liu et al., Swin Transformer, ICCV 2021, section 3.2. Attention among all tokens of a map
costs their number squared; within windows it costs the window's. Every second block moves the
windows by half their side, so that what one window learned reaches its neighbours. The map is
rolled instead of the windows, and a mask keeps apart what the roll brought together.

We differ in one thing: a map need not be a multiple of the window. What is missing is filled up
and masked, so no token sees the filling, and where one window holds the whole side, nothing is
shifted along it. Sizes are computed in the graph, so an exported network takes any.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from kontur.nn.attention import MultiHeadAttention
from kontur.nn.transformer import mlp

FORBIDDEN = -1e4  # added to a score: its share is 0 in any precision, and a row of them no NaN
FILLING = 2  # the region of what lies beyond the map; 0 is the map, 1 what the roll wrapped
BIAS_SPREAD = 0.02  # standard deviation of position biases at the start; the published code's


def partition_windows(
    x: Float[Tensor, "b h w d"], window: int
) -> Float[Tensor, "b windows cells d"]:
    """The windows of a map whose sides are multiples of `window`, their cells row by row."""
    b, h, w, d = x.shape
    if h % window or w % window:
        raise ValueError(f"height and width must be multiples of the window {window}, got {h}×{w}")
    squares = x.reshape(b, h // window, window, w // window, window, d).transpose(2, 3)
    return squares.reshape(b, (h // window) * (w // window), window * window, d)


def reverse_windows(
    windows: Float[Tensor, "b windows cells d"], like: Float[Tensor, "b h w e"], window: int
) -> Float[Tensor, "b h w d"]:
    """A map with the sides of `like` from its windows; the inverse of `partition_windows`."""
    b, h, w, _ = like.shape
    d = windows.shape[-1]
    squares = windows.reshape(b, h // window, w // window, window, window, d).transpose(2, 3)
    return squares.reshape(b, h, w, d)


class Axis(NamedTuple):
    """How one side of a map is filled up to whole windows, rolled, and rolled back."""

    cell: Int[Tensor, " filled"]  # the cell of the map that stands at each place
    place: Int[Tensor, " cells"]  # the place where each cell of the map stands
    region: Int[Tensor, " filled"]


def roll_axis(x: Float[Tensor, "b h w d"], axis: int, window: int, shift: int) -> Axis:
    """The rows (axis 1) or columns (2), rolled by `shift` where they are more than one window."""
    cells = x.shape[axis]
    filled = (cells + window - 1) // window * window
    moved = shift * (filled > window)
    at = (torch.arange(filled, device=x.device) + moved) % filled
    region = torch.where(at >= cells, FILLING, (at < moved).long())
    place = (torch.arange(cells, device=x.device) - moved + filled) % filled
    return Axis(at.clamp(max=cells - 1), place, region)


def attention_mask(
    rows: Axis, columns: Axis, window: int
) -> Float[Tensor, "windows 1 cells cells"]:
    """`FORBIDDEN` for two cells of a window from different regions, 0 for two from the same."""
    region = rows.region[:, None] * (FILLING + 1) + columns.region  # (h, w)
    regions = partition_windows(region[None, :, :, None].float(), window)[0, :, :, 0]
    return (regions[:, :, None] != regions[:, None, :]).float()[:, None] * FORBIDDEN


def relative_index(window: int) -> Int[Tensor, "cells cells"]:
    """For each pair of a window's cells the row of the bias table: one for each offset.

    >>> relative_index(2)[0].tolist()  # from the top left cell: to itself, right, below, across
    [4, 3, 1, 0]
    """
    at = torch.arange(window)
    row, column = at.repeat_interleave(window), at.repeat(window)
    down = row[:, None] - row + window - 1
    across = column[:, None] - column + window - 1
    return down * (2 * window - 1) + across


def _take(x: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    return x.index_select(1, rows).index_select(2, columns)


class WindowAttention(nn.Module):
    """Multi-head attention within the windows of a map of any size, with a bias for each offset.

    `shift` 0 is W-MSA, half a window SW-MSA. With a context, a map of the same size, the tokens
    attend to the context's tokens of their window.
    """

    index: Tensor

    def __init__(self, width: int, heads: int, *, window: int, shift: int = 0):
        super().__init__()
        if not 0 <= shift < window:
            raise ValueError(f"windows of {window} shift by 0 to {window - 1} cells, got {shift}")
        self.window = window
        self.shift = shift
        self.attention = MultiHeadAttention(width, heads)
        self.bias = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        nn.init.trunc_normal_(self.bias, std=BIAS_SPREAD)
        self.register_buffer("index", relative_index(window), persistent=False)

    def forward(
        self,
        x: Float[Tensor, "b h w d"],
        context: Float[Tensor, "b h w d"] | None = None,
    ) -> Float[Tensor, "b h w d"]:
        if context is not None and context.shape[:3] != x.shape[:3]:
            raise ValueError(
                "tokens attend to a context of as many images, rows and columns, got "
                f"{tuple(x.shape[:3])} that attend to {tuple(context.shape[:3])}"
            )
        rows = roll_axis(x, 1, self.window, self.shift)
        columns = roll_axis(x, 2, self.window, self.shift)
        mask = self.bias[self.index].permute(2, 0, 1) + attention_mask(rows, columns, self.window)
        filled = _take(x, rows.cell, columns.cell)
        windows, context_windows = partition_windows(filled, self.window), None
        if context is not None:
            context_windows = partition_windows(
                _take(context, rows.cell, columns.cell), self.window
            )
        mixed = self.attention(
            windows, context_windows, mask
        )  # the mask is (windows, heads, cells, cells)
        return _take(reverse_windows(mixed, filled, self.window), rows.place, columns.place)


class SwinBlock(nn.Module):
    """One of a pair of blocks: equations 1 and 2 of the notes, shifted 3 and 4."""

    def __init__(
        self,
        width: int,
        heads: int,
        *,
        window: int,
        shift: int,
        hidden: int,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = WindowAttention(width, heads, window=window, shift=shift)
        self.dropout = nn.Dropout(dropout)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = mlp(width, hidden, dropout)

    def forward(self, x: Float[Tensor, "b h w d"]) -> Float[Tensor, "b h w d"]:
        x = x + self.dropout(self.attention(self.attention_norm(x)))
        return x + self.mlp(self.mlp_norm(x))
