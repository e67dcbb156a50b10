"""TIFF files as they were parsed: planes of one film are read one after another.

A file names the place of each page, and OME describes all of them: to find one plane, everything is
parsed. A few parsed files wait, closed, for the next plane, each for whoever takes it first.
"""

import contextlib
import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from kontur.files.file_stamp import FileStamp
from kontur.images.channels import Channel
from kontur.images.tiff.images import TiffImage, find_images

KEPT = 8  # parsed files that wait, as many as are likely to be read at a time

Key = tuple[str, FileStamp, bool]  # where a file lies, which, and whether one channel is wanted


class ParsedTiff(NamedTuple):
    """A file, open, its images, and the names of what was left out beside them."""

    file: Any
    images: list[TiffImage]
    left_out: list[str]


_waiting: OrderedDict[Key, list[ParsedTiff]] = OrderedDict()
_changing = Lock()


@contextlib.contextmanager
def parsed_tiff(path: Path, channel: Channel | None) -> Iterator[ParsedTiff]:
    """The file, open and nobody else's for so long. Arguments as of `find_images`.

    Raises what tifffile raises for damaged files.
    """
    import tifffile

    key = os.path.realpath(path), FileStamp.of(path), channel is not None
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


def _taken(key: Key) -> ParsedTiff | None:
    with _changing:
        parsed = _waiting.get(key, [None]).pop()
        if not _waiting.get(key):
            _waiting.pop(key, None)
    return parsed


def _keep(key: Key, parsed: ParsedTiff) -> None:
    """Let a file wait, unless it may change unseen or reaches into others, which may too."""
    several = any(
        getattr(image.series, "is_multifile", False) or image.keyframe.parent is not parsed.file
        for image in parsed.images
    )
    _, stamp, _ = key
    if several or not stamp.is_settled():
        return
    with _changing:
        _waiting.setdefault(key, []).append(parsed)
        _waiting.move_to_end(key)
        while sum(map(len, _waiting.values())) > KEPT:
            oldest = next(iter(_waiting))
            _waiting[oldest].pop()
            if not _waiting[oldest]:
                del _waiting[oldest]
