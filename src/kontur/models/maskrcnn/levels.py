"""The level of the pyramid for each box, and its position in the table of all. No torch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

CELLS = 14  # the side of a box, in cells of its level, from this to twice as much


class RoiLevels(NamedTuple):
    """The level of each of m boxes, as the fields of `nn.roi.Rois`, in its order."""

    boxes: Float[np.ndarray, "m 4"]
    starts: Int[np.ndarray, " m"]
    sizes: Int[np.ndarray, "m 2"]
    strides: Float[np.ndarray, " m"]


def roi_levels(
    boxes: Float[np.ndarray, "m 4"],
    image_index: Int[np.ndarray, " m"],
    *,
    size: tuple[int, int],
    strides: Sequence[int],
) -> RoiLevels:
    """The map of each box of a batch of images of `size` (h, w).

    The level by the box's area: Lin et al., Feature Pyramid Networks, 2017, equation 1, whose
    224 pixels at stride 16 are 14 cells. The table holds image by image, finest level first.
    """
    side = np.sqrt(np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=-1), 0))
    ideal = np.floor(np.log2(np.maximum(side, 1) / (CELLS * strides[0])))
    level = np.clip(np.nan_to_num(ideal), 0, len(strides) - 1).astype(np.int64)
    sizes = np.array([(size[0] // s, size[1] // s) for s in strides])
    rows = sizes.prod(axis=-1)
    starts = np.cumsum(rows) - rows
    return RoiLevels(
        boxes.astype(np.float32),
        image_index * rows.sum() + starts[level],
        sizes[level],
        np.array(strides, np.float32)[level],
    )
