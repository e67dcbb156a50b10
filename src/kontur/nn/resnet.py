"""A residual backbone of CBR blocks.

After He et al., Deep Residual Learning, CVPR 2016, figure 2. The stem halves the image once;
every stage halves it again, so the outputs have strides 2, 4, 8, 16, …

We differ in two things: the published stem is a 7×7 convolution and max-pooling, ours one 3×3
convolution, and every stage halves, the first too; and a bottleneck halves in its 3×3 convolution
instead of its first 1×1, which would skip three of four pixels.
"""

from collections.abc import Callable, Sequence

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
    """`relu(x + f(x))`, f a 3×3 convolution of a quarter of the channels between two of 1×1.

    After He et al., figure 5, right: what ResNet-50 is made of.
    """

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1):
        super().__init__()
        if outputs < 4:
            raise ValueError(f"a bottleneck narrows to a quarter of its outputs, got {outputs}")
        inner = outputs // 4
        self.branch = nn.Sequential(
            *cbr(inputs, inner, kernel=1),
            *cbr(inner, inner, stride=stride),
            *conv_norm(inner, outputs, kernel=1),
        )
        same = inputs == outputs and stride == 1
        self.shortcut = (
            nn.Identity() if same else conv_norm(inputs, outputs, kernel=1, stride=stride)
        )
        self.activation = nn.ReLU()

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        return self.activation(self.shortcut(x) + self.branch(x))


RESIDUALS: dict[str, Callable[..., nn.Module]] = {"basic": ResidualBlock, "bottleneck": Bottleneck}


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
        residual = RESIDUALS[block]
        inputs = stem
        for width, depth in zip(widths, depths, strict=True):
            blocks = [residual(inputs, width, stride=2)]
            blocks += [residual(width, width) for _ in range(depth - 1)]
            self.stages.append(nn.Sequential(*blocks))
            inputs = width
        self.widths = (stem, *widths)

    def forward(self, images: Float[Tensor, "b c h w"]) -> list[Tensor]:
        levels = [self.stem(images)]
        for stage in self.stages:
            levels.append(stage(levels[-1]))
        return levels
