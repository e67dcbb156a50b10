"""Cellpose's `NAME_seg.npy`: the masks that its window saves beside an image. Only read.

The file is a pickle; of it only arrays are read and no code is run, see `arrays_in_pickle`. The
outlines are those of the masks, exact to the pixel, with holes and parts; the file's own list of
outlines has neither. Results saved as `NAME_cp_masks.png` or `.tif` are label images (`labels`).
"""

import functools
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Integer

from kontur.errors import InputError
from kontur.formats import arrays_in_pickle, document
from kontur.formats.file_stamp import FileStamp
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.images import SEGMENTATION
from kontur.formats.outline_file import OutlineFile
from kontur.formats.read_errors import reading
from kontur.formats.stack import chosen_page
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.wording import listed

NPY = b"\x93NUMPY"
ADVICE = "save the masks as PNG or TIFF in Cellpose (NAME_cp_masks.png)"


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of `file.page` of a stack, or of every plane that has some.

    Raises `InputError` for other files, and for a page that is not there.
    """
    stored, name = _stored(file.path)
    alone = file.page is not None or stored.ndim == 2 or len(stored) == 1
    pages = [file.page] if alone else list(range(len(stored)))
    planes = [_plane(stored, page, file.path) for page in pages]
    if len(planes) > 1:
        full = [number for number, masks in enumerate(planes) if masks.any()] or [0]
        pages, planes = [pages[number] for number in full], [planes[number] for number in full]
    found = [
        Instances.from_label_image(masks).replace(plane=_place(page, stored))
        for page, masks in zip(pages, planes, strict=True)
    ]
    return [ImageAnnotation(name or FORMAT.stem(file.path), one.size, one) for one in found]


def count_planes(path: Path) -> int:
    """The number of planes of a `_seg.npy`; errors as of `read`."""
    return _count(_stored(path)[0])


def list_planes(path: Path) -> list[Plane | None]:
    """Where each plane lies; None alone of masks of one plane. Errors as of `read`."""
    masks, _ = _stored(path)
    return [_place(page, masks) for page in range(_count(masks))]


def _place(page: int | None, masks: np.ndarray) -> Plane | None:
    """The plane of a page: masks of three axes are a volume in Cellpose, depth first."""
    return None if page is None or _count(masks) == 1 else Plane(z=page)


def _count(masks: np.ndarray) -> int:
    return len(masks) if masks.ndim == 3 else 1


def _stored(path: Path) -> tuple[np.ndarray, str]:
    """The masks, and the name of the image, "" without; once for all planes of a file."""
    with reading(path):
        stamp = FileStamp.of(path)
    return _last(path, stamp)


@functools.lru_cache(maxsize=1)
def _last(path: Path, stamp: FileStamp) -> tuple[np.ndarray, str]:
    content = _content(path)
    name = content.get("filename")
    image = PurePosixPath(name.replace("\\", "/")).name if isinstance(name, str) else ""
    return _masks(content, path), image


def _content(path: Path) -> dict[str, Any]:
    with document.opened(path) as file:
        content = file.read()
    if not content.startswith(NPY) or len(content) < 12:
        raise InputError(f"{path} is no file of NumPy; {ADVICE}")
    wide = content[6] > 1
    length = int.from_bytes(content[8 : 12 if wide else 10], "little")
    start = (12 if wide else 10) + length
    if b"'|O'" not in content[:start]:
        raise InputError(f"{path} is a plain array and not what Cellpose saves; {ADVICE}")
    try:
        value = arrays_in_pickle.load(content[start:])
    except arrays_in_pickle.Refused as error:
        raise InputError(f"{path} cannot be read: {error}; {ADVICE}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path} holds no masks of Cellpose; {ADVICE}")
    return value


def _masks(content: dict[str, Any], path: Path) -> np.ndarray:
    masks = content.get("masks")
    if not isinstance(masks, np.ndarray) or masks.dtype.kind not in "biu":
        keys = listed(map(str, content), most=8) or "nothing"
        raise InputError(f"{path} has no array 'masks' of whole numbers; it has {keys}")
    if masks.ndim not in (2, 3) or masks.size == 0:
        raise InputError(f"{path}: its masks are of the shape {'×'.join(map(str, masks.shape))}")
    return masks


def _plane(masks: np.ndarray, page: int | None, path: Path) -> Integer[np.ndarray, "h w"]:
    if masks.ndim == 3 and len(masks) > 1:
        planes = f"the masks of a stack of {len(masks)} planes"
        masks = masks[chosen_page(page, len(masks), path, planes)]
    flat = masks if masks.ndim == 2 else masks[0]
    kind = np.dtype(np.uint8) if flat.dtype == bool else flat.dtype.newbyteorder("=")
    return np.ascontiguousarray(flat, dtype=kind)


FORMAT = Format(
    name="cellpose",
    title="Cellpose _seg.npy",
    endings=(SEGMENTATION,),
    read=read,
    raster=True,
    precision="pixel",
    planes=True,
    overlaps=False,
    classes=False,
    scores=False,
)
