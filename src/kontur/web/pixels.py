"""The pixels of images for a page: tiles, contrast and thumbnails.

A page gets the stored numbers, a tile at a time, and sets contrast and colours itself, so that a
slider needs no request. `levels` says which numbers are sent.
"""

import io
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped, UInt8

from kontur.display.stretch import limits, thinned
from kontur.files.file_stamp import FileStamp
from kontur.images import channels
from kontur.images.image_file import open_image, read_image
from kontur.images.lazy_pixels import LazyPixels, OpenImage
from kontur.images.page_count import count_pages
from kontur.images.pixel_sides import stated_sides
from kontur.images.pixel_size import square_side
from kontur.web.image_folder import FolderImage
from kontur.web.levels import TILE, DiskLevels, HeldLevels, Levels, Span

MEMORY = 1 << 30  # bytes of images and their levels that are kept
BINS = 128  # of a channel's histogram
THUMBNAIL = 192  # pixels of its longer side
SCREEN = 1280  # pixels of the longer side of a picture that fills a screen for a moment
LEAST_SPAN = 1e-6  # between black and white
COLOURS = 3  # channels of an image of colours
RGB = ("#ff0000", "#00ff00", "#0000ff")
STAINS = ("#ff40ff", "#40ff40", "#40d0ff", "#ffd040", "#ff5050", "#ffffff")


class Channel(NamedTuple):
    """A channel: its name, the numbers that 0 and `top` stand for on the wire, and how it is shown:
    from which number it is black and from which it has all of its colour, "#rrggbb".

    `choice` is how it is chosen: by the name that its file gives it alone, else by the number.
    """

    name: str
    choice: channels.Channel
    low: float
    high: float
    black: float
    white: float
    colour: str
    histogram: list[int]


@dataclass(frozen=True)
class Picture:
    """A plane with its levels, and its channels as a page begins with them."""

    image: OpenImage
    levels: Levels
    channels: tuple[Channel, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.levels.sizes[0]

    @property
    def bits(self) -> int:
        """Of a value as it is sent: 8 or 16."""
        return self.levels.largest_held.dtype.itemsize * 8

    @property
    def is_colour(self) -> bool:
        """Whether channels are red, green and blue, and not stains."""
        return _is_colour(self.image)

    def tile(self, level: int, column: int, row: int) -> bytes | None:
        """The values of a tile, channel after channel, little-endian; None where there is none."""
        if not 0 <= level < len(self.levels.sizes) or column < 0 or row < 0:
            return None
        rows, columns = (slice(i * TILE, (i + 1) * TILE) for i in (row, column))
        part = self.levels.read(level, rows, columns)
        if part.size == 0:
            return None
        planar = np.ascontiguousarray(part.transpose(2, 0, 1))
        return planar.astype(planar.dtype.newbyteorder("<"), copy=False).tobytes()

    def thumbnail(self) -> bytes:
        """A JPEG of at most `THUMBNAIL` pixels, as the page begins to show the image."""
        held = [i for i, size in enumerate(self.levels.sizes) if max(size) >= THUMBNAIL]
        return self._jpeg(held[-1] if held else 0, THUMBNAIL)

    def screenful(self) -> bytes:
        """A JPEG of at most `SCREEN` pixels, as the page begins to show the image."""
        fitting = (i for i, size in enumerate(self.levels.sizes) if max(size) <= SCREEN)
        return self._jpeg(next(fitting), SCREEN)

    def _jpeg(self, level: int, longest: int) -> bytes:
        from PIL import Image as Pillow

        picture = Pillow.fromarray(self.shown(level))
        picture.thumbnail((longest, longest))
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=82)
        return out.getvalue()

    def shown(self, level: int) -> UInt8[np.ndarray, "h w 3"]:
        """A level in the contrast and the colours of its channels, added up as the page does it."""
        values = self.levels.read(level, slice(None), slice(None))
        sent = np.arange(2**self.bits)
        total = np.zeros((*values.shape[:2], 3), np.uint32)
        for i, channel in enumerate(self.channels):
            span = max(channel.white - channel.black, LEAST_SPAN)
            share = np.clip((sent - channel.black) / span, 0, 1)
            rgb = np.frombuffer(bytes.fromhex(channel.colour[1:]), np.uint8)
            total += (share[:, None] * rgb).astype(np.uint16)[values[:, :, i]]
        return np.minimum(total, 255).astype(np.uint8)


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

    def existing_pages(self, image: FolderImage, pages: list[int]) -> list[int]:
        """Those of some planes that an image has; it may be a shorter film than it was."""
        if not any(pages):
            return pages
        count = self.pages(image)
        return [page for page in pages if page < count]

    def pixel_size(self, image: FolderImage, page: int) -> float | None:
        """The side of a pixel in µm as `kontur measure` takes it: of the image, else of its labels.

        Errors as in `read`.
        """
        stated = self.read(image, page).image.pixel_size
        if stated is not None or image.annotated is None:
            return stated
        sides = stated_sides(image.path, image.annotated.annotation, page=page)
        return square_side(sides or ())

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
            made = picture_of(open_image(image.path, page=None if single else page))
            with self._lock:
                self._kept[key] = made
                self._reading.pop(key, None)
                while (
                    len(self._kept) > 1
                    and sum(each.levels.memory for each in self._kept.values()) > self.memory
                ):
                    self._kept.popitem(last=False)
            return made


def stamp_of(image: FolderImage) -> str:
    """A text that changes when the file does; raises `InputError` where it is gone."""
    try:
        stamp = FileStamp.of(image.path)
    except OSError:
        read_image(image.path)  # raises the sentence
        raise
    return f"{image.key} {stamp.modified} {stamp.bytes}"


def picture_of(image: OpenImage) -> Picture:
    """The levels and channels of a plane."""
    count = image.pixels.shape[2]
    names = image.stains or (("red", "green", "blue") if count == COLOURS else ())
    names = names if len(names) == count else (channels.UNNAMED,) * count
    pixels = image.pixels
    levels = DiskLevels(pixels) if isinstance(pixels, LazyPixels) else HeldLevels(pixels)
    held = levels.largest_held
    colours = RGB if _is_colour(image) else ("#ffffff",) if count == 1 else STAINS
    shown = [
        _channel(
            f"channel {i}" if name in ("", channels.UNNAMED) else name,
            channels.choice_of(i, names),
            held[:, :, i],
            levels.spans[i],
            colour=colours[i % len(colours)],
            fixed=_is_colour(image),
        )
        for i, name in enumerate(names)
    ]
    return Picture(image, levels, tuple(shown))


def _is_colour(image: OpenImage) -> bool:
    return image.pixels.shape[2] == COLOURS and not image.stains


def _channel(
    name: str,
    choice: channels.Channel,
    values: Shaped[np.ndarray, "h w"],
    span: Span,
    *,
    colour: str,
    fixed: bool,
) -> Channel:
    """A channel with its contrast: all of the range for 8-bit colours, else by percentiles."""
    top = np.iinfo(values.dtype).max
    counts, _ = np.histogram(thinned(values), bins=BINS, range=(0, top + 1))
    if fixed and values.dtype == np.uint8:
        black, white = 0.0, float(top)
    else:
        black, white = limits(values)
        white = max(white, black + 1)
    return Channel(name, choice, span.low, span.high, black, white, colour, counts.tolist())


def describe(picture: Picture, pages: int, pixel_size: float | None) -> dict[str, Any]:
    """What a page has to know of a plane before it asks for tiles."""
    height, width = picture.size
    return {
        "height": height,
        "width": width,
        "pages": pages,
        "bits": picture.bits,
        "tile": TILE,
        "levels": [list(size) for size in picture.levels.sizes],
        "colour": picture.is_colour,
        "pixel_size": pixel_size,
        "channels": [channel._asdict() for channel in picture.channels],
    }
