"""Lazy pixels: an image of which a window is read when it is asked for.

An array and a `LazyPixels` are indexed alike: `pixels[rows, columns]` with two slices gives the
pixels (h, w, c) of a window as an array.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.images.channels import Channel, channel_number
from kontur.instances.plane import Plane

BAND = 1 << 25  # bytes that are read at once where a whole image is gone through
WHOLE = 0.02  # by which a level may miss a whole number of times, for odd sides
THIN = 1_000_000  # pixels of a thinned image at most


class LazyPixels(ABC):
    """An image (h, w, c) of `dtype` on a disk."""

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    levels: "tuple[LazyPixels, ...]" = ()  # smaller copies of the image, the largest first

    @abstractmethod
    def read(self, top: int, left: int, height: int, width: int) -> Shaped[np.ndarray, "h w c"]:
        """A window that lies inside the image."""

    @property
    def size(self) -> int:
        """The number of values."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return self.size * self.dtype.itemsize

    def __getitem__(self, window: tuple[slice, slice]) -> Shaped[np.ndarray, "h w c"]:
        """The window of two slices without steps, which may be empty."""
        (top, below, _), (left, right, _) = (
            part.indices(side) for part, side in zip(window, self.shape[:2], strict=True)
        )
        if below <= top or right <= left:
            return np.zeros((max(below - top, 0), max(right - left, 0), self.shape[2]), self.dtype)
        return self.read(top, left, below - top, right - left)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All pixels, for what cannot do with windows."""
        whole = self[:, :]
        return whole if dtype is None else whole.astype(dtype)


class OneChannel(LazyPixels):
    """A channel of lazy pixels, counted from 0."""

    def __init__(self, pixels: LazyPixels, channel: int):
        self._pixels, self._channel = pixels, channel
        self.shape = (*pixels.shape[:2], 1)
        self.dtype = pixels.dtype
        self.levels = tuple(OneChannel(level, channel) for level in pixels.levels)

    def read(self, top: int, left: int, height: int, width: int) -> Shaped[np.ndarray, "h w c"]:
        window = self._pixels.read(top, left, height, width)
        return window[:, :, self._channel : self._channel + 1]


Pixels = Shaped[np.ndarray, "h w c"] | LazyPixels


class OpenImage(NamedTuple):
    """An image as `image_file.Image`, its pixels an array or read when they are asked for."""

    pixels: Pixels
    pixel_size: float | None
    stains: tuple[str, ...] = ()
    plane: Plane | None = None


def one_channel(
    image: OpenImage, channel: Channel, where: Any, names: Sequence[str] = ()
) -> OpenImage:
    """A channel of lazy pixels, by number or by one of `names`; errors as of `channel_number`."""
    assert isinstance(image.pixels, LazyPixels)
    number = channel_number(channel, names, image.pixels.shape[2], where)
    return OpenImage(OneChannel(image.pixels, number), image.pixel_size, plane=image.plane)


def bands(pixels: Pixels) -> list[slice]:
    """The rows of an image in bands of at most `BAND` bytes, one row at least."""
    height = max(1, BAND // max(1, pixels.shape[1] * pixels.shape[2] * pixels.dtype.itemsize))
    return [
        slice(top, min(top + height, pixels.shape[0])) for top in range(0, pixels.shape[0], height)
    ]


def source_level(pixels: Pixels, scale: float) -> tuple[Pixels, float]:
    """The smallest level of a pyramid that is no smaller than an image scaled so, and its scale.

    Levels that are not a whole number of times smaller are not taken. The image itself where it
    has no levels, or is not shrunk so far.
    """
    best, rest = pixels, scale
    for level in getattr(pixels, "levels", ()):
        times = pixels.shape[0] / level.shape[0], pixels.shape[1] / level.shape[1]
        whole = round(times[1])
        near = max(abs(time - whole) for time in times) < WHOLE * whole
        if near and level.shape[2] == pixels.shape[2] and scale * whole <= 1:
            best, rest = level, scale * whole
    return best, rest


def thinned(pixels: Pixels, most: int = THIN) -> Shaped[np.ndarray, "h w c"]:
    """Every n-th pixel of every n-th row of lazy pixels; an array as it is."""
    if isinstance(pixels, np.ndarray):
        return pixels
    step = max(1, math.isqrt(pixels.shape[0] * pixels.shape[1] // most))
    return every(pixels, step)


def every(pixels: Pixels, step: int) -> Shaped[np.ndarray, "h2 w2 c"]:
    """Every `step`-th pixel of every `step`-th row, read band by band."""
    parts = [np.zeros((0, -(-pixels.shape[1] // step), pixels.shape[2]), pixels.dtype)]
    for rows in bands(pixels):
        first = -rows.start % step
        parts.append(pixels[rows, :][first::step, ::step].copy())  # a view would keep the band
    return np.concatenate(parts)


def native(pixels: Shaped[np.ndarray, "*shape"]) -> Shaped[np.ndarray, "*shape"]:
    """Contiguous, in the byte order of the machine, and of the type that bears the usual name."""
    return np.ascontiguousarray(pixels, dtype=f"{pixels.dtype.kind}{pixels.dtype.itemsize}")
