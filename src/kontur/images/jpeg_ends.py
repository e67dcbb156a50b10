"""Whether a JPEG in another file ends before its last pixel: decoders fill the rest in silence.

A whole one ends with a marker, but some writers leave that out, and what a scanner of slides cuts
out of one long JPEG ends with a restart. So what has no end is decoded twice, with two different
things behind it: they show in the pixels where any are missing from the last scan. That one more
scan was to refine the others cannot be known. After ITU-T T.81, annex B. A JPEG XR says how long it
is; T.832, annex A.

A program that mends or cuts files may set an end where pixels are missing. Up to the last pixel a
decoder then fills with the middle grey, so that an end is doubted behind a pixel of that grey, and
in a JPEG of several scans. Where less is missing than the last block, nothing shows it.
"""

import struct
from collections.abc import Callable

import numpy as np
from jaxtyping import Shaped

from kontur.images import jpeg_kinds

Decode = Callable[[bytes], Shaped[np.ndarray, "..."]]

RESTARTS = tuple(bytes((0xFF, number)) for number in range(0xD0, 0xD8))
FILLED = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)  # frames; of a lossless one the decoder complains
PROGRESSIVE = (0xC2, 0xCA)
TABLES = 0xC4  # the marker of Huffman tables
ZEROS = 4  # bytes of 0 that pixels may end with by chance
SOME = bytes(1 + (37 * number + 89) % 253 for number in range(64))
# Neither has a byte that begins a marker, and no bit of one is that of the other; the last begins
# with a 1.
BEHIND = (SOME, bytes(255 - byte for byte in SOME))
XR_START = b"II\xbc"
XR_OFFSET, XR_COUNT = 0xBCC0, 0xBCC1  # tags: where its pixels begin, and how many bytes they have


def lacks_pixels(content: bytes, decode: Decode, *, headless: bool = False) -> bool:
    """Whether the end of a JPEG is certainly missing, and pixels with it.

    `content` may have anything behind its end. A `headless` one begins in its pixels; its heading
    is added by `decode`. False of what has no pixels at all, which no decoder reads.
    """
    if content.endswith(jpeg_kinds.END):  # as nearly all do
        return False
    frame, components, scan = (0xC0, 0, 0) if headless else _first_scan(content)
    if scan is None or content.find(jpeg_kinds.END, scan) >= 0 or frame not in FILLED:
        return False
    if headless and content.endswith(RESTARTS):
        return False
    if not headless and len(_with_pixels(content, scan)) < components:
        return True  # other scans were to follow
    if not _is_whole(content, decode):
        return True
    kept = content[: len(content.rstrip(b"\0")) + ZEROS]
    if len(kept) == len(content) or (not headless and _zeros_are_even(content)):
        return False
    # Zeros in place of what is missing are pixels too: more of them than there can be by chance.
    return not _is_whole(kept, decode) and _is_whole(content[:-1], decode)


def ends_early(
    content: bytes,
    decode: Decode,
    last: Shaped[np.ndarray, " s"],
    *,
    bits: int = 8,
    headless: bool = False,
    shown: Callable[[], Shaped[np.ndarray, "..."]] | None = None,
) -> bool:
    """Whether a JPEG that has an end certainly lacks pixels before it.

    `last` are the samples of its last pixel that anybody sees, as decoded, of so many `bits`;
    `shown` gives all of them, where they are there: it is then decoded once more and not twice. The
    other arguments as in `lacks_pixels`.
    """
    frame, _, scan = (0xC0, 0, 0) if headless else _first_scan(content)
    if scan is None or frame not in FILLED:
        return False
    middle = 1 << (bits - 1)
    filled = bool((np.abs(last.astype(np.int64) - middle) <= 1).all())  # inks are turned round
    if not (filled or frame in PROGRESSIVE):
        return False
    end = content.find(jpeg_kinds.END, scan)
    return end >= 0 and not _is_whole(content[:end], decode, shown)


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


def _is_whole(
    content: bytes,
    decode: Decode,
    shown: Callable[[], Shaped[np.ndarray, "..."]] | None = None,
) -> bool:
    """Whether what stands behind a JPEG does not show, after each restart that may be wanted.

    In what is `shown` nothing stood there, for which decoders take bits of 0.
    """
    content += b"\0" if content.endswith(b"\xff") else b""  # else a marker would begin there
    last = max(RESTARTS, key=content.rfind) if any(one in content for one in RESTARTS) else None
    begin = 0 if last is None else RESTARTS.index(last) + 1
    wanted = [RESTARTS[(begin + number) % 8] for number in range(8)]
    first, second = (
        decode(content + b"".join(fill + one for one in wanted) + fill)
        if shown is None or fill == BEHIND[-1]
        else shown()
        for fill in BEHIND
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


def _with_pixels(content: bytes, scan: int) -> set[int]:
    """The components of which there are scans, from the first one's length on."""
    found = set[int]()
    while scan >= 0:
        count = content[scan] if len(content) > scan else 0
        found.update(content[scan + 1 : scan + 1 + 2 * count : 2])
        place = content.find(bytes((0xFF, jpeg_kinds.SCAN)), scan)
        scan = place + 4 if place >= 0 else -1
    return found


def _zeros_are_even(content: bytes) -> bool:
    """Whether blocks of one tone may be coded as zeros, as in optimised images of one tone."""
    shortest = set[int]()  # what the shortest code of each table of waves stands for
    for marker, place in jpeg_kinds.segments(content):
        end = min(len(content), place + int.from_bytes(content[place : place + 2]))
        place += 2
        while marker == TABLES and place + 17 < end:
            shortest |= {content[place + 17]} if content[place] >> 4 else set()
            place += 17 + sum(content[place + 1 : place + 17])
    return shortest == {0}  # the end of a block
