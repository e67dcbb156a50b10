"""What is true of all training images together: for the network's channels and the model's card."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from kontur.data.sample import Sample


class Facts(NamedTuple):
    """Counted over the samples.

    Attributes:
        images, objects: how many; objects to ignore do not count.
        channels: the numbers of channels that images have.
        object_size: the median square root of the objects' areas in pixels, None without objects.
        pixel_size: the median of what the files say, in micrometres; None where none does.
    """

    images: int
    objects: int
    channels: frozenset[int]
    object_size: float | None
    pixel_size: float | None


def facts_of(samples: Iterable[Sample]) -> Facts:
    """One pass over the samples; none is kept."""
    channels: list[int] = []
    areas: list[np.ndarray] = [np.empty(0)]
    pixel_sizes: list[float] = []
    for sample in samples:
        channels.append(sample.image.shape[2])
        areas.append(sample.instances.areas[~sample.instances.ignore])
        if sample.pixel_size:
            pixel_sizes.append(sample.pixel_size)
    sides = np.sqrt(np.concatenate(areas))
    return Facts(
        images=len(channels),
        objects=len(sides),
        channels=frozenset(channels),
        object_size=_median(sides),
        pixel_size=_median(np.array(pixel_sizes)),
    )


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if len(values) else None
