"""What must be known of a whole image before windows of it are shown, in one pass over it.

The normalisation of lazy pixels is measured on a regular grid, the very one that `normalise` takes
of an array, so it is the same. No more than a band of rows and the grid is held.
"""

import math

import numpy as np
from jaxtyping import Shaped

from kontur.data.normalisation.normalise import (
    SAMPLED,
    Normalisation,
    NormaliseConfig,
    collapse,
    is_grey,
    measure_normalisation,
    to_channels,
)
from kontur.errors import InputError
from kontur.images.lazy_pixels import LazyPixels, bands


class InChannels(LazyPixels):
    """Lazy pixels in the channels of a network; grey ones are kept as one channel."""

    def __init__(self, pixels: LazyPixels, channels: int, *, grey: bool, collapsed: bool):
        self._pixels, self._channels, self._grey, self._collapsed = (
            *(pixels, channels, grey),
            collapsed,
        )
        example = self._converted(np.zeros((1, 1, pixels.shape[2]), pixels.dtype))
        self.shape = (*pixels.shape[:2], example.shape[2])
        self.dtype = example.dtype
        self.levels = tuple(
            InChannels(level, channels, grey=grey, collapsed=collapsed) for level in pixels.levels
        )

    def read(self, top: int, left: int, height: int, width: int) -> Shaped[np.ndarray, "h w c"]:
        return self._converted(self._pixels.read(top, left, height, width))

    def _converted(self, window: Shaped[np.ndarray, "h w c"]) -> Shaped[np.ndarray, "h w k"]:
        wanted = to_channels(window, self._channels, grey=self._grey)
        return wanted[..., :1] if self._collapsed else wanted


def survey(
    pixels: LazyPixels, channels: int, config: NormaliseConfig, *, where: str
) -> tuple[InChannels, Normalisation]:
    """An image in the channels of a network, and the normalisation measured on it.

    Raises `InputError` for channels that need a choice, and for values that are NaN or infinite.
    """
    height, width, stored = pixels.shape
    to_channels(np.zeros((1, 1, stored), pixels.dtype), channels)  # whether it can be
    several = 1 if stored == 1 else channels
    steps = {count: _step(height * width * count) for count in {1, several}}
    grids: dict[int, list[np.ndarray]] = {count: [] for count in steps}
    grey, unusable = stored == 3, 0
    lows, highs = [], []
    for rows in bands(pixels):
        band = pixels[rows, :]
        grey = grey and is_grey(band)
        if band.dtype.kind == "f":
            unusable += band.size - int(np.count_nonzero(np.isfinite(band)))
        for count, step in steps.items():
            grid = band[-rows.start % step :: step, ::step]
            grids[count].append(grid.copy())  # a view would keep the band
        shown = to_channels(band, 1, grey=False) if (stored, channels) == (3, 1) else band
        lows.append(shown.min(axis=(0, 1)))
        highs.append(shown.max(axis=(0, 1)))
    if unusable:
        raise InputError(
            f"{where}: {unusable} of {pixels.size} pixel values are NaN or infinite; "
            "replace them, for instance by the background's value, and try again"
        )
    collapsed = config.mode != "moments" and (stored == 1 or grey)
    grid = to_channels(np.concatenate(grids[1 if collapsed else several]), channels, grey=grey)
    grid = collapse(grid) if collapsed else grid
    extremes = (np.min(lows, axis=0), np.max(highs, axis=0))
    wanted = InChannels(pixels, channels, grey=grey, collapsed=collapsed)
    return wanted, measure_normalisation(grid, config, extremes=extremes)


def _step(values: int) -> int:
    """Between the pixels of the grid along each axis."""
    return max(1, math.isqrt(values // SAMPLED))
