"""Strips and tiles of a TIFF that lack pixels, which their decoders do not tell."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur.images import jpeg_ends
from kontur.images.jpeg_kinds import END
from kontur.images.read_errors import damaged
from kontur.images.tiff.samples import JPEGS

JPEG_XRS = (22610, 34934)  # compressions
SEPARATE = 2  # the planar configuration in which each sample has pieces of its own


def check_pieces(page: Any, path: Path) -> None:
    """`InputError` where a strip or tile of a page lacks pixels; its file is open meanwhile."""
    frame, handle = page.keyframe, page.parent.filehandle
    if int(frame.compression) not in (*JPEGS, *JPEG_XRS):
        return
    decode, tables = frame.decode, page.jpegtables  # which are read when first asked for
    places = zip(page.dataoffsets, page.databytecounts, strict=False)
    for number, (offset, count) in enumerate(places):
        if offset and count:
            if int(frame.compression) in JPEGS:
                handle.seek(offset + max(0, count - len(END)))
                if handle.read(len(END)) == END:  # as nearly all do
                    continue
            handle.seek(offset)
            check_piece(frame, decode, handle.read(count), number, tables, path)


def check_piece(
    frame: Any, decode: Any, content: bytes, number: int, tables: bytes | None, path: Path
) -> None:
    """`InputError` where the bytes of a strip or tile of a number lack pixels.

    `frame` describes it, `decode` is its decoder, and `tables` has what its JPEGs share.
    """
    if int(frame.compression) in JPEG_XRS:
        lacks = jpeg_ends.xr_lacks_pixels(content)
    elif int(frame.compression) in JPEGS:
        decode_it, headless = _decoding(frame, decode, number, tables)
        lacks = jpeg_ends.lacks_pixels(content, decode_it, headless=headless)
    else:
        return
    if lacks:
        raise damaged(path)


def check_ends(page: Any, pixels: Shaped[np.ndarray, "..."], path: Path) -> None:
    """`InputError` where a piece of a decoded page ends too early; its file is open meanwhile."""
    frame, handle = page.keyframe, page.parent.filehandle
    if int(frame.compression) not in JPEGS or frame.imagedepth > 1:
        return
    shown = np.moveaxis(pixels, frame.axes.index("S"), -1) if "S" in frame.axes else pixels
    shown = shown.reshape(frame.imagelength, frame.imagewidth, -1)
    decode, tables = frame.decode, page.jpegtables
    places = zip(page.dataoffsets, page.databytecounts, strict=False)
    for number, (offset, count) in enumerate(places):
        if offset and count:
            handle.seek(offset)
            rows, columns, samples = _place(frame, number)
            piece = shown[rows, columns, samples]
            whole = piece.shape[:2] == (rows.stop - rows.start, columns.stop - columns.start)
            how = (frame, decode, handle.read(count), number, tables)
            check_end(*how, piece[-1, -1], path, shown=piece[None] if whole else None)


def check_end(
    frame: Any,
    decode: Any,
    content: bytes,
    number: int,
    tables: bytes | None,
    last: Shaped[np.ndarray, " s"],
    path: Path,
    shown: Shaped[np.ndarray, "1 h w s"] | None = None,
) -> None:
    """`InputError` where a piece ends before its last pixel that the image shows, decoded `last`.

    `shown` is all of the piece as it was decoded, where that is at hand: a progressive JPEG is
    decoded once more then, and not twice. The other arguments as in `check_piece`.
    """
    if int(frame.compression) in JPEGS:
        decode_it, headless = _decoding(frame, decode, number, tables)
        bits = int(frame.bitspersample)
        again = None if shown is None else lambda: shown
        if jpeg_ends.ends_early(
            content, decode_it, last, bits=bits, headless=headless, shown=again
        ):
            raise damaged(path)


def _decoding(
    frame: Any, decode: Any, number: int, tables: bytes | None
) -> tuple[jpeg_ends.Decode, bool]:
    """What decodes a JPEG in the place of a piece, and whether that has its heading elsewhere."""
    header = getattr(frame, "jpegheader", None)

    def decode_it(content: bytes) -> np.ndarray:
        pixels: np.ndarray = decode(content, number, jpegtables=tables, jpegheader=header)[0]
        return pixels

    return decode_it, header is not None


def _place(frame: Any, number: int) -> tuple[slice, slice, slice]:
    """Rows, columns and samples of a piece in the image (h, w, s), where a tile may go beyond it.

    A strip ends with the image.
    """
    height, width = frame.imagelength, frame.imagewidth
    high, wide = (
        (frame.tilelength, frame.tilewidth) if frame.is_tiled else (frame.rowsperstrip, width)
    )
    across = -(-width // wide)
    sample, place = divmod(number, -(-height // high) * across)
    row, column = divmod(place, across)
    separate = int(frame.planarconfig) == SEPARATE and frame.samplesperpixel > 1
    bottom = (row + 1) * high
    return (
        slice(row * high, bottom if frame.is_tiled else min(bottom, height)),
        slice(column * wide, (column + 1) * wide),
        slice(sample, sample + 1) if separate else slice(None),
    )
