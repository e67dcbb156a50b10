"""Sizes after layers, and the receptive field of an output pixel. No torch.

`receptive_field` serves the U-Net's config; `round_trip_size` the message on images whose sides are
no multiples.
"""

from collections.abc import Iterable
from typing import NamedTuple


class Layer(NamedTuple):
    """The kernel, stride, dilation and up-sampling of a layer, which decide its output's size.

    A convolution or pooling has a kernel, a stride and a dilation. An up-sampling by `up` reads
    `kernel` pixels for each that it gives: 1 if it is transposed with kernel = stride or repeats
    pixels, 2 if it is bilinear.
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    up: int = 1


def convolved(
    size: int, *, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Pixels after a convolution or pooling: floor((i + 2p − d(k − 1) − 1) / s) + 1.

    Raises `ValueError` where the kernel does not fit.

    >>> convolved(7, kernel=3), convolved(7, kernel=3, stride=2, padding=1, dilation=2)
    (5, 3)
    """
    reach = dilation * (kernel - 1) + 1
    if size + 2 * padding < reach:
        raise ValueError(
            f"a kernel that spans {reach} pixels does not fit into {size} with {padding} on "
            "either side; pad more"
        )
    return (size + 2 * padding - reach) // stride + 1


def transposed(size: int, *, kernel: int, stride: int, padding: int = 0) -> int:
    """Pixels after a transposed convolution: s(i − 1) + k − 2p.

    >>> transposed(5, kernel=2, stride=2), transposed(5, kernel=4, stride=2, padding=1)
    (10, 10)
    """
    return stride * (size - 1) + kernel - 2 * padding


def round_trip_size(side: int, halving: Layer, stride: int) -> int:
    """The size of a side after halvings down to a map of `stride` and as many doublings.

    A kernel of 2 (pooling) rounds halves down, one of 3 with a pixel around up.

    >>> round_trip_size(70, Layer(2, stride=2), 16), round_trip_size(70, Layer(3, stride=2), 16)
    (64, 80)
    """
    size = side + stride  # one pixel more of the coarsest map, so that every kernel fits
    for _ in range(stride.bit_length() - 1):
        size = convolved(size, kernel=halving.kernel, stride=2, padding=(halving.kernel - 1) // 2)
    return transposed(size, kernel=stride, stride=stride) - stride


def receptive_field(layers: Iterable[Layer]) -> int:
    """The side of the largest square of input pixels on which one output pixel depends.

    Counted backwards from the output, where n neighbouring pixels depend on (n − 1)·s + d(k − 1) +
    1 of a convolution's inputs, and ceil((n − 1) / up) + k of an up-sampling's. For the smallest
    alignment it may be less by some pixels.

    >>> receptive_field([Layer(3), Layer(3)]), receptive_field([Layer(3), Layer(2, stride=2)])
    (5, 4)
    """
    side = 1
    for layer in reversed(list(layers)):
        if layer.up > 1:
            side = -(-(side - 1) // layer.up) + layer.kernel
        else:
            side = (side - 1) * layer.stride + layer.dilation * (layer.kernel - 1) + 1
    return side


TWICE = (Layer(3), Layer(3))
BLOCK_LAYERS: dict[str, tuple[Layer, ...]] = {  # of `nn.blocks.BLOCKS`
    "double": TWICE,
    "residual": TWICE,
    "bac": TWICE,
    "separable": TWICE,
    "spatial": TWICE,
    "dilated": (Layer(3), Layer(3, dilation=2)),
    "inception": TWICE,  # its widest branch
}
UP_LAYERS: dict[str, Layer] = {  # of `nn.upsample.UPS`
    "transposed": Layer(1, up=2),
    "bilinear": Layer(2, up=2),
    "nearest": Layer(1, up=2),
}
