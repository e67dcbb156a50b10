"""Convolution blocks: Conv-BN-activation, BN-activation-Conv, and separable forms of the first.

The notes' CBR block is what every convolutional network here is made of. The depthwise separable
form (Howard et al., MobileNets, 2017) filters each channel on its own and then mixes the channels
with a 1×1 convolution: for a 3×3 kernel about an eighth of the multiplications. The spatially
separable form takes a 3×1 and a 1×3 kernel for a 3×3 one: two thirds of them.
"""

from torch import nn

Kernel = int | tuple[int, int]  # (height, width)


def cbr(
    inputs: int,
    outputs: int,
    *,
    kernel: Kernel = 3,
    stride: int = 1,
    groups: int = 1,
    dilation: int = 1,
) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU; keeps height and width at stride 1."""
    return nn.Sequential(*_conv_norm(inputs, outputs, kernel, stride, groups, dilation), nn.ReLU())


def conv_norm(inputs: int, outputs: int, *, kernel: Kernel = 3, stride: int = 1) -> nn.Sequential:
    """A CBR block without its activation: the last step of a residual branch, or a shortcut."""
    return nn.Sequential(*_conv_norm(inputs, outputs, kernel, stride, 1, 1))


def bac(inputs: int, outputs: int) -> nn.Sequential:
    """Batch normalisation, ReLU, convolution (He et al., Identity Mappings, 2016)."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(), conv)


def separable(inputs: int, outputs: int) -> nn.Sequential:
    """Depthwise CBR, then a 1×1 CBR that mixes the channels."""
    return nn.Sequential(*cbr(inputs, inputs, groups=inputs), *cbr(inputs, outputs, kernel=1))


def spatial(inputs: int, outputs: int) -> nn.Sequential:
    """A column kernel, then a row kernel: a separable kernel in two CBR steps."""
    column = cbr(inputs, outputs, kernel=(3, 1))
    return nn.Sequential(*column, *cbr(outputs, outputs, kernel=(1, 3)))


def _conv_norm(
    inputs: int, outputs: int, kernel: Kernel, stride: int, groups: int, dilation: int
) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    conv = nn.Conv2d(
        inputs,
        outputs,
        kernel,
        stride,
        padding=_same(kernel, dilation),
        dilation=dilation,
        groups=groups,
        bias=False,
    )
    return conv, nn.BatchNorm2d(outputs)


def _same(kernel: Kernel, dilation: int) -> tuple[int, int]:
    """The padding that keeps height and width; kernels have a middle, so they are odd."""
    sides = (kernel, kernel) if isinstance(kernel, int) else kernel
    if any(side % 2 == 0 for side in sides):
        raise ValueError(f"a kernel that keeps height and width has odd sides, got {kernel}")
    return dilation * (sides[0] // 2), dilation * (sides[1] // 2)
