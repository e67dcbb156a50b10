"""The settings of a TransUNet and its presets."""

from typing import Any, Literal, Self

import pydantic

from kontur.models.unet.config import STRIDED, BlockName, DenseConfig, UpName
from kontur.nn.shape import Layer


class TransUNetConfig(DenseConfig):
    """A TransUNet's shape. Its view is the whole image: every token sees all others.

    Attributes:
        stem, stages, depths: channels of the convolutional stem at half the image's size and of
            each residual stage below it, blocks of each.
        residual: the stages' block, `basic` (two 3×3) or `bottleneck` (ResNet-50's).
        width: channels of a token, one for every pixel of the coarsest stage.
        layers, heads, hidden: transformer blocks, heads of each, channels inside its MLP.
        order: the norm before each branch of a block, as published, or after its sum.
        grid: tokens either way for which the position embedding is learned; for images of another
            size it is interpolated.
        neck: channels that the tokens, reshaped into a map, come down to.
        up_widths: channels of each step of the up-sampler, coarse to fine; the last, at the image's
            size, has no skip.
        block, up: what the up-sampler is made of.
    """

    stem: int = pydantic.Field(32, ge=1)
    stages: tuple[pydantic.PositiveInt, ...] = pydantic.Field((64, 96, 128), min_length=1)
    depths: tuple[pydantic.PositiveInt, ...] = (2, 2, 2)
    residual: Literal["basic", "bottleneck"] = "basic"
    width: int = pydantic.Field(128, ge=1)
    layers: int = pydantic.Field(4, ge=1)
    heads: int = pydantic.Field(4, ge=1)
    hidden: int = pydantic.Field(256, ge=1)
    order: Literal["pre", "post"] = "pre"
    grid: int = pydantic.Field(16, ge=1)
    neck: int = pydantic.Field(128, ge=1)
    up_widths: tuple[pydantic.PositiveInt, ...] = (96, 64, 32, 16)
    block: BlockName = "double"
    up: UpName = "bilinear"

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.stages) != len(self.depths) or len(self.up_widths) != len(self.stages) + 1:
            raise ValueError(
                f"for {len(self.stages)} stages depths wants as many numbers and up_widths one "
                f"more, got {len(self.depths)} and {len(self.up_widths)}"
            )
        if self.width % self.heads:
            raise ValueError(
                f"width must be a multiple of heads, got {self.width} and {self.heads}"
            )
        return self

    @property
    def multiple(self) -> int:
        """Image height and width are padded to multiples of this: a token's stride."""
        return 2 ** (len(self.stages) + 1)

    @property
    def halving(self) -> Layer | None:
        return STRIDED


PRESETS: dict[str, dict[str, Any]] = {
    # R50-ViT-B/16 of Chen et al., 2021: three stages of a ResNet-50, the third with nine blocks,
    # twelve layers of a ViT-B, 14 × 14 tokens of a 224 × 224 image, the cascaded up-sampler.
    "paper": {
        "stem": 64,
        "stages": (256, 512, 1024),
        "depths": (3, 4, 9),
        "residual": "bottleneck",
        "width": 768,
        "layers": 12,
        "heads": 12,
        "hidden": 3072,
        "grid": 14,
        "neck": 512,
        "up_widths": (256, 128, 64, 16),
        "dropout": 0.1,
    },
    "fast": {},
    "tiny": {
        "stem": 16,
        "stages": (24, 32, 48),
        "depths": (1, 1, 1),
        "width": 48,
        "layers": 2,
        "heads": 2,
        "hidden": 96,
        "grid": 8,
        "neck": 48,
        "up_widths": (32, 24, 16, 12),
    },
}
