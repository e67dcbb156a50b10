"""Strips and tiles of a TIFF that lack pixels, which their decoders do not tell."""

from pathlib import Path
from typing import Any

from kontur.images import jpeg_ends
from kontur.images.jpeg_kinds import END
from kontur.images.read_errors import damaged
from kontur.images.tiff.samples import JPEGS

JPEG_XRS = (22610, 34934)  # compressions


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
    header = getattr(frame, "jpegheader", None)
    if int(frame.compression) in JPEG_XRS:
        lacks = jpeg_ends.xr_lacks_pixels(content)
    elif int(frame.compression) in JPEGS:
        lacks = jpeg_ends.lacks_pixels(
            content,
            lambda piece: decode(piece, number, jpegtables=tables, jpegheader=header)[0],
            headless=header is not None,
        )
    else:
        return
    if lacks:
        raise damaged(path)
