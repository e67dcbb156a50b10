"""Label volumes of NIfTI, `.nii` and `.nii.gz`: the ids of objects, or classes, on every plane.

An id that comes again on another plane is the same object there. The pages are those of the image
of the same grid, see `images.nifti`, and what is written has the grid of its image.
"""

import gzip
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from kontur.errors import InputError
from kontur.files import atomic
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.label_image import format as labels
from kontur.formats.nifti import label_header as nifti_label_header
from kontur.formats.ome_zarr import levels as label_levels
from kontur.formats.ome_zarr.levels import LabelLevels
from kontur.formats.outline_file import OutlineFile
from kontur.images import image_file
from kontur.images.nifti import volume as nifti
from kontur.images.nifti.header import LONGEST, header_start
from kontur.images.nifti.volume import NiftiVolume
from kontur.images.nifti_names import ENDINGS, PACKED
from kontur.images.read_errors import reading
from kontur.wording import printable

log = logging.getLogger("kontur.formats")

LEVEL = 6  # of packing; the highest takes several times as long for a few per cent


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of a page, or of every plane that has some, by `file.task` as in `labels.read`.

    Classes without names are those of all planes, and no region has the id of one of another plane.
    Errors as of `labels.read_array`, and `masks.objects`.
    """
    (task, _), volume = file.meaning, nifti.open_volume(file.path)
    alone = file.page is not None or volume.pages == 1
    pages = [file.page] if alone else list(range(volume.pages))

    def array(page: int | None) -> np.ndarray:
        stored = image_file.read_stored(file.path, page=page)
        return labels.whole_numbers(stored.pixels, file.path, task)

    planes = labels.of_planes(pages, array, volume.plane, file.meaning, where=file.path)
    name, side = FORMAT.stem(file.path), volume.pixel_size
    return [
        ImageAnnotation(name, one.size, one, pixel_size=side, image=file.path) for one in planes
    ]


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write one image, or planes of one, plane by plane; packed unless the ending is .nii.

    Where `ImageAnnotation.image` is a volume the labels have its shape and its place in space; else
    they have the planes that objects lie on, at the origin, which a line says. Types and ids are
    those of other label images, see `labels.write`. Raises `InputError` without a size, for several
    images, and where sizes or planes are not those of the image.
    """
    labels.check_one_image(entries, planes=True)
    image = _volume(entries[0].image)
    size = labels.known_size(entries[0], path) if image is None else image.size
    planes = labels.planes_to_write(entries, size, path)
    facts = [(one.plane, labels.type_of_ids(one)) for one in planes]
    kind = labels.type_of_all(kind for _, kind in facts)
    if image is None:
        side = entries[0].pixel_size
        levels = label_levels.of_planes(size, [place for place, _ in facts], side, path.name)
        shape = levels.shapes[0]
        header = nifti_label_header.of_planes(levels.axes, shape, side, kind)
    else:
        axes, shape = image.grid
        levels = LabelLevels(axes, [shape], {})
        dim = [3, *shape[::-1], 1, 1, 1, 1] if image.channels > 1 else None
        header = nifti_label_header.of_image(image.start, kind, dim)
    numbers: dict[int, int] = {}  # of the entry on each page
    for number, (place, _) in enumerate(facts):
        if place is None and not len(planes[number]):
            continue  # no plane has an object
        index = levels.place_of(place, path)
        page = int(np.ravel_multi_index(index, shape[:-2])) if index else 0
        if numbers.setdefault(page, number) != number:
            raise InputError(f"{path}: two lists of outlines are of page {page}; join them first")
    stored = kind.newbyteorder(header_start(header)[1])
    with atomic.replacing(path, overwrite=overwrite) as beside, _opened(beside, path) as file:
        file.write(header)
        for page in range(math.prod(shape[:-2])):
            if page in numbers:
                file.write(labels.painted(planes[numbers[page]]).astype(stored).tobytes())
            else:
                file.write(bytes(math.prod(size) * kind.itemsize))
    if image is None:
        log.warning(
            "%s: the image is no volume of NIfTI, so that the labels have no place in space: they "
            "begin at the origin, and voxels are as deep as a pixel is wide",
            printable(str(path)),
        )


def _volume(image: Path | None) -> NiftiVolume | None:
    """The volume of an image's file; None of another image, and where there is none."""
    if image is None or not image.is_file():
        return None
    with reading(image), image.open("rb") as file:
        start = file.read(LONGEST)
    return nifti.open_volume(image) if nifti.is_volume(image, start) else None


@contextmanager
def _opened(beside: Path, path: Path) -> Iterator[BinaryIO]:
    """A file to write, which packs where `path` asks for it; equal content gives equal bytes."""
    with beside.open("wb") as file:
        if not path.name.lower().endswith(PACKED):
            yield file
            return
        with gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed:
            yield cast(BinaryIO, packed)


FORMAT = Format(
    name="nifti",
    title="NIfTI label volume",
    endings=(f".labels{PACKED}", *ENDINGS[::-1]),
    read=read,
    write=write,
    raster=True,
    precision="pixel",
    overlaps=False,
    classes=False,
    scores=False,
    planes=True,
    pixel_size=True,
    needs_size="always",
)
