"""Arrays in memory as images: of NumPy, PyTorch, Pillow, Dask, Zarr, memory maps and lists.

An array does not name its axes, so its shape decides. Channels come last (OpenCV,
scikit-image) or first (PyTorch, microscopes): the axis that is much shorter than the two others.
Ambiguous shapes are refused, unless `channel`, `page` or the image's size resolves them.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur.errors import InputError, reason_of
from kontur.images.channels import Channel, channel_number
from kontur.images.pictures import pixels_of
from kontur.images.stack import checked_page
from kontur.instances.plane import Plane, plane_of_page
from kontur.wording import from_zero

CHANNELS = 8  # the most that an axis without a name has; beyond, it must also be the shortest
MUCH = 4  # an axis this many times shorter than both others holds channels


def image_array(
    value: Any,
    *,
    channel: Channel | None = None,
    page: int | None = None,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
    where: str = "the image",
) -> Shaped[np.ndarray, "h w c"]:
    """Pixels `(h, w, c)` of any array that holds one image; booleans become 0 and 255.

    `(H, W)`, `(H, W, C)` and `(C, H, W)` are one image; axes before these are pages, of which
    `page` (from 0) picks one, as it does along the first of three axes. `channel` (from 0) keeps
    one channel; an array gives them no names. `size` (h, w), or how many `channels` are expected,
    identifies the axes where it is known. Raises `InputError` for what is not an image of numbers.

    >>> image_array(np.zeros((2, 64, 48))).shape, image_array(np.zeros((64, 48, 3))).shape
    ((64, 48, 2), (64, 48, 3))
    >>> image_array([[0, 1], [2, 3]], where="a list").shape
    (2, 2, 1)
    """
    numbers = _numbers(value, where)
    if numbers.ndim == 3 and page is None and channel is None:
        _check_is_one_image(value, numbers.shape, where)
    pixels = _planes(numbers, page, channel, size, channels, where)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    return pixels if channel is None else pick_channel(pixels, channel, where)


def plane_in_array(array: Shaped[np.ndarray, "..."], page: int | None) -> Plane | None:
    """The plane of a page that `image_array` picks; None where the array has no second one."""
    if page == 0:
        try:
            image_array(array, page=1)
        except InputError:
            return None
    return plane_of_page(page)


def pick_channel(
    pixels: Shaped[np.ndarray, "h w c"], channel: Channel, where: Any, names: Sequence[str] = ()
) -> Shaped[np.ndarray, "h w 1"]:
    """Keep one channel, by number or by one of `names`; errors as of `channel_number`."""
    number = channel_number(channel, names, pixels.shape[2], where)
    return np.ascontiguousarray(pixels[:, :, number : number + 1])


def without_opaque_alpha(pixels: Shaped[np.ndarray, "h w c"]) -> Shaped[np.ndarray, "h w k"]:
    """RGB of an RGBA that hides nothing: of four channels the last holds its type's largest value.

    An array cannot declare itself RGBA, so this is for callers that need three channels.
    """
    if pixels.shape[2] != 4 or pixels.dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        return pixels
    top = 1.0 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    return pixels[:, :, :3] if (pixels[:, :, 3] == top).all() else pixels


def _check_is_one_image(value: Any, shape: tuple[int, ...], where: str) -> None:
    """`InputError` for a list of grey images, whose number would be taken for one of channels."""
    if not isinstance(value, list | tuple) or len(value) < 2 or _is_last(shape):
        return
    if all(hasattr(one, "getbands") or getattr(one, "ndim", 0) == 2 for one in value):
        raise InputError(
            f"{where} is a {type(value).__name__} of {len(value)} images, and one is wanted: loop "
            "over them, choose one with page=N, or stack them where they are channels of one image"
        )


def _numbers(value: Any, where: str) -> Shaped[np.ndarray, "..."]:
    """The numbers of any kind of array, as NumPy holds them."""
    kind = type(value).__name__
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise InputError(
            f"{where} is a masked array; give the values under the mask: .filled(value)"
        )
    if hasattr(value, "getbands") and hasattr(value, "getexif"):
        return pixels_of(value, "rgb")
    try:
        if hasattr(value, "detach") and hasattr(value, "cpu"):
            value = value.detach().cpu()  # a tensor of PyTorch, wherever it lies
            value = value.resolve_conj().resolve_neg() if hasattr(value, "resolve_conj") else value
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = reason_of(error)
        raise InputError(
            f"{where} is a {kind} that does not become an array of numbers ({reason}); "
            "give an array (H, W) or (H, W, C)"
        ) from None
    if array.dtype.names is not None:
        raise InputError(
            f"{where} is an array of records with the fields {', '.join(array.dtype.names)}; "
            "give one of them"
        )
    if array.dtype.kind == "c":
        raise InputError(
            f"{where} holds complex numbers ({array.dtype}); give their magnitude, numpy.abs"
        )
    if array.dtype.kind in "US" and array.ndim:
        raise InputError(f"{where} holds words; one image is wanted: loop over the names")
    if array.dtype.kind not in "buif":
        what = "" if isinstance(value, np.ndarray) else f" (a {kind})"
        raise InputError(f"an image holds numbers, got an array of {array.dtype}{what}")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    return array if array.dtype.kind == "b" else array.astype(array.dtype.newbyteorder("="))


def _planes(
    array: Shaped[np.ndarray, "..."],
    page: int | None,
    channel: Channel | None,
    size: tuple[int, int] | None,
    channels: int | None,
    where: str,
) -> Shaped[np.ndarray, "h w c"]:
    """One image of an array of two axes or more."""
    shape = " × ".join(map(str, array.shape)) or "a single number"
    if array.ndim < 2 or 0 in array.shape:
        raise InputError(
            f"an image is an array (H, W) or (H, W, C) with at least one pixel, got {shape}"
        )
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 3 and page is not None and not _is_last(array.shape, size, channels):
        array, page = array[checked_page(page, len(array), where)], None
    if array.ndim > 3:
        if page is None:
            raise InputError(
                f"{where} is {shape}, and one plane is wanted: choose it with page=N, "
                f"{from_zero(math.prod(array.shape[:-3]))}"
            )
        array = array.reshape(-1, *array.shape[-3:])
        array, page = array[checked_page(page, len(array), where)], None
    checked_page(page or 0, 1, where)
    if array.ndim == 2:
        return array[:, :, None]
    if _is_last(array.shape, size, channels):
        return array
    if _is_last(array.shape[::-1], size and size[::-1], channels):
        return np.moveaxis(array, 0, -1)
    chosen = "" if channel is None else f" for channel {channel}"
    raise InputError(
        f"{where} is {shape}, and which axis holds the channels is unclear{chosen}; wanted "
        "(H, W), (H, W, C) or (C, H, W), or page=N for the planes of a stack (N, H, W)"
    )


def _is_last(
    shape: tuple[int, ...], size: tuple[int, int] | None = None, channels: int | None = None
) -> bool:
    """Whether the channels of three axes come last; with the axes in reverse, whether first.

    >>> _is_last((48, 64, 3)), _is_last((3, 48, 64)), _is_last((3, 5, 7)), _is_last((300, 200, 30))
    (True, False, True, True)
    >>> _is_last((64, 64, 64), size=(64, 64)), _is_last((32, 32, 12), channels=12)
    (True, True)
    """
    height, width, last = shape
    if size is not None and size in ((height, width), (width, last)):
        return size == (height, width)
    if channels is not None and channels in (height, last):
        return channels == last
    return last <= CHANNELS or MUCH * last <= min(height, width)
