"""Swin-Unet: a U of window attention, without a convolution and without interpolation.

After Cao et al., Swin-Unet: Unet-like Pure Transformer for Medical Image Segmentation, 2021
(arXiv 2105.05537), figure 1. Patches of 4×4 pixels are the tokens; pairs of W-MSA and SW-MSA
blocks with patch merging go down, pairs with patch expanding go up, and a last expansion returns
to single pixels. Where figure and published code differ, we follow the figure: a skip leaves its
stage behind the blocks, not before them.
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.models.unet.swinconfig import SwinUnetConfig
from kontur.nn.patches import PatchExpanding, PatchMerging, PatchPartition
from kontur.nn.window import SwinBlock, WindowAttention


class SwinUnet(nn.Module):
    """Images to logits of the same size; sides are multiples of `config.multiple`."""

    def __init__(self, config: SwinUnetConfig, outputs: int):
        super().__init__()
        widths = [config.width * 2**level for level in range(len(config.depths))]
        stages = [stage(config, level, width) for level, width in enumerate(widths)]
        finest, *_, deepest = widths

        self.partition = PatchPartition(config.channels, finest, side=config.patch)
        self.encoder = nn.ModuleList(stages[:-1])
        self.mergings = nn.ModuleList(PatchMerging(width) for width in widths[:-1])
        self.bottleneck = nn.Sequential(stages[-1], nn.LayerNorm(deepest))
        self.expandings = nn.ModuleList(
            PatchExpanding(coarse, fine) for fine, coarse in reversed([*pairwise(widths)])
        )
        ups = [*enumerate(widths)][-2::-1]  # coarse to fine
        self.joins = nn.ModuleList(JOINS[config.skip](config, *up) for up in ups)
        self.decoder = nn.ModuleList(stage(config, *up) for up in ups)
        self.norm = nn.LayerNorm(finest)
        self.last = PatchExpanding(finest, finest, factor=config.patch)
        self.head = nn.Linear(finest, outputs)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h w"]:
        x = self.partition(images)  # (b, h / 4, w / 4, d)
        skips = []
        for blocks, merge in zip(self.encoder, self.mergings, strict=True):
            skips.append(blocks(x))
            x = merge(skips[-1])
        x = self.bottleneck(x)
        for expand, join, blocks in zip(self.expandings, self.joins, self.decoder, strict=True):
            x = blocks(join(expand(x), skips.pop()))
        return self.head(self.last(self.norm(x))).permute(0, 3, 1, 2)


def stage(config: SwinUnetConfig, level: int, width: int) -> nn.Sequential:
    """Blocks of one resolution, every second one with its windows shifted by half."""
    return nn.Sequential(
        *(
            SwinBlock(
                width,
                config.heads[level],
                window=config.window,
                shift=block % 2 * (config.window // 2),
                hidden=config.expansion * width,
                dropout=config.dropout,
            )
            for block in range(config.depths[level])
        )
    )


class Concatenate(nn.Module):
    """The paper's skip: both maps side by side, a linear layer back to the width."""

    def __init__(self, config: SwinUnetConfig, level: int, width: int):
        super().__init__()
        self.reduce = nn.Linear(2 * width, width)

    def forward(
        self, x: Float[Tensor, "b h w d"], skip: Float[Tensor, "b h w d"]
    ) -> Float[Tensor, "b h w d"]:
        return self.reduce(torch.cat([x, skip], dim=-1))


class Attend(nn.Module):
    """Cross-attention instead: each token of the decoder attends to the encoder's in its window."""

    def __init__(self, config: SwinUnetConfig, level: int, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.skip_norm = nn.LayerNorm(width)
        self.attention = WindowAttention(width, config.heads[level], window=config.window)

    def forward(
        self, x: Float[Tensor, "b h w d"], skip: Float[Tensor, "b h w d"]
    ) -> Float[Tensor, "b h w d"]:
        return x + self.attention(self.norm(x), self.skip_norm(skip))


JOINS = {"concatenate": Concatenate, "attend": Attend}
