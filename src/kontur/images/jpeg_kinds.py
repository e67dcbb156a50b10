"""Kinds of JPEG by their heading: those that decoders of photographs often do not read.

Lossless, arithmetic and hierarchical JPEG and that of 12 or 16 bits have the same ending and the
same first bytes; medical cameras and scanners write them, also into TIFF. After ITU-T T.81, table
B.1, and T.87.
"""

from collections.abc import Iterator

START, END = b"\xff\xd8", b"\xff\xd9"
SCAN = 0xDA  # the marker before the pixels
KINDS = {  # by the marker of a frame
    **dict.fromkeys((0xC0, 0xC1, 0xC2), "JPEG"),
    0xC3: "lossless JPEG",
    **dict.fromkeys((0xC5, 0xC6), "hierarchical JPEG"),
    0xC7: "lossless hierarchical JPEG",
    **dict.fromkeys((0xC9, 0xCA), "JPEG of arithmetic coding"),
    0xCB: "lossless JPEG of arithmetic coding",
    **dict.fromkeys((0xCD, 0xCE, 0xCF), "hierarchical JPEG of arithmetic coding"),
    0xF7: "JPEG-LS image",
}
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}  # markers that nothing follows
USUAL = "JPEG of 8 bits"  # which every decoder reads
TAIL = 1 << 10  # bytes at its end in which the last marker is looked for
HEADING = 1 << 20  # bytes in which the frame begins, behind profiles and thumbnails


def kind_of(content: bytes) -> str | None:
    """What a JPEG is, from its first bytes; None of what is none, or ends before its frame.

    >>> kind_of(b"\\xff\\xd8\\xff\\xc3\\0\\x0b\\x10")
    'lossless JPEG of 16 bits'
    """
    for marker, place in segments(content):
        if marker in KINDS:
            return f"{KINDS[marker]} of {content[place + 2]} bits"
    return None


def segments(content: bytes) -> Iterator[tuple[int, int]]:
    """The marker of each segment up to the first scan, and where its length stands behind it.

    None of what is no JPEG, and no segment of which less than the first three bytes are there.
    """
    place = len(START) if content.startswith(START) else len(content)
    while content[place : place + 1] == b"\xff" and len(content) >= place + 5:
        marker = content[place + 1]
        place += 1
        if marker == 0xFF:  # any number of these may stand before a marker
            continue
        place += 1
        if marker in WITHOUT_LENGTH:
            continue
        yield marker, place
        if marker == SCAN:
            return
        place += int.from_bytes(content[place : place + 2])


def rare_kind(start: bytes, end: bytes) -> str | None:
    """What a whole JPEG is that a decoder did not read; None of the usual, and of one cut short.

    `start` has its first bytes and `end` the last ones.
    """
    kind = kind_of(start)
    return kind if END in end and kind != USUAL else None
