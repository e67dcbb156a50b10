"""The sides of a pixel as a file states them, read without its pixels: square or not.

Images and label images state them alike. `image_file` and the formats of outlines give a pixel one
side, or none where its sides differ.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from kontur.images import slides, zarr_store
from kontur.images.image_file import HEAD, TIFF
from kontur.images.nifti import volume as nifti
from kontur.images.read_errors import reading
from kontur.wording import counted

Sides = tuple[float, float]  # µm across and down


def pixel_sides(path: Path, *, page: int | None = None) -> Sides | None:
    """Width and height of a pixel in µm; None where the file does not state both.

    `page` counts where there are several, of which the first is taken without. A file of outlines
    states none, a folder neither. Errors as in `image_file.read_image`.
    """
    sides = _stated(path, page)
    if len(sides) != 2 or not all(math.isfinite(side) and side > 0 for side in sides):
        return None
    return sides[0], sides[1]


def stated_sides(*files: Path | None, page: int | None) -> Sides | None:
    """The sides of a pixel that the first of some files states that states them."""
    for path in files:
        if path is not None and (sides := pixel_sides(path, page=page)):
            return sides
    return None


def uneven_note(of_images: Mapping[str, Sides]) -> str:
    """A sentence on images, at least one, whose pixels have sides that differ."""
    across, down = next(iter(of_images.values()))
    return (
        f"pixels of {counted([*of_images], 'image')} are not square but {across:.4g} µm wide and "
        f"{down:.4g} µm high: all is measured in pixels as if they were; scale image and outlines "
        "to square pixels for true lengths and shapes"
    )


def _stated(path: Path, page: int | None) -> Sequence[float]:
    """What a file says of the sides of a pixel, be it sensible or not."""
    if zarr_store.is_store(path):
        from kontur.images.ome_zarr import image as ome_zarr  # which needs the package zarr
        from kontur.images.ome_zarr.label_images import label_image

        return ome_zarr.open_image(label_image(path)).sides
    if not path.is_file():
        return ()
    with reading(path):
        if slides.is_slide(path):
            return slides.pixel_sides(path)
        with path.open("rb") as file:
            start = file.read(HEAD)
        if nifti.is_volume(path, start):
            return nifti.open_volume(path).header.sides
        if not start.startswith(TIFF):
            return ()
        from kontur.images.tiff import planes as tiff  # here: tifffile takes a while to import

        return tiff.pixel_sides(path, page=page)
