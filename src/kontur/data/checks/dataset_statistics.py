"""Statistics of a data set: all its images together, and the warnings that follow from them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from kontur.data.checks.image_statistics import pixels_differ
from kontur.data.normalisation.normalise import is_grey
from kontur.data.sample import Sample
from kontur.data.working_scale import widths

EXTENT_PERCENTILE = 95  # of the longer sides of the objects' boxes
SIDE_PERCENTILE = 25  # of the square roots of the areas of their boxes


class DatasetStatistics(NamedTuple):
    """Statistics of samples.

    Attributes:
        images, objects: their numbers; objects to ignore do not count.
        channels: the numbers of channels that images have.
        object_size: the median square root of the objects' areas in pixels, None without objects.
        side: pixels; three quarters of the objects' boxes are larger than a square of it, None
            without objects.
        extent: the longer side of the objects' boxes in pixels, such that one in twenty is longer;
            None without objects.
        width: the median of the objects' widths in pixels (`working_scale.widths`), None without
            objects.
        pixel_size: the median of those of the files, in micrometres; None where none has one, or
            where they differ, so that an object has several sizes.
        pixel_sizes: the smallest and the largest of them.
        stains: whether channels are stains in some image, not red, green and blue.
        coloured: the number of images that are red, green and blue, and not only grey saved so.
    """

    images: int
    objects: int
    channels: frozenset[int]
    object_size: float | None
    side: float | None
    extent: float | None
    width: float | None
    pixel_size: float | None
    pixel_sizes: tuple[float, float] | None = None
    stains: bool = False
    coloured: int = 0

    def at(self, scale: float) -> "DatasetStatistics":
        """The same of the images made larger by `scale`."""
        sizes = self.pixel_sizes
        return self._replace(
            object_size=_times(self.object_size, scale),
            side=_times(self.side, scale),
            extent=_times(self.extent, scale),
            width=_times(self.width, scale),
            pixel_size=_times(self.pixel_size, 1 / scale),
            pixel_sizes=sizes and (sizes[0] / scale, sizes[1] / scale),
        )


def dataset_statistics(samples: Iterable[Sample]) -> DatasetStatistics:
    """The statistics in one pass over the samples, none of which is kept in memory."""
    channels: list[int] = []
    areas: list[np.ndarray] = [np.empty(0)]
    boxes: list[np.ndarray] = [np.empty((0, 2))]  # their widths and heights
    across: list[np.ndarray] = [np.empty(0)]
    pixel_sizes: list[float] = []
    stains, coloured = False, 0
    for sample in samples:
        stains |= len(sample.stains) > 1
        coloured += _has_colours(sample)
        channels.append(sample.image.shape[2])
        objects = sample.instances[~sample.instances.ignore]
        areas.append(objects.areas)
        boxes.append(np.ptp(objects.boxes.reshape(-1, 2, 2), axis=1))
        across.append(widths(objects.polygons))
        if sample.pixel_size:
            pixel_sizes.append(sample.pixel_size)
    sides, sizes = np.sqrt(np.concatenate(areas)), np.concatenate(boxes)
    return DatasetStatistics(
        images=len(channels),
        objects=len(sides),
        channels=frozenset(channels),
        object_size=_median(sides),
        side=float(np.percentile(np.sqrt(sizes.prod(axis=1)), SIDE_PERCENTILE))
        if len(sizes)
        else None,
        extent=float(np.percentile(sizes.max(axis=1), EXTENT_PERCENTILE)) if len(sizes) else None,
        width=_median(np.concatenate(across)),
        pixel_size=None if pixels_differ(pixel_sizes) else _median(np.array(pixel_sizes)),
        pixel_sizes=(min(pixel_sizes), max(pixel_sizes)) if pixel_sizes else None,
        stains=stains,
        coloured=coloured,
    )


def data_warnings(statistics: DatasetStatistics, validated: int) -> list[str]:
    """Warnings on the images to learn from, and where there is no object to be `validated` on."""
    warnings = []
    if not statistics.objects:
        warnings.append(
            "! no image to learn from has an object, so nothing is learned; see whether these are "
            "the right files"
        )
    elif not validated:
        warnings.append(
            "! no image to validate on has an object, so a network that finds none scores best; "
            "hold out others (--val)"
        )
    if statistics.pixel_sizes is not None and statistics.pixel_size is None:
        smallest, largest = statistics.pixel_sizes
        warnings.append(
            f"! pixels are of {smallest:g} to {largest:g} µm, so objects of one kind differ in "
            "size; bring the images to one size of pixel"
        )
    return warnings


def _has_colours(sample: Sample) -> bool:
    return sample.image.shape[2] == 3 and not sample.stains and not is_grey(sample.image)


def _median(values: np.ndarray) -> float | None:
    return float(np.median(values)) if len(values) else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
