"""Places in a gzip file to start reading from, so that its end is not read through its beginning.

Gzip has no index. Unpacking its content once in order leaves the state of the unpacker, 40 KB,
every `SPACING` bytes; a later read goes on from the last one before the place that is wanted.
Files of several members (bgzip, pigz) are one content. `GzipPlaces` is safe to use from several
threads, and holds no open file.
"""

import bisect
import threading
import zlib
from pathlib import Path
from typing import Any, NamedTuple

MAGIC = b"\x1f\x8b"
MOST = 1032  # bytes that deflate can make of one
SPACING = 1 << 24  # bytes of content between places
PACKED = 1 << 16  # bytes of the file that are read at once
UNPACKED = 1 << 20  # bytes of content that are made at once
WITH_HEADER = 31  # of zlib: the largest window, within a member of gzip


class _Place(NamedTuple):
    """The content before a place, the bytes of the file before it, and the unpacker there."""

    content: int
    packed: int
    unpacker: Any


class GzipPlaces:
    """The content of a gzip file, of which any part is read."""

    def __init__(self, path: Path):
        self._path = path
        self._places = [_Place(0, 0, zlib.decompressobj(WITH_HEADER))]
        self._last = self._places[0]  # where the last read ended: planes are read in order
        self._lock = threading.Lock()

    def read(self, start: int, count: int) -> bytes:
        """`count` bytes of content from `start` on; fewer where the content ends before.

        Raises `EOFError` where the file ends within a member, `zlib.error` where it is damaged,
        and `OSError` where it is gone.
        """
        place = self._before(start)
        content, packed, unpacker = place.content, place.packed, place.unpacker.copy()
        kept = bytearray()
        with self._path.open("rb") as file:
            file.seek(packed)
            waiting = b""
            while content < start + count:
                if not waiting:
                    waiting = file.read(PACKED)
                    if not waiting and unpacker.eof:
                        break
                    if not waiting:
                        raise EOFError("the compressed data ends too early")
                if unpacker.eof:
                    member = waiting.lstrip(b"\0")  # zeros between members are padding
                    packed, waiting = packed + len(waiting) - len(member), member
                    if not member:
                        continue
                    unpacker = zlib.decompressobj(WITH_HEADER)
                most = min(
                    UNPACKED, start - content if content < start else start + count - content
                )
                part = unpacker.decompress(waiting, most)
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                packed += len(waiting) - len(rest)
                waiting = rest
                if content >= start:
                    kept += part
                content += len(part)
                self._note(content, packed, unpacker)
        self._last = _Place(content, packed, unpacker)
        return bytes(kept)

    def _before(self, start: int) -> _Place:
        with self._lock:
            number = bisect.bisect_right(self._places, start, key=lambda place: place.content)
            place, last = self._places[number - 1], self._last
        return last if place.content < last.content <= start else place

    def _note(self, content: int, packed: int, unpacker: Any) -> None:
        """Keep a place where none is near before it; those before are all there by then."""
        with self._lock:
            if content - self._places[-1].content >= SPACING:
                self._places.append(_Place(content, packed, unpacker.copy()))
