"""How many pages an image file has: planes of a stack, frames, or images in one file."""

from collections import Counter
from math import prod
from pathlib import Path

import numpy as np

from kontur.errors import InputError
from kontur.images import cellpose_masks, pictures, slides, zarr_store
from kontur.images.arrays import image_array
from kontur.images.image_file import HEAD, NPY, SEGMENTATION, TIFF
from kontur.images.nifti import volume as nifti
from kontur.images.read_errors import reading
from kontur.instances.plane import Plane, plane_of_page


def count_pages(path: str | Path) -> int:
    """The number of pages that `read_image(path, page=)` takes, or `read` of a label image; 1 where
    it needs none.

    Raises `InputError` for what is no image, as `read_image` does.
    """
    path = Path(path)
    if zarr_store.is_store(path):
        from kontur.images.ome_zarr import image as ome_zarr  # which needs the package zarr

        return ome_zarr.open_image(path).pages
    if path.name.lower().endswith(SEGMENTATION):
        return cellpose_masks.count_planes(path)
    with reading(path):
        if slides.is_slide(path):
            return 1
        with path.open("rb") as file:
            start = file.read(HEAD)
        if start.startswith(TIFF):
            from kontur.images.tiff import planes as tiff  # here: tifffile takes a while to import

            return tiff.count_planes(path)
        if pictures.kind_of(start) is not None:
            return pictures.count_frames(path, start)
        if start.startswith(NPY):
            return _count_in_array(path)
        if nifti.is_volume(path, start):
            return nifti.open_volume(path).pages
    return 1  # reading it says what it is


def list_planes(path: str | Path) -> list[Plane | None]:
    """Where each page of an image file lies in its stack; None alone of one that is no stack.

    Pages of no declared meaning are times. Errors as of `count_pages`.
    """
    path, count = Path(path), count_pages(path)
    if count == 1:
        return [None]
    if zarr_store.is_store(path):
        from kontur.images.ome_zarr import image as ome_zarr

        store = ome_zarr.open_image(path)
        return [store.plane(page) for page in range(count)]
    if path.name.lower().endswith(SEGMENTATION):
        return cellpose_masks.list_planes(path)
    with reading(path):
        with path.open("rb") as file:
            start = file.read(HEAD)
        if start.startswith(TIFF):
            from kontur.images.tiff import planes as tiff

            return [plane for plane, _ in tiff.list_planes(path)]
        if nifti.is_volume(path, start):
            volume = nifti.open_volume(path)
            return [volume.plane(page) for page in range(count)]
    return [plane_of_page(page, count) for page in range(count)]


def check_is_one_stack(path: str | Path) -> None:
    """Raise `InputError` where the pages of a file are no planes of one stack.

    They are of several sizes, or separate images, of which several lie at one place. Nothing is
    raised for what is no image: counting its pages says what it is.
    """
    path = Path(path)
    if zarr_store.is_store(path):
        return
    with reading(path):
        with path.open("rb") as file:
            if not file.read(HEAD).startswith(TIFF) or slides.is_slide(path):
                return
        from kontur.images.tiff import planes as tiff

        planes = tiff.list_planes(path)
    sizes = Counter(size for _, size in planes)
    size = max(sizes, key=lambda each: sizes[each])  # of most pages; of as many the first
    usual = next(page for page, (_, each) in enumerate(planes) if each == size)
    known: dict[tuple[int, int], int] = {}  # the first page at each place
    # Pages of several sizes are separate images to TIFF, so that sizes say more.
    for page, (plane, other) in sorted(enumerate(planes), key=lambda item: item[1][1] == size):
        if other != size:
            reason = "page {} is {}×{} pixels and page {} {}×{}".format(page, *other, usual, *size)
        elif known.setdefault(plane[:2], page) != page:
            reason = f"pages {known[plane[:2]]} and {page} are of separate images"
        else:
            continue
        raise InputError(
            f"{path} is not one stack: {reason}; predict each page into a folder of its own, with "
            f"--page N --out DIR, 0 to {len(planes) - 1}"
        )


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
