"""The masks in a `NAME_seg.npy`, which Cellpose's window saves beside an image.

The file is a pickle; of it only arrays are read and no code is run, see `arrays_in_pickle`.
"""

import functools
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Integer

from kontur.errors import InputError
from kontur.files import json_document
from kontur.files.file_stamp import FileStamp
from kontur.images import arrays_in_pickle
from kontur.images.read_errors import reading
from kontur.images.stack import chosen_page
from kontur.instances.plane import Plane
from kontur.wording import listed

NPY = b"\x93NUMPY"
ADVICE = "save the masks as PNG or TIFF in Cellpose (NAME_cp_masks.png)"


def count_planes(path: Path) -> int:
    """The number of planes of a `_seg.npy`; errors as of `stored_masks`."""
    return _count(stored_masks(path)[0])


def list_planes(path: Path) -> list[Plane | None]:
    """Where each plane lies; None alone of masks of one plane. Errors as of `stored_masks`."""
    masks, _ = stored_masks(path)
    return [place_of(page, masks) for page in range(_count(masks))]


def place_of(page: int | None, masks: np.ndarray) -> Plane | None:
    """The plane of a page: masks of three axes are a volume in Cellpose, depth first."""
    return None if page is None or _count(masks) == 1 else Plane(z=page)


def _count(masks: np.ndarray) -> int:
    return len(masks) if masks.ndim == 3 else 1


def stored_masks(path: Path) -> tuple[np.ndarray, str]:
    """The masks (h, w) or (z, h, w), and the name of their image, "" without.

    They are read once for all planes of a file. Raises `InputError` for other files.
    """
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
    with json_document.opened(path) as file:
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


def masks_of_page(masks: np.ndarray, page: int | None, path: Path) -> Integer[np.ndarray, "h w"]:
    """The masks of one plane; `InputError` where a page is missing, or there is none such."""
    if masks.ndim == 3 and len(masks) > 1:
        planes = f"the masks of a stack of {len(masks)} planes"
        masks = masks[chosen_page(page, len(masks), path, planes)]
    flat = masks if masks.ndim == 2 else masks[0]
    kind = np.dtype(np.uint8) if flat.dtype == bool else flat.dtype.newbyteorder("=")
    return np.ascontiguousarray(flat, dtype=kind)
