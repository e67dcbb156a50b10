"""Image statistics: the numbers that are kept of one image while a folder is inspected."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int64, Shaped

from kontur.data.annotations.annotation_options import read_labels
from kontur.data.checks.label_checks import ids_are_clipped, separate_parts
from kontur.data.checks.mask_checks import LOSSY, MaskCheck, check_mask
from kontur.data.samples import Samples
from kontur.data.working_scale import least_side, widths

ALIKE = 1.2  # times larger, up to which pixels count as of one size


class ImageStatistics(NamedTuple):
    """Numbers that describe one image and its objects.

    Attributes:
        name, split, size, pixel_size: of the sample.
        pixels: `(dtype, number of channels)`.
        labels, areas, widths: of its objects, regions to ignore left out.
        ignored, ignored_area: number and area of the regions to ignore.
        fingerprint: the same for copies, see `fingerprint`.
        mask: what is doubtful about a label image, see `mask_checks`.
        clipped_ids: whether ids look clipped to 8 bits, see `label_checks`.
        distant, specks, small: numbers of objects with distant parts, with stray pixels, and of
            objects smaller than two output pixels.
        constant: whether all pixels are the same.
    """

    name: str
    split: str | None
    size: tuple[int, int]
    pixels: tuple[str, int]
    pixel_size: float | None
    labels: Int64[np.ndarray, " k"]
    areas: Float[np.ndarray, " k"]
    widths: Float[np.ndarray, " k"]
    ignored: int
    ignored_area: float
    fingerprint: str | None
    mask: MaskCheck | None
    clipped_ids: bool
    distant: int
    specks: int
    small: int
    constant: bool


def image_statistics(samples: Samples, index: int, *, stride: int) -> ImageStatistics:
    """The statistics of one image; raises `InputError` where it cannot be read."""
    sample = samples[index]
    item = samples.annotated[index]
    instances = sample.instances
    objects = instances[~instances.ignore]
    boxes = objects.boxes
    longer = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    drawn_as_pixels = item.kind in (
        "labels",
        "masks",
    )  # parts of COCO polygons and outlines are meant
    separate = separate_parts(objects.polygons if drawn_as_pixels else objects.polygons[:0])
    task, mask = samples.options.task, None
    if item.kind == "labels":
        array = read_labels(item.annotation, page=item.page, task=task)
        lossy = item.annotation.suffix.lower() in LOSSY
        mask = check_mask(array, instances, task, lossy=lossy)
    by_ids = item.kind == "labels" and task == "instances"
    return ImageStatistics(
        name=sample.name,
        split=item.split,
        size=sample.size,
        pixels=(str(sample.image.dtype), sample.image.shape[2]),
        pixel_size=sample.pixel_size,
        labels=objects.labels,
        areas=objects.areas,
        widths=widths(objects.polygons),
        ignored=int(instances.ignore.sum()),
        ignored_area=float(instances.areas[instances.ignore].sum()),
        fingerprint=fingerprint(sample.image),
        mask=mask,
        clipped_ids=by_ids and ids_are_clipped(objects.ids, separate),
        distant=int(separate.distant.sum()),
        specks=int(separate.specks.sum()),
        small=int((longer < least_side(stride)).sum()),
        constant=bool((sample.image == sample.image.flat[0]).all()),
    )


def pixels_differ(sides: Sequence[float]) -> bool:
    """Whether pixels of these sides, in µm, make one object look larger in some images.

    >>> pixels_differ([]), pixels_differ([0.25, 0.26]), pixels_differ([0.25, 0.5])
    (False, False, True)
    """
    return len(sides) > 0 and max(sides) > ALIKE * min(sides)


def fingerprint(image: Shaped[np.ndarray, "h w c"]) -> str | None:
    """The same for an image turned or mirrored, None for a constant one.

    It is a hash of the sorted values of each channel: two different photographs do not share it.
    """
    if (image == image.flat[0]).all():
        return None
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{sorted(image.shape[:2])} {image.dtype} {image.shape[2]}".encode())
    for channel in range(image.shape[2]):
        values = image[:, :, channel].ravel()
        if image.dtype == np.uint8:
            digest.update(np.bincount(values, minlength=256).tobytes())
        else:
            digest.update(np.sort(values).tobytes())
    return digest.hexdigest()
