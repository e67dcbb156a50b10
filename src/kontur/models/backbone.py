"""Which backbones there are, by name, and what a family's config must know of them (no torch).

`kontur.nn.backbone` builds them.
"""

from collections.abc import Sequence
from typing import Literal

Backbone = Literal["residual", "efficientnet-lite0"]


def coarsest_stride(backbone: Backbone, widths: Sequence[int]) -> int:
    """Image pixels a pixel of the coarsest map: what height and width must be multiples of.

    `widths` are those of the residual backbone's stages; the other has five strides of its own.

    >>> coarsest_stride("residual", (32, 48, 64)), coarsest_stride("efficientnet-lite0", ())
    (16, 32)
    """
    return 2 ** (len(widths) + 1) if backbone == "residual" else 32
