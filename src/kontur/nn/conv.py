"""Convolution blocks: Conv-BN-activation and its depthwise separable form.

The notes' CBR block is what every convolutional network here is made of. The separable form
(Howard et al., MobileNets, 2017) filters each channel on its own and then mixes the channels
with a 1×1 convolution: for a 3×3 kernel about an eighth of the multiplications.
"""

from torch import nn


def cbr(
    inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU; keeps height and width at stride 1."""
    return nn.Sequential(*_conv_norm(inputs, outputs, kernel, stride, groups), nn.ReLU())


def conv_norm(
    inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """A CBR block without its activation: the last step of a residual branch, or a shortcut."""
    return nn.Sequential(*_conv_norm(inputs, outputs, kernel, stride, groups))


def separable(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Depthwise CBR, then a 1×1 CBR that mixes the channels."""
    depthwise = cbr(inputs, inputs, kernel=kernel, stride=stride, groups=inputs)
    return nn.Sequential(*depthwise, *cbr(inputs, outputs, kernel=1))


def _conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int, groups: int
) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
    conv = nn.Conv2d(
        inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False
    )
    return conv, nn.BatchNorm2d(outputs)
