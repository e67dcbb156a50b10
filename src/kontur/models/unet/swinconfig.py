"""The settings of a Swin-Unet and its three presets."""

from typing import Any, Literal, Self

import pydantic

from kontur.models.unet.config import DenseConfig


class SwinUnetConfig(DenseConfig):
    """A Swin-Unet's shape.

    Attributes:
        patch: pixels of a token's side, and the factor of the last expansion.
        width: channels of a token at the finest level; doubled at each coarser one.
        depths: Swin blocks of each level, finest first, alternately plain and shifted; the
            decoder repeats them upwards.
        heads: attention heads of each level.
        window: tokens of a window's side.
        expansion: hidden channels of the MLPs, as a multiple of the width.
        skip: how the decoder takes in the encoder's map: concatenation and a linear layer, as
            published, or cross-attention within the windows.
    """

    patch: Literal[2, 4] = 4
    width: int = pydantic.Field(48, ge=1)
    depths: tuple[pydantic.PositiveInt, ...] = pydantic.Field((2, 2, 2, 2), min_length=2)
    heads: tuple[pydantic.PositiveInt, ...] = (3, 6, 12, 24)
    window: int = pydantic.Field(8, ge=2)
    expansion: int = pydantic.Field(4, ge=1)
    skip: Literal["concatenate", "attend"] = "concatenate"

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.heads) != len(self.depths):
            raise ValueError(
                f"depths and heads describe the same levels, got {len(self.depths)} and "
                f"{len(self.heads)} of them"
            )
        for level, heads in enumerate(self.heads):
            if self.width * 2**level % heads:
                raise ValueError(
                    f"the heads share a level's width evenly, got {heads} heads for "
                    f"{self.width * 2**level} channels at level {level}"
                )
        return self

    @property
    def multiple(self) -> int:
        """Image height and width are padded to multiples of this: the coarsest level's stride."""
        return self.patch * 2 ** (len(self.depths) - 1)


PRESETS: dict[str, dict[str, Any]] = {
    # The published one, of the size of Swin-T with two blocks a level: 27.17 M parameters (as
    # counted by Karimijafarbigloo et al., WACV 2025, table of Synapse; the paper prints none).
    "paper": {"width": 96, "heads": (3, 6, 12, 24), "window": 7},
    # A window of 8 fills the maps of images whose sides are powers of two.
    "fast": {},
    # For tests and first tries: seconds to build, minutes to train.
    "tiny": {"width": 24, "depths": (2, 2, 2), "heads": (2, 4, 8), "window": 4},
}
