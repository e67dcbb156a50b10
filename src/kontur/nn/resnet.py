"""A residual backbone of CBR blocks.

After He et al., Deep Residual Learning, CVPR 2016, figures 2 and 5. The stem halves the image once;
every stage halves it again, so the outputs have strides 2, 4, 8, 16, …
"""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from kontur.nn.conv import cbr, conv_norm


class ResidualBlock(nn.Module):
    """`relu(x + f(x))` with two 3×3 convolutions; a 1×1 shortcut where the shape changes."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1):
        super().__init__()
        self.first = cbr(inputs, outputs, stride=stride)
        self.second = conv_norm(outputs, outputs)
        same = inputs == outputs and stride == 1
        self.shortcut = (
            nn.Identity() if same else conv_norm(inputs, outputs, kernel=1, stride=stride)
        )
        self.activation = nn.ReLU()

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        return self.activation(self.shortcut(x) + self.second(self.first(x)))


class Bottleneck(nn.Module):
    """`relu(x + f(x))` with 1×1, 3×3, 1×1 convolutions, the middle one a quarter as wide."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1):
        super().__init__()
        width = max(1, outputs // 4)
        self.narrow = cbr(inputs, width, kernel=1)
        self.middle = cbr(width, width, stride=stride)
        self.widen = conv_norm(width, outputs, kernel=1)
        same = inputs == outputs and stride == 1
        self.shortcut = (
            nn.Identity() if same else conv_norm(inputs, outputs, kernel=1, stride=stride)
        )
        self.activation = nn.ReLU()

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        return self.activation(self.shortcut(x) + self.widen(self.middle(self.narrow(x))))


BLOCKS: dict[str, type[ResidualBlock] | type[Bottleneck]] = {
    "basic": ResidualBlock,  # ResNet-18 and -34
    "bottleneck": Bottleneck,  # ResNet-50 and deeper
}


class ResidualBackbone(nn.Module):
    """Images to one feature map a level, finest first: strides 2 (the stem), 4, 8, …"""

    def __init__(
        self,
        channels: int,
        stem: int,
        widths: Sequence[int],
        depths: Sequence[int],
        *,
        block: str = "basic",
    ):
        super().__init__()
        self.stem = cbr(channels, stem, stride=2)
        self.stages = nn.ModuleList()
        inputs = stem
        for width, depth in zip(widths, depths, strict=True):
            blocks = [BLOCKS[block](inputs, width, stride=2)]
            blocks += [BLOCKS[block](width, width) for _ in range(depth - 1)]
            self.stages.append(nn.Sequential(*blocks))
            inputs = width
        self.widths = (stem, *widths)

    def forward(self, images: Float[Tensor, "b c h w"]) -> list[Tensor]:
        levels = [self.stem(images)]
        for stage in self.stages:
            levels.append(stage(levels[-1]))
        return levels
