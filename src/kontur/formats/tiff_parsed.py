"""TIFF files as they were parsed: planes of one film are read one after another.

A file names the place of each page, and OME describes all of them: to find one plane, everything is
parsed. A few parsed files wait, closed, for the next plane, each for whoever takes it first.
"""

import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from kontur.formats.channels import Channel
from kontur.formats.tiff_images import TiffImage, find_images

KEPT = 8  # parsed files that wait, as many as are likely to be read at a time
SETTLED = 2.0  # seconds after which a file that is written again has another time, on any disk

Stamp = tuple[str, int, int, int, int]


class ParsedTiff(NamedTuple):
    """A file, open, its images, and the names of what was left out beside them."""

    file: Any
    images: list[TiffImage]
    left_out: list[str]


_waiting: OrderedDict[tuple[Stamp, bool], list[ParsedTiff]] = OrderedDict()
_changing = Lock()


@contextlib.contextmanager
def parsed_tiff(path: Path, channel: Channel | None) -> Iterator[ParsedTiff]:
    """The file, open and nobody else's for so long. Arguments as of `find_images`.

    Raises what tifffile raises for damaged files.
    """
    import tifffile

    key = stamp_of(path), channel is not None
    parsed = _taken(key)
    if parsed is None:
        with tifffile.TiffFile(path) as file:
            parsed = ParsedTiff(file, *find_images(file, channel))
            yield parsed
    else:
        parsed.file.filehandle.open()
        with parsed.file:
            yield parsed
    _keep(key, parsed)


def stamp_of(path: Path) -> Stamp:
    """Which file lies there, and since when: another one where a settled file has changed."""
    stat = path.stat()
    written = max(stat.st_mtime_ns, stat.st_ctime_ns)
    return os.path.realpath(path), stat.st_dev, stat.st_ino, stat.st_size, written


def is_settled(stamp: Stamp) -> bool:
    """Whether a file was last written so long ago that it cannot change unseen."""
    *_, written = stamp
    return time.time() - written / 1e9 >= SETTLED


def _taken(key: tuple[Stamp, bool]) -> ParsedTiff | None:
    with _changing:
        parsed = _waiting.get(key, [None]).pop()
        if not _waiting.get(key):
            _waiting.pop(key, None)
    return parsed


def _keep(key: tuple[Stamp, bool], parsed: ParsedTiff) -> None:
    """Let a file wait, unless it may change unseen or reaches into others, which may too."""
    several = any(
        getattr(image.series, "is_multifile", False) or image.keyframe.parent is not parsed.file
        for image in parsed.images
    )
    if several or not is_settled(key[0]):
        return
    with _changing:
        _waiting.setdefault(key, []).append(parsed)
        _waiting.move_to_end(key)
        while sum(map(len, _waiting.values())) > KEPT:
            oldest = next(iter(_waiting))
            _waiting[oldest].pop()
            if not _waiting[oldest]:
                del _waiting[oldest]
