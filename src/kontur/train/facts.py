"""What is true of all training images together: for the network's channels and the model's card."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from kontur.data.sample import Sample

FEW = 95  # percentile of the objects' extents


class Facts(NamedTuple):
    """Counted over the samples.

    Attributes:
        images, objects: how many; objects to ignore do not count.
        channels: the numbers of channels that images have.
        object_size: the median square root of the objects' areas in pixels, None without objects.
        extent: the longer side of the objects' boxes in pixels, such that one in twenty is longer;
            None without objects.
        pixel_size: the median of what the files say, in micrometres; None where none does.
    """

    images: int
    objects: int
    channels: frozenset[int]
    object_size: float | None
    extent: float | None
    pixel_size: float | None


def facts_of(samples: Iterable[Sample]) -> Facts:
    """One pass over the samples; none is kept."""
    channels: list[int] = []
    areas: list[np.ndarray] = [np.empty(0)]
    extents: list[np.ndarray] = [np.empty(0)]
    pixel_sizes: list[float] = []
    for sample in samples:
        channels.append(sample.image.shape[2])
        objects = sample.instances[~sample.instances.ignore]
        areas.append(objects.areas)
        extents.append(np.ptp(objects.boxes.reshape(-1, 2, 2), axis=1).max(axis=1))
        if sample.pixel_size:
            pixel_sizes.append(sample.pixel_size)
    sides, longest = np.sqrt(np.concatenate(areas)), np.concatenate(extents)
    return Facts(
        images=len(channels),
        objects=len(sides),
        channels=frozenset(channels),
        object_size=_median(sides),
        extent=float(np.percentile(longest, FEW)) if len(longest) else None,
        pixel_size=_median(np.array(pixel_sizes)),
    )


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if len(values) else None
