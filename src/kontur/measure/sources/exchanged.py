"""Images given in the place of outlines, and outlines in that of images.

Files say by their endings which they are; of two rasters the pixels tell.
"""

from collections.abc import Sequence
from pathlib import Path

from kontur.data.file_names import is_mask, walk
from kontur.errors import InputError
from kontur.formats import find_format
from kontur.formats.label_image.photograph import is_flat, is_photograph
from kontur.images import zarr_store
from kontur.images.image_file import is_image, open_image
from kontur.images.lazy_pixels import thinned


def refuse_exchanged(outlines: Path, images: Sequence[str]) -> None:
    """Raise `InputError` where `images` are outlines and `outlines` images; None of either passes.

    What cannot be read passes too: whoever reads it says why.
    """
    first, second = _files(outlines), [file for place in images for file in _files(Path(place))]
    if not first or not second or not is_image(first[0]):
        return
    if any(is_image(file) for file in second):
        exchanged = is_mask(first[0]) and is_mask(second[0]) and _differ(first[0], second[0])
    else:
        exchanged = any(find_format(file) is not None for file in second)
    if exchanged:
        places = " ".join(map(str, images))
        raise InputError(
            f"{outlines} is given as outlines and holds images, {places} as images and holds "
            f"outlines; exchange them (kontur measure {places} {outlines})"
        )


def _files(place: Path) -> list[Path]:
    """A file, or those of a folder in their order."""
    if not zarr_store.is_folder(place):
        return [place] if place.exists() else []
    return [file for _, file in walk(place)]


def _differ(image: Path, labels: Path) -> bool:
    """Whether the first is a photograph and the second a label image."""
    try:
        pixels = thinned(open_image(image).pixels)
        colour = pixels.shape[2] > 1 and (pixels != pixels[:, :, :1]).any()
        if not colour and not (pixels.dtype.kind in "iu" and is_photograph(pixels[:, :, 0])):
            return False
        return is_flat(thinned(open_image(labels).pixels)[:, :, 0])
    except (InputError, OSError):
        return False
