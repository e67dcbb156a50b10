"""The pixels of images for a page: levels, tiles, contrast and thumbnails.

A page gets the stored numbers, a tile at a time, and sets contrast and colours itself, so that a
slider needs no request. Numbers of 8 and 16 bits go as they are; all others are mapped to 16 bits
between the lowest and the highest of their channel, which `about` states.
"""

import io
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.formats.images import Image, read_image
from kontur.formats.page_count import count_pages
from kontur.web.image_folder import FolderImage

TILE = 512  # pixels a side
MEMORY = 1 << 30  # bytes of images and their levels that are kept
SAMPLE = 1 << 20  # pixels on which contrast is measured
DARK, BRIGHT = 0.2, 99.8  # percentiles that begin as black and as white
BINS = 128  # of a channel's histogram
THUMBNAIL = 192  # pixels of its longer side
COLOURS = 3  # channels of an image of colours


class Channel(NamedTuple):
    """A channel: its name, the numbers that 0 and `top` stand for on the wire, and its contrast."""

    name: str
    low: float
    high: float
    black: float
    white: float
    histogram: list[int]


@dataclass(frozen=True)
class Picture:
    """A plane with its levels, each half as large as the one before; values as they are sent."""

    image: Image
    levels: tuple[Shaped[np.ndarray, "_ _ c"], ...]
    channels: tuple[Channel, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.image.pixels.shape[0], self.image.pixels.shape[1]

    @property
    def bits(self) -> int:
        """Of a value as it is sent: 8 or 16."""
        return self.levels[0].dtype.itemsize * 8

    @property
    def is_colour(self) -> bool:
        """Whether channels are red, green and blue, and not stains."""
        return len(self.channels) == COLOURS and not self.image.stains

    @property
    def memory(self) -> int:
        """The memory that it takes."""
        return self.image.pixels.nbytes + sum(level.nbytes for level in self.levels)

    def tile(self, level: int, column: int, row: int) -> bytes | None:
        """The values of a tile, channel after channel, little-endian; None where there is none."""
        if not 0 <= level < len(self.levels) or column < 0 or row < 0:
            return None
        values = self.levels[level]
        part = values[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        if part.size == 0:
            return None
        planar = np.ascontiguousarray(part.transpose(2, 0, 1))
        return planar.astype(planar.dtype.newbyteorder("<"), copy=False).tobytes()

    def thumbnail(self) -> bytes:
        """A small JPEG with the contrast that the page begins with."""
        from PIL import Image as Pillow

        level = next(
            (each for each in reversed(self.levels) if max(each.shape[:2]) >= THUMBNAIL),
            self.levels[0],
        )
        step = max(1, max(level.shape[:2]) // (2 * THUMBNAIL))
        shown = self._shown(level[::step, ::step])
        picture = Pillow.fromarray(shown)
        picture.thumbnail((THUMBNAIL, THUMBNAIL))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=82)
        return out.getvalue()

    def _shown(self, values: Shaped[np.ndarray, "h w c"]) -> Shaped[np.ndarray, "h w *k"]:
        """Eight bits of grey or colours; of several stains the mean."""
        stretched = []
        for i, channel in enumerate(self.channels):
            span = max(channel.white - channel.black, 1e-9)
            stretched.append(np.clip((values[:, :, i] - channel.black) / span, 0, 1))
        shown = np.stack(stretched, axis=2) if self.is_colour else np.mean(stretched, axis=0)
        return (shown * 255).round().astype(np.uint8)


@dataclass
class Pictures:
    """Planes that were read, the newest ones kept; safe to use from several threads."""

    memory: int = MEMORY
    _kept: OrderedDict[Hashable, Picture] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reading: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _pages: dict[Hashable, int] = field(default_factory=dict)

    def pages(self, image: FolderImage) -> int:
        """The number of planes of an image."""
        stamp = stamp_of(image)
        if stamp not in self._pages:
            self._pages[stamp] = count_pages(image.path)
        return self._pages[stamp]

    def read(self, image: FolderImage, page: int) -> Picture:
        """A plane; raises `InputError` that says why it cannot be read."""
        key = (stamp_of(image), page)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:  # one thread reads, the others wait for it
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            single = self.pages(image) == 1 and page == 0
            made = picture_of(read_image(image.path, page=None if single else page))
            with self._lock:
                self._kept[key] = made
                self._reading.pop(key, None)
                while (
                    len(self._kept) > 1
                    and sum(each.memory for each in self._kept.values()) > self.memory
                ):
                    self._kept.popitem(last=False)
            return made


def stamp_of(image: FolderImage) -> str:
    """A text that changes when the file does; raises `InputError` where it is gone."""
    try:
        about = image.path.stat()
    except OSError:
        read_image(image.path)  # raises the sentence
        raise
    return f"{image.key} {about.st_mtime_ns} {about.st_size}"


def picture_of(image: Image) -> Picture:
    """The levels and channels of a plane."""
    count = image.pixels.shape[2]
    names = image.stains or (("red", "green", "blue") if count == COLOURS else ())
    names = names if len(names) == count else tuple(f"channel {i}" for i in range(count))
    is_colour = count == COLOURS and not image.stains
    sent = []
    channels = []
    for i, name in enumerate(names):
        values, low, high = _as_sent(image.pixels[:, :, i])
        sent.append(values)
        channels.append(_channel(name, values, low, high, fixed=is_colour))
    first = np.stack(sent, axis=2)
    return Picture(image, tuple(_levels(first)), tuple(channels))


def _as_sent(
    values: Shaped[np.ndarray, "h w"],
) -> tuple[Shaped[np.ndarray, "h w"], float, float]:
    """Values of 8 or 16 bits without sign, and the numbers that 0 and the largest stand for."""
    if values.dtype in (np.uint8, np.uint16):
        return values, 0.0, float(np.iinfo(values.dtype).max)
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    span = high - low if high > low else 1.0
    share = np.nan_to_num((values.astype(np.float64) - low) / span, nan=0, posinf=1, neginf=0)
    return (np.clip(share, 0, 1) * 65535).round().astype(np.uint16), low, low + span


def _channel(
    name: str, values: Shaped[np.ndarray, "h w"], low: float, high: float, *, fixed: bool
) -> Channel:
    """A channel with its contrast: all of the range for 8-bit colours, else by percentiles."""
    step = max(1, int(np.sqrt(values.size / SAMPLE)))
    sample = values[::step, ::step]
    top = np.iinfo(values.dtype).max
    counts, _ = np.histogram(sample, bins=BINS, range=(0, top + 1))
    if fixed and values.dtype == np.uint8:
        black, white = 0.0, float(top)
    else:
        black, white = _percentiles(sample)
    return Channel(name, low, high, black, white, counts.tolist())


def _percentiles(sample: Shaped[np.ndarray, "h w"]) -> tuple[float, float]:
    black, white = np.percentile(sample, [DARK, BRIGHT])
    if white <= black:  # nearly all of one value: what is brighter is still to be seen
        black, white = float(sample.min()), float(sample.max())
    return float(black), float(max(white, black + 1))


def _levels(
    first: Shaped[np.ndarray, "h w c"],
) -> list[Shaped[np.ndarray, "_ _ c"]]:
    """The levels down to one tile, each the mean of two by two pixels of the one before."""
    levels = [first]
    while max(levels[-1].shape[:2]) > TILE:
        levels.append(_halved(levels[-1]))
    return levels


def _halved(values: Shaped[np.ndarray, "h w c"]) -> Shaped[np.ndarray, "h2 w2 c"]:
    height, width = values.shape[:2]
    if height % 2 or width % 2:  # the last row and column count for the missing ones
        values = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    total = (
        values[::2, ::2].astype(np.uint32)
        + values[1::2, ::2]
        + values[::2, 1::2]
        + values[1::2, 1::2]
    )
    return ((total + 2) // 4).astype(values.dtype)


def describe(picture: Picture, pages: int) -> dict[str, Any]:
    """What a page has to know of a plane before it asks for tiles."""
    height, width = picture.size
    return {
        "height": height,
        "width": width,
        "pages": pages,
        "bits": picture.bits,
        "tile": TILE,
        "levels": [list(level.shape[:2]) for level in picture.levels],
        "colour": picture.is_colour,
        "pixel_size": picture.image.pixel_size,
        "channels": [channel._asdict() for channel in picture.channels],
    }
