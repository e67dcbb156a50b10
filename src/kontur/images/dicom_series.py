"""Which series a DICOM is an instance of: a scan of a slide is a series, a file for each level.

Only the elements before the series are gone through, and only of the encodings that scans have:
little-endian, with or without types. After DICOM PS3.5, section 7, and PS3.10.
"""

import struct
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from kontur.files.file_stamp import FileStamp

PREAMBLE, MAGIC = 128, b"DICM"
META = 0x0002  # the group of elements that say how all others are encoded
ENCODING, SERIES = (0x0002, 0x0010), (0x0020, 0x000E)
WITHOUT_TYPES = "1.2.840.10008.1.2"  # implicit little-endian
WITH_TYPES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5")  # explicit; with pixels as run lengths
COMPRESSED = "1.2.840.10008.1.2.4."  # begins that of explicit ones with pixels as pictures
LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
ITEM, ITEM_END, SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
UNKNOWN = 0xFFFFFFFF  # a length: up to an end that is marked
DEEPEST = 20  # sequences within one another
KNOWN = 10_000  # files whose series is kept

Tag = tuple[int, int]


def instances_beside(path: Path) -> list[Path]:
    """The other instances of the series of a DICOM in its folder, sorted.

    Empty for what is no DICOM, and where its series cannot be told.
    """
    series = series_of(path)
    files = sorted(file for file in path.parent.iterdir() if file.is_file())
    return [file for file in files if series and file != path and series_of(file) == series]


def series_of(path: Path) -> str | None:
    """The UID of the series; None of what is no DICOM, damaged, or encoded in another way."""
    return _series_at(FileStamp.of(path), path)


@lru_cache(KNOWN)
def _series_at(stamp: FileStamp, path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            file.seek(PREAMBLE)
            return _series(file) if file.read(len(MAGIC)) == MAGIC else None
    except (OSError, struct.error):
        return None


def _series(file: BinaryIO) -> str | None:
    typed = True
    while True:
        start = file.tell()
        tag, length = _element(file, typed=True)
        if tag[0] != META:
            file.seek(start)
            break
        if tag != ENCODING:
            file.seek(length, 1)
            continue
        encoding = _text(file, length)
        typed = encoding != WITHOUT_TYPES
        if typed and encoding not in WITH_TYPES and not encoding.startswith(COMPRESSED):
            return None
    while True:
        tag, length = _element(file, typed=typed)
        if tag == SERIES:
            return _text(file, length)
        if tag > SERIES:
            return None
        _skip(file, length, typed=typed, depth=0)


def _element(file: BinaryIO, *, typed: bool) -> tuple[Tag, int]:
    """The tag of an element and the bytes of its value, which comes next."""
    group, number = struct.unpack("<HH", file.read(4))
    if not typed or group == ITEM[0]:
        return (group, number), *struct.unpack("<I", file.read(4))
    kind, length = struct.unpack("<2sH", file.read(4))
    return (group, number), *(struct.unpack("<I", file.read(4)) if kind in LONG else (length,))


def _skip(file: BinaryIO, length: int, *, typed: bool, depth: int) -> None:
    """Go beyond a value; one of unknown length is a sequence of items, up to its end."""
    if length != UNKNOWN:
        file.seek(length, 1)
        return
    if depth > DEEPEST:
        raise struct.error("sequences too deep")
    while True:
        tag, length = _element(file, typed=typed)
        if tag in (SEQUENCE_END, ITEM_END):
            return
        _skip(file, length, typed=typed, depth=depth + 1)


def _text(file: BinaryIO, length: int) -> str:
    value = file.read(length)
    if len(value) < length:
        raise struct.error("cut short")
    return value.decode("ascii", "replace").rstrip("\0 ")
