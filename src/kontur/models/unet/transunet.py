"""TransUNet: convolutions find features, a transformer relates them all, a U-Net's way up.

After Chen et al., TransUNet: Transformers Make Strong Encoders for Medical Image Segmentation,
2021 (arXiv 2102.04306), section 3 and figure 1. Differences: batch normalisation and stride-2
blocks in the stem, where the published one has ResNet v2 with group normalisation and pooling;
the position embedding is interpolated, for images of any size.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from kontur.models.unet.transconfig import TransUNetConfig
from kontur.models.unet.unet import Decoder
from kontur.nn.conv import cbr
from kontur.nn.resnet import ResidualBackbone
from kontur.nn.transformer import TransformerBlock

SPREAD = 0.02  # standard deviation of the first position embedding; ViT's


class TransUNet(nn.Module):
    """Images to logits of the same size."""

    def __init__(self, config: TransUNetConfig, outputs: int):
        super().__init__()
        self.stem = ResidualBackbone(
            config.channels, config.stem, config.stages, config.depths, block=config.residual
        )
        *skips, coarsest = self.stem.widths
        self.transformer = Transformer(config, coarsest)
        self.neck = cbr(config.width, config.neck)
        self.decoder = Decoder(
            config.neck, [*skips[::-1], 0], config.up_widths, block=config.block, up=config.up
        )
        self.head = nn.Conv2d(config.up_widths[-1], outputs, 3, padding=1)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h w"]:
        *skips, coarsest = self.stem(images)
        bottleneck = self.neck(self.transformer(coarsest))
        return self.head(self.decoder(bottleneck, skips[::-1]))


class Transformer(nn.Module):
    """A feature map to tokens, through the layers, and back to a map of `width` channels."""

    def __init__(self, config: TransUNetConfig, inputs: int):
        super().__init__()
        self.embed = nn.Linear(inputs, config.width)
        self.position = PositionEmbedding(config.width, config.grid)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.Sequential(
            *(
                TransformerBlock(
                    config.width,
                    config.heads,
                    hidden=config.hidden,
                    dropout=config.dropout,
                    order=config.order,
                )
                for _ in range(config.layers)
            )
        )
        self.norm = nn.LayerNorm(config.width)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        h, w = features.shape[-2:]
        x = self.embed(features.flatten(2).transpose(1, 2))  # (b, h·w, d)
        x = self.dropout(x + self.position(features))
        x = self.norm(self.layers(x))
        return x.transpose(1, 2).unflatten(2, (h, w))  # (b, d, h, w)


class PositionEmbedding(nn.Module):
    """A learned vector for each point of a grid, interpolated between the points.

    The grid lies over the whole map whatever its size, as ViT's does when it is fine-tuned on
    larger images (Dosovitskiy et al., 2021, section 3.2).
    """

    def __init__(self, width: int, grid: int):
        super().__init__()
        self.grid = nn.Parameter(torch.randn(1, width, grid, grid) * SPREAD)

    def forward(self, features: Float[Tensor, "b c h w"]) -> Float[Tensor, "1 n d"]:
        """The embedding of each of the n = h·w tokens of a map, row by row."""
        size = features.shape[-2:]
        spread = functional.interpolate(self.grid, size, mode="bilinear", align_corners=False)
        return spread.flatten(2).transpose(1, 2)
