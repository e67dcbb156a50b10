"""Whether a JPEG in another file ends before its last pixel: decoders fill the rest in silence.

A whole one ends with a marker, but some writers leave that out, and what a scanner of slides cuts
out of one long JPEG ends with a restart. So what has no end is decoded twice, with two different
things behind it: they show in the pixels where any are missing. After ITU-T T.81, annex B. A JPEG
XR says how long it is; T.832, annex A.
"""

import struct
from collections.abc import Callable

import numpy as np
from jaxtyping import Shaped

from kontur.formats import jpeg_kinds

Decode = Callable[[bytes], Shaped[np.ndarray, "..."]]

RESTARTS = tuple(bytes((0xFF, number)) for number in range(0xD0, 0xD8))
ONE_SCAN = (0xC0, 0xC1, 0xC9)  # frames whose scans do not refine one another
PROGRESSIVE = (0xC2, 0xCA)  # the others that are filled; of a lossless one the decoder complains
SOME = bytes(1 + (37 * number + 89) % 253 for number in range(64))
# Neither has a byte that begins a marker, and no bit of one is that of the other.
BEHIND = (SOME, bytes(255 - byte for byte in SOME))
XR_START = b"II\xbc"
XR_OFFSET, XR_COUNT = 0xBCC0, 0xBCC1  # tags: where its pixels begin, and how many bytes they have


def lacks_pixels(content: bytes, decode: Decode, *, headless: bool = False) -> bool:
    """Whether the end of a JPEG is missing, and pixels with it.

    `content` may have anything behind its end. A `headless` one begins in its pixels; its heading
    is added by `decode`. False of what has no pixels at all, which no decoder reads.
    """
    if content.endswith(jpeg_kinds.END):  # as nearly all do
        return False
    frame, components, scan = (0xC0, 0, 0) if headless else _first_scan(content)
    if scan is None or content.find(jpeg_kinds.END, scan) >= 0:
        return False
    if headless and content.endswith(RESTARTS):
        return False
    if frame not in ONE_SCAN or (not headless and content[scan] < components):
        return frame in (*ONE_SCAN, *PROGRESSIVE)  # other scans were to follow
    if _is_whole(content, decode) and not _is_whole(content[:-1], decode):
        return False  # of which each byte is needed
    kept = len(content.rstrip(b"\0")) + 1  # zeros are pixels too, and one may be the last of them
    return not _is_whole(content[:kept], decode)


def xr_lacks_pixels(content: bytes) -> bool:
    """Whether a JPEG XR has fewer bytes than it says; False of one that does not say it.

    >>> entries = struct.pack("<HHHIIHHII", 2, XR_OFFSET, 4, 1, 34, XR_COUNT, 4, 1, 5)
    >>> whole = XR_START + b"\\x01" + struct.pack("<I", 8) + entries + b"pixel"
    >>> xr_lacks_pixels(whole), xr_lacks_pixels(whole[:-1]), xr_lacks_pixels(b"")
    (False, True, False)
    """
    if len(content) < 8 or not content.startswith(XR_START):
        return False
    start = int.from_bytes(content[4:8], "little")
    count = int.from_bytes(content[start : start + 2], "little")
    directory = content[start + 2 : start + 2 + 12 * count]
    if len(directory) < 12 * count:
        return True
    values = {tag: value for tag, _, _, value in struct.iter_unpack("<HHII", directory)}
    return values.get(XR_OFFSET, 0) + values.get(XR_COUNT, 0) > len(content)


def _is_whole(content: bytes, decode: Decode) -> bool:
    """Whether what stands behind a JPEG does not show, after each restart that may be wanted."""
    content += b"\0" if content.endswith(b"\xff") else b""  # else a marker would begin there
    last = max(RESTARTS, key=content.rfind) if any(one in content for one in RESTARTS) else None
    begin = 0 if last is None else RESTARTS.index(last) + 1
    wanted = [RESTARTS[(begin + number) % 8] for number in range(8)]
    first, second = (
        decode(content + b"".join(fill + one for one in wanted) + fill) for fill in BEHIND
    )
    return np.array_equal(first, second)


def _first_scan(content: bytes) -> tuple[int | None, int, int | None]:
    """The marker of the frame, its components, and where the first scan says how many it has."""
    frame, components = None, 0
    for marker, place in jpeg_kinds.segments(content):
        if marker in jpeg_kinds.KINDS:
            frame, components = marker, content[place + 7] if len(content) > place + 7 else 0
        elif marker == jpeg_kinds.SCAN:
            return frame, components, place + 2
    return frame, components, None
