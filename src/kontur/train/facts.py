"""What is true of all training images together: for the network's channels and the model's card."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from kontur.data.normalise import without_alpha
from kontur.data.sample import Sample

FEW = 95  # percentile of the objects' extents
MOST = 25  # percentile of their sides


class Facts(NamedTuple):
    """Counted over the samples.

    Attributes:
        images, objects: how many; objects to ignore do not count.
        channels: the numbers of channels that images have, an alpha not counted.
        object_size: the median square root of the objects' areas in pixels, None without objects.
        side: pixels; three quarters of the objects' boxes are larger than a square of it, None
            without objects.
        extent: the longer side of the objects' boxes in pixels, such that one in twenty is longer;
            None without objects.
        pixel_size: the median of what the files say, in micrometres; None where none does.
    """

    images: int
    objects: int
    channels: frozenset[int]
    object_size: float | None
    side: float | None
    extent: float | None
    pixel_size: float | None


def facts_of(samples: Iterable[Sample]) -> Facts:
    """One pass over the samples; none is kept."""
    channels: list[int] = []
    areas: list[np.ndarray] = [np.empty(0)]
    boxes: list[np.ndarray] = [np.empty((0, 2))]  # their widths and heights
    pixel_sizes: list[float] = []
    for sample in samples:
        channels.append(without_alpha(sample.image).shape[2])
        objects = sample.instances[~sample.instances.ignore]
        areas.append(objects.areas)
        boxes.append(np.ptp(objects.boxes.reshape(-1, 2, 2), axis=1))
        if sample.pixel_size:
            pixel_sizes.append(sample.pixel_size)
    sides, sizes = np.sqrt(np.concatenate(areas)), np.concatenate(boxes)
    return Facts(
        images=len(channels),
        objects=len(sides),
        channels=frozenset(channels),
        object_size=_median(sides),
        side=float(np.percentile(np.sqrt(sizes.prod(axis=1)), MOST)) if len(sizes) else None,
        extent=float(np.percentile(sizes.max(axis=1), FEW)) if len(sizes) else None,
        pixel_size=_median(np.array(pixel_sizes)),
    )


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if len(values) else None
