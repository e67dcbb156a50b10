"""The U-Net: down in halves, up in doubles, and at every size a skip across.

After Ronneberger et al., U-Net, MICCAI 2015, figure 1. The original loses pixels at the edges of
every convolution; we pad, so that the output has the image's size.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from kontur.models.unet.config import UNetConfig
from kontur.nn.backbone import build_backbone
from kontur.nn.blocks import Block
from kontur.nn.efficientnet import EfficientNetLite0
from kontur.nn.resnet import ResidualBackbone
from kontur.nn.upsample import Up


class UNet(nn.Module):
    """Images to logits of the same size."""

    def __init__(self, config: UNetConfig, outputs: int):
        super().__init__()
        self.encoder = build_encoder(config)
        *skips, widest = self.encoder.widths
        if config.backbone != "plain":
            skips.insert(0, 0)  # nothing of the image's own size comes across
        widths = [skip or max(skips[1] // 2, 8) for skip in skips]
        self.dropout = nn.Dropout2d(config.dropout)
        self.decoder = Decoder(widest, skips[::-1], widths[::-1], block=config.block, up=config.up)
        finest = widths[0] if widths else widest  # of one level nothing is decoded
        self.head = nn.Conv2d(finest, outputs, 1)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h w"]:
        *skips, coarsest = self.encoder(images)
        return self.head(self.decoder(self.dropout(coarsest), skips[::-1]))


def build_encoder(config: UNetConfig) -> "Encoder | ResidualBackbone | EfficientNetLite0":
    """The encoder: its levels, finest first, and their `widths`."""
    if config.backbone == "plain":
        return Encoder(config.channels, config.widths, config.block)
    return build_backbone(config)


class Encoder(nn.Module):
    """Images to one feature map a level, finest first: strides 1, 2, 4, …"""

    def __init__(self, channels: int, widths: Sequence[int], block: str):
        super().__init__()
        inputs = (channels, *widths[:-1])
        self.blocks = nn.ModuleList(Block(block, i, o) for i, o in zip(inputs, widths, strict=True))
        self.widths = tuple(widths)

    def forward(self, images: Float[Tensor, "b c h w"]) -> list[Tensor]:
        levels = [self.blocks[0](images)]
        for block in self.blocks[1:]:
            levels.append(block(functional.max_pool2d(levels[-1], 2)))
        return levels


class Decoder(nn.Module):
    """The coarsest map back to the finest: twice the size, the skip beside it, a block.

    `skips` and `widths` go from coarse to fine and count channels: of what comes across (0 for
    nothing) and of what each step gives.
    """

    def __init__(
        self, inputs: int, skips: Sequence[int], widths: Sequence[int], *, block: str, up: str
    ):
        super().__init__()
        self.ups, self.blocks = nn.ModuleList(), nn.ModuleList()
        for skip, width in zip(skips, widths, strict=True):
            doubled = Up(up, inputs, width)
            self.ups.append(doubled)
            self.blocks.append(Block(block, doubled.channels + skip, width))
            inputs = width

    def forward(self, x: Float[Tensor, "b c h w"], skips: Sequence[Tensor]) -> Tensor:
        """`skips` from coarse to fine, as many as there are."""
        for step, (up, block) in enumerate(zip(self.ups, self.blocks, strict=True)):
            x = up(x)
            if step < len(skips):
                x = torch.cat([x, skips[step]], dim=1)
            x = block(x)
        return x
