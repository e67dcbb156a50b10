"""Windows of a TIFF: only those tiles or strips are read and decoded that a window needs.

Of tiled and stripped files, pyramids and BigTIFF; what is stored in one piece without compression
is read row by row. Files whose pixels can only be understood as a whole (undeclared alpha, a
palette, packed bits, an orientation other than upright) are not read in windows.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.images.lazy_pixels import LazyPixels
from kontur.images.read_errors import damaged, reading
from kontur.images.tiff import samples as tiff_samples
from kontur.images.tiff.images import TiffImage, orientation_of, pages_at
from kontur.images.tiff.pieces import check_end, check_piece

WHOLE = 1 << 26  # bytes: a piece of a compressed file that is larger is not worth a window
KINDS = ("MINISBLACK", "MINISWHITE", "RGB", "YCBCR")  # whose pixels are understood one by one
BITS = (8, 16, 32, 64)
UPRIGHT = 1  # the orientation


class _Page(NamedTuple):
    """The file of a page, where its pieces lie in it, and the tables that its JPEG pieces share.

    One piece begins at `start` where all are one. OME-TIFF may have a file for each page.
    """

    file: Path
    offsets: Sequence[int]
    counts: Sequence[int]
    start: int | None
    tables: bytes | None


class TiffWindows(LazyPixels):
    """A plane of a TIFF, a page for each channel or one with all of them."""

    def __init__(self, path: Path, frame: Any, pages: Sequence[_Page]):
        """`frame` describes all pages."""
        self.path, self.frame, self._pages = path, frame, pages
        self._decode = frame.decode  # made while the file is open
        self._header = getattr(frame, "jpegheader", None)
        self._stored = np.dtype(frame.parent.byteorder + frame.dtype.char)
        height, width = frame.imagelength, frame.imagewidth
        sample = self._resolved(np.zeros((1, 1, frame.samplesperpixel), frame.dtype))
        self.shape = (height, width, sample.shape[2] * len(pages))
        self.dtype = sample.dtype

    def read(self, top: int, left: int, height: int, width: int) -> Shaped[np.ndarray, "h w c"]:
        planes = []
        for page in self._pages:
            with reading(page.file):  # which may be damaged, or gone since it was opened
                planes.append(self._resolved(self._samples(page, top, left, height, width)))
        return np.concatenate(planes, axis=2) if len(planes) > 1 else planes[0]

    def _resolved(self, samples: Shaped[np.ndarray, "h w s"]) -> Shaped[np.ndarray, "h w k"]:
        return tiff_samples.resolve(samples, self.frame, "rgb", self.path, palette=False)

    def _samples(
        self, page: _Page, top: int, left: int, height: int, width: int
    ) -> Shaped[np.ndarray, "h w s"]:
        samples = self.frame.samplesperpixel
        if page.start is not None:
            return self._rows(page.file, page.start, top, height)[:, left : left + width]
        window = np.zeros((height, width, samples), self.frame.dtype)
        with page.file.open("rb") as file:
            for number in self._pieces(top, left, height, width):
                if page.counts[number] == 0:
                    continue  # a piece that is not stored holds zeros
                file.seek(page.offsets[number])
                data = file.read(page.counts[number])
                if len(data) < page.counts[number]:
                    raise damaged(page.file)
                how = (self.frame, self._decode, data, number)
                check_piece(*how, page.tables, page.file)
                piece, place, _ = self._decode(
                    data, number, jpegtables=page.tables, jpegheader=self._header
                )
                if piece is not None:
                    high, wide = self.frame.imagelength - place[2], self.frame.imagewidth - place[3]
                    last = piece[0, :high, :wide][-1, -1]
                    check_end(*how, page.tables, last, page.file, shown=piece)
                    _paste(window, piece, place, top, left, separate=self._separate)
        return window

    @property
    def _separate(self) -> bool:
        """Whether each sample has pieces of its own."""
        return int(self.frame.planarconfig) == 2 and self.frame.samplesperpixel > 1

    def _pieces(self, top: int, left: int, height: int, width: int) -> Iterator[int]:
        """The numbers of the tiles or strips of a page that a window meets."""
        frame = self.frame
        if frame.is_tiled:
            high, wide = frame.tilelength, frame.tilewidth
        else:
            high, wide = min(frame.rowsperstrip, frame.imagelength), frame.imagewidth
        down, across = -(-frame.imagelength // high), -(-frame.imagewidth // wide)
        for sample in range(frame.samplesperpixel if self._separate else 1):
            for row in range(top // high, -(-(top + height) // high)):
                for column in range(left // wide, -(-(left + width) // wide)):
                    yield (sample * down + row) * across + column

    def _rows(self, file: Path, start: int, top: int, height: int) -> Shaped[np.ndarray, "h w s"]:
        """Whole rows of a page that is stored in one piece without compression."""
        width, samples = self.frame.imagewidth, self.frame.samplesperpixel
        planes = samples if self._separate else 1
        a_row = width * (samples // planes)
        read = []
        for plane in range(planes):
            first = start + (plane * self.frame.imagelength + top) * a_row * self._stored.itemsize
            values = np.fromfile(file, self._stored, height * a_row, offset=first)
            if len(values) < height * a_row:
                raise damaged(file)
            read.append(values.reshape(height, width, -1))
        joined = np.concatenate(read, axis=2) if planes > 1 else read[0]
        return joined.astype(self.frame.dtype, copy=False)


def windows_of(path: Path, image: TiffImage, index: Sequence[int | slice]) -> TiffWindows | None:
    """The plane at `index` of an image; None where it has to be read as a whole.

    The file is open while this is called, and no longer needed open afterwards.
    """
    described = pages_at(image, index)
    frame = described[0].keyframe if described and described[0] else image.keyframe
    if (
        getattr(frame.photometric, "name", "") not in KINDS
        or len(frame.extrasamples)
        or int(frame.bitspersample) not in BITS
        or frame.dtype is None
        or frame.dtype.kind not in "uif"
        or orientation_of(frame) != UPRIGHT
    ):
        return None
    pages = _pages(path, image, index, described)
    if pages is None:
        return None
    if pages[0].start is None and _piece_bytes(frame) > WHOLE:
        return None
    made = TiffWindows(path, frame, pages)
    levels = [
        TiffImage(image.name, image.axes, tuple(level.shape), level.keyframe, level, level)
        for level in getattr(image.series, "levels", ())[1:]
    ]
    smaller = [windows_of(path, level, index) for level in levels if len(level.shape) == len(index)]
    made.levels = tuple(level for level in smaller if level is not None)
    return made


def _pages(
    path: Path, image: TiffImage, index: Sequence[int | slice], described: list[Any] | None
) -> list[_Page] | None:
    """The pages of a plane, one a channel, `described` by `pages_at`; None if less simple."""
    frame = image.keyframe
    outer = len(image.shape) - len(frame.shape)
    if "C" in image.axes[outer:] or any(isinstance(place, int) for place in index[outer:]):
        return None  # channels or planes inside a page
    if described is not None:
        if None in described or frame.shape != described[0].shape:
            return None
        if any(
            page.hash != described[0].hash or orientation_of(page) != UPRIGHT for page in described
        ):
            return None  # stored unlike the others
        return [
            _Page(
                _file_of(page, path),
                page.dataoffsets,
                page.databytecounts,
                page.dataoffsets[0] if page.is_contiguous else None,
                page.jpegtables,
            )
            for page in described
        ]
    if not frame.is_contiguous or getattr(image.series, "is_multifile", False):
        return None
    count = math.prod(image.shape[:outer])
    numbers = np.arange(count).reshape(image.shape[:outer])[tuple(index[:outer])].ravel()
    start = frame.dataoffsets[0]  # a stack, of which only the first page is described
    file = _file_of(frame, path)
    return [_Page(file, (), (), start + int(number) * frame.nbytes, None) for number in numbers]


def _file_of(page: Any, path: Path) -> Path:
    """Where a page lies: in the file of `path`, or in another that its OME metadata names."""
    return path if page.parent is page.parent.root else Path(page.parent.filehandle.path)


def _piece_bytes(frame: Any) -> int:
    """Bytes of a tile or strip, unpacked."""
    if frame.is_tiled:
        pixels = frame.tilelength * frame.tilewidth
    else:
        pixels = min(frame.rowsperstrip, frame.imagelength) * frame.imagewidth
    return int(pixels * frame.samplesperpixel * frame.dtype.itemsize)


def _paste(
    window: Shaped[np.ndarray, "h w s"],
    piece: Shaped[np.ndarray, "d h2 w2 s2"],
    place: Sequence[int],
    top: int,
    left: int,
    *,
    separate: bool,
) -> None:
    """Put the part of a piece that the window shows into it."""
    sample, _, y, x = place[:4]
    pixels = piece[0]
    y0, x0 = max(y, top), max(x, left)
    y1 = min(y + pixels.shape[0], top + window.shape[0])
    x1 = min(x + pixels.shape[1], left + window.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    part = pixels[y0 - y : y1 - y, x0 - x : x1 - x]
    rows, columns = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    if separate:
        window[rows, columns, sample] = part[..., 0]
    else:
        window[rows, columns] = part
