"""The backbones by name, and the strides and layers that a family's config needs (no torch).

`kontur.nn.backbone` builds them.
"""

from collections.abc import Sequence
from typing import Literal

from kontur.nn.shape import Layer

Backbone = Literal["residual", "efficientnet-lite0"]
# Kernel, stride and depth of EfficientNet-Lite0's stem and stages (Tan and Le, 2019, table 1).
LITE0: tuple[tuple[int, int, int], ...] = (
    (3, 2, 1),
    (3, 1, 1),
    (3, 2, 2),
    (5, 2, 2),
    (3, 2, 3),
    (5, 1, 3),
    (5, 2, 4),
    (3, 1, 1),
)


def coarsest_stride(backbone: Backbone, widths: Sequence[int]) -> int:
    """Image pixels per pixel of the coarsest map; height and width must be multiples of it.

    `widths` are those of the residual backbone's stages; the other has five strides of its own.

    >>> coarsest_stride("residual", (32, 48, 64)), coarsest_stride("efficientnet-lite0", ())
    (16, 32)
    """
    return 2 ** (len(widths) + 1) if backbone == "residual" else 32


def layers_of(backbone: Backbone, depths: Sequence[int]) -> list[Layer]:
    """The kernels and strides of the backbone's layers, from the image to the coarsest map.

    `depths` are those of the residual backbone's stages, of two 3×3 convolutions a block.
    """
    stages = LITE0
    if backbone == "residual":
        stages = ((3, 2, 1), *((3, 2, 2 * depth) for depth in depths))
    return [
        Layer(kernel, stride=stride if first else 1)
        for kernel, stride, depth in stages
        for first in (True, *[False] * (depth - 1))
    ]
