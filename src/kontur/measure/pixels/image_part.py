"""A part of an image in which objects are measured, and what is known of the whole image.

Grey levels and the background of objects that have none of their own are those of the whole image,
so that a part gives the numbers that the whole would.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Num, Shaped

from kontur.errors import InputError
from kontur.images.lazy_pixels import Pixels, bands, native
from kontur.measure.pixels.exact_quantiles import exact_quantiles
from kontur.measure.pixels.object_pixels import pixels_of

SPAN = (0.01, 0.99)  # quantiles of the image between which the grey levels of textures lie

# The pixels of some rows of an image that belong to any object.
TakenRows = Callable[[slice], Bool[np.ndarray, "h w"]]


class ChannelLevels(NamedTuple):
    """Of a channel of the whole image: the values of `SPAN`, and the median of its free pixels."""

    low: float
    high: float
    background: float


class ImagePart(NamedTuple):
    """Pixels of an image from row and column `corner` on, and which belong to any object."""

    pixels: Num[np.ndarray, "h w c"]
    corner: tuple[int, int]
    taken: Bool[np.ndarray, "h w"]
    levels: tuple[ChannelLevels, ...]

    @classmethod
    def whole(cls, pixels: Num[np.ndarray, "h w c"], polygons: Shaped[np.ndarray, " k"]) -> Self:
        """An image with all its objects."""
        taken = taken_by(polygons, pixels.shape[:2])
        return cls(pixels, (0, 0), taken, channel_levels(pixels, lambda rows: taken[rows]))


def taken_by(
    polygons: Shaped[np.ndarray, " k"], size: tuple[int, int], corner: tuple[int, int] = (0, 0)
) -> Bool[np.ndarray, "h w"]:
    """Which pixels of a window belong to any of the objects."""
    taken = np.zeros(size, dtype=bool)
    for block in pixels_of(polygons, size, corner):
        taken.ravel()[block.place] = True
    return taken


def channel_levels(pixels: Pixels, taken: TakenRows) -> tuple[ChannelLevels, ...]:
    """What is known of each channel of an image without NaN, which is read in bands of rows."""
    channels, dtype = pixels.shape[2], pixels.dtype

    def windows() -> Iterator[list[np.ndarray]]:
        for rows in bands(pixels):
            band, free = native(pixels[rows, :]), ~taken(rows)
            planes = [band[..., channel] for channel in range(channels)]
            yield [values for plane in planes for values in (plane.ravel(), plane[free])]

    found = exact_quantiles(windows, dtype, [SPAN, (0.5,)] * channels)
    return tuple(
        ChannelLevels(low, high, background)
        for (low, high), (background,) in zip(found[::2], found[1::2], strict=True)
    )


def check_finite(pixels: Pixels) -> None:
    """Raise `InputError` for values that are NaN or infinite, read in bands of rows."""
    if pixels.dtype.kind != "f":
        return
    bad = sum(int((~np.isfinite(pixels[rows, :])).sum()) for rows in bands(pixels))
    if bad:
        raise InputError(
            f"the image: {bad} of {pixels.size} pixel values are NaN or infinite; "
            "replace them, for instance by the background's value, and try again"
        )
