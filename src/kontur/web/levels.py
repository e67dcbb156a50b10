"""The levels of an image for a page, each half as large as the one before, as they are sent.

Numbers of 8 and 16 bits are sent as they are; all others are mapped to 16 bits between the lowest
and the highest of their channel. An image that is read in windows stays on its disk: a level is
read from the file's own copy that is next larger, and only the smallest levels are held.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.images.lazy_pixels import BAND, LazyPixels, Pixels, bands, source_level

TILE = 512  # pixels a side
HELD = 2048  # pixels: the levels of an image on a disk with no longer side are held in memory
STORED = (np.uint8, np.uint16)  # types that are sent as they are


class Span(NamedTuple):
    """The numbers of a channel that 0 and the largest value stand for as they are sent."""

    low: float
    high: float


class HeldLevels:
    """The levels of an image in memory; `spans` are of its channels."""

    def __init__(self, pixels: Shaped[np.ndarray, "h w c"]):
        self.spans = _spans(pixels)
        self._levels = _halvings(_as_sent(pixels, self.spans))
        self.sizes = [(level.shape[0], level.shape[1]) for level in self._levels]
        self.memory = pixels.nbytes + sum(level.nbytes for level in self._levels)

    @property
    def largest_held(self) -> Shaped[np.ndarray, "h w c"]:
        """The largest level that is in memory."""
        return self._levels[0]

    def read(self, level: int, rows: slice, columns: slice) -> Shaped[np.ndarray, "_ _ c"]:
        """A window of a level, empty beyond it."""
        return self._levels[level][rows, columns]


class DiskLevels:
    """The levels of an image on a disk, as `HeldLevels`; one pass over its smallest copy."""

    def __init__(self, pixels: LazyPixels):
        self._pixels = pixels
        self.spans = _spans(pixels)
        self.sizes = _sizes(pixels.shape[:2])
        self._first = next(i for i, size in enumerate(self.sizes) if max(size) <= HELD)
        self._levels = _halvings(self._whole(self._first))
        self.memory = sum(level.nbytes for level in self._levels)

    @property
    def largest_held(self) -> Shaped[np.ndarray, "h w c"]:
        """The largest level that is in memory."""
        return self._levels[0]

    def read(self, level: int, rows: slice, columns: slice) -> Shaped[np.ndarray, "_ _ c"]:
        """A window of a level, empty beyond it."""
        if level >= self._first:
            return self._levels[level - self._first][rows, columns]
        return self._window(level, rows, columns)

    def _window(self, level: int, rows: slice, columns: slice) -> Shaped[np.ndarray, "_ _ c"]:
        """A window of a level from the copy in the file that is next larger."""
        source, rest = source_level(self._pixels, 2.0**-level)
        times = round(1 / rest)
        if times * rest != 1:  # copies of a third would have to be resampled
            source, times = self._pixels, 2**level
        places = [
            part.indices(side)[:2]
            for part, side in zip((rows, columns), self.sizes[level], strict=True)
        ]
        wanted = [max(0, stop - start) for start, stop in places]
        if 0 in wanted:
            return np.zeros((*wanted, source.shape[2]), self._levels[0].dtype)
        (top, below), (left, right) = (
            (min(start * times, side - 1), stop * times)  # a copy may lack half a last pixel
            for (start, stop), side in zip(places, source.shape[:2], strict=True)
        )
        values = _shrunk(_as_sent(source[top:below, left:right], self.spans), times)
        missing = [(0, side - had) for side, had in zip(wanted, values.shape[:2], strict=True)]
        return np.pad(values, (*missing, (0, 0)), mode="edge")

    def _whole(self, level: int) -> Shaped[np.ndarray, "_ _ c"]:
        """A level, band by band."""
        height, width = self.sizes[level]
        row = width * 4**level * self._pixels.shape[2] * self._pixels.dtype.itemsize
        step = max(1, BAND // row)
        every = slice(0, width)
        parts = [
            self._window(level, slice(top, top + step), every) for top in range(0, height, step)
        ]
        return np.concatenate(parts)


Levels = HeldLevels | DiskLevels


def _sizes(size: tuple[int, ...]) -> list[tuple[int, int]]:
    """The sizes of the levels down to one tile.

    >>> _sizes((1100, 1500))
    [(1100, 1500), (550, 750), (275, 375)]
    """
    height, width = size
    sizes = [(height, width)]
    while max(sizes[-1]) > TILE:
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes


def _halvings(first: Shaped[np.ndarray, "h w c"]) -> list[Shaped[np.ndarray, "_ _ c"]]:
    levels = [first]
    for _ in _sizes(first.shape[:2])[1:]:
        levels.append(_shrunk(levels[-1], 2))
    return levels


def _shrunk(values: Shaped[np.ndarray, "h w c"], times: int) -> Shaped[np.ndarray, "h2 w2 c"]:
    """The means of blocks; the last rows and columns count for those that are missing."""
    if times == 1:
        return values
    height, width = values.shape[:2]
    padding = (0, -height % times), (0, -width % times), (0, 0)
    if any(map(any, padding)):
        values = np.pad(values, padding, mode="edge")
    total: np.ndarray = values[::times, ::times].astype(np.uint32)
    for row in range(times):
        for column in range(times):
            if row or column:
                total += values[row::times, column::times]
    return ((total + times * times // 2) // (times * times)).astype(values.dtype)


def _spans(pixels: Pixels) -> tuple[Span, ...]:
    """The span of each channel: that of all its finite values where they are mapped."""
    if pixels.dtype in STORED:
        return tuple(Span(0.0, float(np.iinfo(pixels.dtype).max)) for _ in range(pixels.shape[2]))
    lows, highs = [], []
    for rows in bands(pixels):
        part = pixels[rows, :]
        values = part.reshape(-1, part.shape[2]).astype(np.float64)
        known = np.isfinite(values)
        lows.append(np.where(known, values, np.inf).min(axis=0))
        highs.append(np.where(known, values, -np.inf).max(axis=0))
    spans = []
    for low, high in zip(
        np.min(lows, axis=0).tolist(), np.max(highs, axis=0).tolist(), strict=True
    ):
        known = low <= high  # else no value is finite
        spans.append(Span(low, high if high > low else low + 1) if known else Span(0.0, 1.0))
    return tuple(spans)


def _as_sent(
    values: Shaped[np.ndarray, "h w c"], spans: Sequence[Span]
) -> Shaped[np.ndarray, "h w c"]:
    """Values of 8 or 16 bits without sign."""
    if values.dtype in STORED:
        return values
    low, high = np.array(spans).T
    share = (values.astype(np.float64) - low) / (high - low)
    share = np.nan_to_num(share, nan=0, posinf=1, neginf=0)
    return (np.clip(share, 0, 1) * 65535).round().astype(np.uint16)
