"""Twice the height and width, by name: learned, bilinear or by repeating.

A transposed convolution of kernel 2 and stride 2 turns i pixels into o = s(i − 1) + k = 2i, each
of which comes from exactly one: no checkerboard. The two interpolations learn nothing and keep
their channels; pixels are aligned by their centres.
"""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from kontur.wording import nearest

UPS: dict[str, Callable[[int, int], nn.Module]] = {
    "transposed": lambda inputs, outputs: nn.ConvTranspose2d(inputs, outputs, 2, stride=2),
    "bilinear": lambda *_: nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=False),
    "nearest": lambda *_: nn.Upsample(scale_factor=2.0, mode="nearest"),
}


class Up(nn.Module):
    """A feature map of twice the size; with `channels` channels.

    That is `outputs` for the transposed convolution, and `inputs` for the interpolations.
    """

    def __init__(self, name: str, inputs: int, outputs: int):
        super().__init__()
        if name not in UPS:
            raise ValueError(f"there is no up-sampling {name!r}; {nearest(name, UPS)}")
        self.inputs = inputs
        self.channels = outputs if name == "transposed" else inputs
        self.body = UPS[name](inputs, outputs)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        if x.shape[1] != self.inputs:
            raise ValueError(f"this up-sampling takes {self.inputs} channels, got {x.shape[1]}")
        return self.body(x)
