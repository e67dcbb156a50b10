"""The backbones by name, and the strides and layers that a family's config needs (no torch).

`kontur.nn.backbone` builds them.
"""

from collections.abc import Sequence
from typing import Literal

from kontur.nn.shape import Layer, receptive_field

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


def pyramid_reach(
    backbone: Backbone,
    depths: Sequence[int],
    *,
    coarsest: int,
    read: Sequence[int],
    smoothed: int,
    heads: int,
) -> int:
    """Pixels on each side of a place that decide about the outputs of a feature pyramid there.

    The pyramid goes from the stride `coarsest` down; its outputs are cells of the strides `read`
    after `heads` 3×3 layers. Levels of at most the stride `smoothed` have one of their own.

    >>> pyramid_reach("residual", (1,), coarsest=4, read=[4], smoothed=0, heads=0)
    11
    """
    down = layers_of(backbone, depths)
    widest = 0
    for stride in read:
        level, layers = coarsest, list(down)
        while True:
            layers += [Layer(3)] * (level <= smoothed)
            if level <= stride:
                break
            layers.append(Layer(1, up=2))
            level //= 2
        widest = max(widest, receptive_field([*layers, *[Layer(3)] * heads]))
    return widest // 2 + coarsest  # cells of the coarsest map lie to one side of some pixels


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
