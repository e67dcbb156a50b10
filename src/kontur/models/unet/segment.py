"""The probabilities of an image's pixels; those of a large image in blocks, in bounded memory.

A block is what the network sees at a time: pixels of its own and what surrounds them. Where that is
all that decides about them (U-Net), blocks give what the image as a whole would. Of networks in
which every pixel may decide about every other, blocks are how a large view is defined.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from kontur.models.graphs import Graphs

AT_ONCE = 1.5e9  # bytes that a network may need for what it sees at a time
DECODED = 106.0  # bytes for the decoding of each pixel of a larger view
OF_OUTPUT = 8.0  # more for each of its probabilities: itself, and a copy where they are compared


@dataclass(frozen=True)
class Segment:
    """How a network sees images.

    `memory` is (config, (h, w)) → the bytes that it needs for what it sees at a time, and `blocks`
    config → the side of a block's own pixels and how far it sees around them, multiples of
    `config.multiple`.
    """

    memory: Callable[[Any, tuple[int, int]], float]
    blocks: Callable[[Any], tuple[int, int]]

    def needed(self, config: Any, size: tuple[int, int]) -> float:
        """The most bytes that an image of `size` (h, w) needs; more for a larger one."""
        at_once = self.memory(config, size)
        side, around = self.blocks(config)
        block = max(AT_ONCE, self.memory(config, (side + 2 * around,) * 2))
        decoded = DECODED + OF_OUTPUT * config.outputs
        return min(at_once, block + decoded * size[0] * size[1])

    def probabilities(
        self, graphs: Graphs, images: Float[np.ndarray, "b c h w"], config: Any
    ) -> Float[np.ndarray, "b q h w"]:
        """What the graph `segment` gives, of sides that are multiples of `config.multiple`."""
        height, width = images.shape[2:]
        if self.memory(config, (height, width)) <= AT_ONCE:
            (whole,) = graphs["segment"](images)
            return np.asarray(whole, np.float32)
        side, around = self.blocks(config)
        joined = np.empty((len(images), config.outputs, height, width), np.float32)
        for own_rows, rows in _spans(height, side, around):
            for own_columns, columns in _spans(width, side, around):
                (part,) = graphs["segment"](np.ascontiguousarray(images[:, :, rows, columns]))
                inside = (_within(own_rows, rows), _within(own_columns, columns))
                joined[:, :, own_rows, own_columns] = part[:, :, *inside]
        return joined


def _spans(length: int, side: int, around: int) -> Iterator[tuple[slice, slice]]:
    """The blocks along an axis: their own pixels, and all that they see."""
    for first in range(0, length, side):
        stop = min(first + side, length)
        yield slice(first, stop), slice(max(first - around, 0), min(stop + around, length))


def _within(own: slice, window: slice) -> slice:
    return slice(own.start - window.start, own.stop - window.start)
