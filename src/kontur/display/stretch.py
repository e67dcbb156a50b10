"""Stretch: an image of any depth and any channels as a picture of 8 bits."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Num, UInt8

from kontur.errors import InputError
from kontur.wording import plural

DARKEST, BRIGHTEST = 0.5, 99.8  # percentiles of the image that become black and white
OneRange = float | tuple[float, float]  # a percentile, or the values that are black and white
DisplayRange = OneRange | tuple[tuple[float, float], ...]  # also two values for each channel
SAMPLE = 1 << 20  # pixels on which they are measured


def stretch(
    image: Num[np.ndarray, "h w c"], *, contrast: DisplayRange | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """An image of any depth and channels as 8-bit RGB, from dark to bright percentile.

    `contrast` is another percentile, or the two values between which it is stretched, or two for
    each channel. Three channels are colour and stretched together; one is grey; two are shown in
    green and magenta; of more the first three, each stretched alone. A constant image is black, and
    so is what is not finite. Raises `InputError` where several ranges are fewer than the channels.
    """
    channels = image.shape[2]
    given: Any = contrast or BRIGHTEST
    each = isinstance(given, tuple) and isinstance(given[0], tuple)  # a range for each channel
    if each and len(given) < channels:
        raise InputError(
            f"{plural(len(given), 'range')} of intensities were given, one for each channel, and "
            f"the image has {plural(channels, 'channel')}; give as many, or one range for all"
        )
    if channels == 3 and not each:
        return _stretched(image, given)
    shown = range(min(channels, 3))
    planes = [_stretched(image[:, :, i], given[i] if each else given) for i in shown]
    if channels == 1:
        return np.repeat(planes[0][:, :, None], 3, axis=2)
    if channels == 2:
        return np.stack([planes[1], planes[0], planes[1]], axis=2)
    return np.stack(planes, axis=2)


def limits(
    values: Num[np.ndarray, "*shape"], *, brightest: float = BRIGHTEST
) -> tuple[float, float]:
    """The values that become black and white; equal where all are, (0, 0) where none is finite.

    Where nearly all values are one, what is brighter is still to be seen.
    """
    sample = thinned(values)
    sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return 0.0, 0.0
    low, high = np.percentile(sample, [DARKEST, brightest])
    if high <= low:
        low, high = sample.min(), sample.max()
    return float(low), float(high)


def range_of_all(
    images: Sequence[Num[np.ndarray, "_ _ c"]], *, brightest: float = BRIGHTEST
) -> DisplayRange:
    """The values between which `stretch` shows several images of the same channels alike.

    Those that it would take of all of them side by side, measured on about `SAMPLE` pixels.

    >>> dark, bright = np.zeros((2, 2, 1)), np.full((2, 2, 1), 8.0)
    >>> range_of_all([dark, bright], brightest=100)
    ((0.0, 8.0),)
    """
    samples = [thinned(image, len(images)).reshape(-1, 1, image.shape[2]) for image in images]
    values = np.concatenate(samples)
    if values.shape[2] == 3:
        return limits(values, brightest=brightest)
    return tuple(limits(channel, brightest=brightest) for channel in np.moveaxis(values, 2, 0))


def thinned(values: Num[np.ndarray, "*shape"], images: int = 1) -> Num[np.ndarray, "*shape2"]:
    """Every n-th pixel of every n-th row, enough of them, of so many images, to measure on."""
    step = max(1, math.isqrt(images * values.shape[0] * values.shape[1] // SAMPLE))
    return values[::step, ::step]


def _stretched(part: Num[np.ndarray, "*shape"], contrast: OneRange) -> UInt8[np.ndarray, "*shape"]:
    low, high = contrast if isinstance(contrast, tuple) else limits(part, brightest=contrast)
    if high <= low:
        return np.zeros(part.shape, dtype=np.uint8)
    scaled = (part.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    return np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255).astype(np.uint8)
