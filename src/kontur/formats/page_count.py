"""How many pages an image file has: planes of a stack, frames, or images in one file."""

from math import prod
from pathlib import Path

import numpy as np

from kontur.errors import InputError
from kontur.formats import pictures, slides, zarr_store
from kontur.formats.arrays import image_array
from kontur.formats.images import HEAD, NPY, TIFF, reading


def count_pages(path: str | Path) -> int:
    """The number of pages that `read_image(path, page=)` takes; 1 where it needs none.

    Raises `InputError` for what is no image, as `read_image` does.
    """
    path = Path(path)
    if zarr_store.is_store(path):
        from kontur.formats import ome_zarr  # which needs the package zarr

        return ome_zarr.open_image(path).pages
    with reading(path):
        if slides.is_slide(path):
            return 1
        with path.open("rb") as file:
            start = file.read(HEAD)
        if start.startswith(TIFF):
            from kontur.formats import tiff  # here: tifffile takes a while to import

            return tiff.count_planes(path)
        if pictures.kind_of(start) is not None:
            return pictures.count_frames(path, start)
        if start.startswith(NPY):
            return _count_in_array(path)
    return 1  # reading it says what it is


def _count_in_array(path: Path) -> int:
    """The pages of an array: none where it is one image, else its axes before an image's."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    for count in (1, prod(array.shape[:-3]), prod(array.shape[:-2])):
        pages = None if count == 1 else count - 1
        try:
            image_array(array, page=pages, where=str(path))
        except InputError:
            continue
        return count
    return 1
