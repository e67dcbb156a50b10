"""Facts: what is kept of one image while a folder is inspected; numbers only."""

import hashlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int64, Shaped

from kontur.data.label_checks import is_cut, pieces
from kontur.data.mask_checks import LOSSY, MaskCheck, check_mask
from kontur.data.reading import read_labels
from kontur.data.samples import Samples
from kontur.data.working_scale import widths


class Facts(NamedTuple):
    """What is kept of one image.

    Attributes:
        name, split, size, pixel_size: of the sample.
        pixels: `(dtype, channels)`.
        labels, areas, widths: of its objects, regions to ignore left out.
        ignored, ignored_area: number and area of the regions to ignore.
        fingerprint: the same for copies, see `fingerprint`.
        mask: what a label image looks like if not like one, see `mask_checks`.
        cut: see `label_checks`.
        far, specks, small: objects with far pieces, with specks, below two output pixels.
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
    cut: bool
    far: int
    specks: int
    small: int
    constant: bool


def facts_of(samples: Samples, index: int, *, stride: int) -> Facts:
    """The facts of one image; raises `InputError` where it cannot be read."""
    sample = samples[index]
    entry = samples.entries[index]
    found = sample.instances
    objects = found[~found.ignore]
    boxes = objects.boxes
    longer = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    drawn = entry.kind in ("labels", "masks")  # parts of COCO polygons and outlines are meant
    apart = pieces(objects.polygons if drawn else objects.polygons[:0])
    task, mask = samples.reading.task, None
    if entry.kind == "labels":
        array = read_labels(entry.annotation, page=samples.reading.page)
        lossy = entry.annotation.suffix.lower() in LOSSY
        mask = check_mask(array, found, task, lossy=lossy)
    by_ids = entry.kind == "labels" and task == "instances"
    return Facts(
        name=sample.name,
        split=entry.split,
        size=sample.size,
        pixels=(str(sample.image.dtype), sample.image.shape[2]),
        pixel_size=sample.pixel_size,
        labels=objects.labels,
        areas=objects.areas,
        widths=widths(objects.polygons),
        ignored=int(found.ignore.sum()),
        ignored_area=float(found.areas[found.ignore].sum()),
        fingerprint=fingerprint(sample.image),
        mask=mask,
        cut=by_ids and is_cut(objects.ids, apart.far),
        far=int(apart.far.sum()),
        specks=int(apart.specks.sum()),
        small=int((longer < 2 * stride).sum()),
        constant=bool((sample.image == sample.image.flat[0]).all()),
    )


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
