"""The blocks that a U-Net can be made of, by name; each keeps height and width.

`double` is the original's two convolutions. The others trade for depth (`residual`, `bac`), work
(`separable`, `spatial`) or a larger view (`dilated`, `inception`).
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.nn.conv import bac, cbr, separable, spatial
from kontur.nn.resnet import ResidualBlock
from kontur.wording import nearest

DILATIONS = (1, 2)  # of the dilated block; no gap between the points that it reads


class PreActivation(nn.Module):
    """`x + f(x)`, f being BN-ReLU-Conv twice: nothing stands on the way of the sum.

    After He et al., Identity Mappings in Deep Residual Networks, 2016, figure 4e. Where the
    number of channels changes, a 1×1 convolution does it on the way of the sum.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.branch = nn.Sequential(*bac(inputs, outputs), *bac(outputs, outputs))
        same = inputs == outputs
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        return self.shortcut(x) + self.branch(x)


class Inception(nn.Module):
    """Kernels of several sizes side by side, their outputs concatenated: the data choose.

    After Szegedy et al., Going Deeper with Convolutions, 2015, figure 2b, the 5×5 kernel as two
    of 3×3 (Rethinking the Inception Architecture, 2016). Each branch but the first narrows the
    channels by a 1×1 convolution; each gives a quarter of the outputs, the first what is left.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        if outputs < 4:
            raise ValueError(f"an Inception block has four branches, got {outputs} outputs")
        part = outputs // 4
        self.point = cbr(inputs, outputs - 3 * part, kernel=1)
        self.three = nn.Sequential(*cbr(inputs, part, kernel=1), *cbr(part, part))
        self.five = nn.Sequential(*cbr(inputs, part, kernel=1), *cbr(part, part), *cbr(part, part))
        self.pooled = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), *cbr(inputs, part, kernel=1)
        )

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        return torch.cat([self.point(x), self.three(x), self.five(x), self.pooled(x)], dim=1)


def double(inputs: int, outputs: int) -> nn.Sequential:
    """Two CBR blocks (Ronneberger et al., U-Net, 2015, with batch normalisation and padding)."""
    return nn.Sequential(*cbr(inputs, outputs), *cbr(outputs, outputs))


def dilated(inputs: int, outputs: int) -> nn.Sequential:
    """Two CBR blocks, the second of which leaves out every other pixel."""
    first, second = DILATIONS
    return nn.Sequential(
        *cbr(inputs, outputs, dilation=first), *cbr(outputs, outputs, dilation=second)
    )


def twice_separable(inputs: int, outputs: int) -> nn.Sequential:
    """Two depthwise separable CBR blocks."""
    return nn.Sequential(*separable(inputs, outputs), *separable(outputs, outputs))


def twice_spatial(inputs: int, outputs: int) -> nn.Sequential:
    """Two spatially separable CBR blocks."""
    return nn.Sequential(*spatial(inputs, outputs), *spatial(outputs, outputs))


BLOCKS: dict[str, Callable[[int, int], nn.Module]] = {
    "double": double,
    "residual": ResidualBlock,
    "bac": PreActivation,
    "separable": twice_separable,
    "spatial": twice_spatial,
    "dilated": dilated,
    "inception": Inception,
}


class Block(nn.Module):
    """A block by its name; height and width stay."""

    def __init__(self, name: str, inputs: int, outputs: int):
        super().__init__()
        if name not in BLOCKS:
            raise ValueError(f"there is no block {name!r}; {nearest(name, BLOCKS)}")
        self.inputs = inputs
        self.body = BLOCKS[name](inputs, outputs)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h w"]:
        if x.shape[1] != self.inputs:
            raise ValueError(f"this block takes {self.inputs} channels, got {x.shape[1]}")
        return self.body(x)
