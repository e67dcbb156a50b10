"""COCO's run-length code: the lengths of runs of zeros and ones, down the columns, zeros first.

As a list of counts or as COCO's compressed string (6 bits a character, each count less the one two
before). After `maskApi.c` of the COCO API; exact. Masks are read and written in the window of their
ones, at a cost that does not grow with the image, and no mask is made before its code is known to
fill its size.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from kontur.errors import InputError
from kontur.files import json_document
from kontur.formats.windows import Window
from kontur.geometry.raster import ramp
from kontur.wording import quoted

LARGEST = 2**40  # pixels of the image of a code
LARGEST_WINDOW = 2**28  # pixels of one object's mask
BITS = 5  # of a count in each character
LONGEST = 9  # characters of a count: 45 bits are more than LARGEST


def encode(mask: Bool[np.ndarray, "h w"]) -> dict[str, Any]:
    """`{"size": [h, w], "counts": [zeros, ones, zeros, …]}` of a mask.

    >>> encode(np.array([[False, True], [False, True]]))
    {'size': [2, 2], 'counts': [2, 2]}
    """
    height, width = mask.shape
    return encode_window(Window(mask, (0, 0), (height, width)))


def encode_window(window: Window) -> dict[str, Any]:
    """`encode` of the mask of a window; what is outside the image is left out.

    >>> encode_window(Window(np.ones((1, 1), dtype=bool), (0, 1), (2, 2)))
    {'size': [2, 2], 'counts': [2, 1, 1]}
    """
    height, width = window.size
    top, left = window.corner
    rows = slice(max(-top, 0), max(height - top, 0))
    columns = slice(max(-left, 0), max(width - left, 0))
    inside = window.mask[rows, columns]
    # Where a column's value changes; a column of the window begins and ends with zeros.
    framed = np.zeros((inside.shape[1], inside.shape[0] + 2), dtype=np.int8)
    framed[:, 1:-1] = inside.T
    column, row = np.nonzero(np.diff(framed, axis=1))
    changes = (column + left + columns.start) * height + row + top + rows.start
    again = np.flatnonzero(changes[2::2] == changes[1:-1:2])  # ones go on in the next column
    changes = np.delete(changes, np.concatenate([2 * again + 1, 2 * again + 2]))
    if len(changes) and changes[-1] == height * width:
        changes = changes[:-1]
    counts = np.diff(changes, prepend=0, append=height * width)
    return {"size": [height, width], "counts": counts.tolist()}


def decode(code: Any) -> Bool[np.ndarray, "h w"]:
    """The mask of a code with counts as a list or a compressed string.

    Raises `InputError` where size or counts are missing or do not fill the mask, and for masks too
    large to be held; nothing is allocated before.
    """
    window = decode_window(code)
    height, width = window.size
    if height * width > LARGEST_WINDOW:
        raise InputError(f"the run-length code is of a mask of {height}×{width}, too large to hold")
    mask = np.zeros(window.size, dtype=bool)
    (top, left), (rows, columns) = window.corner, window.mask.shape
    mask[top : top + rows, left : left + columns] = window.mask
    return mask


def decode_window(code: Any, *, size: tuple[int, int] | None = None) -> Window:
    """The window of the ones of a code's mask; empty, at (0, 0), where there are none.

    `size` is that of the image, where it is known. Errors as in `decode`, and where the code is of
    another size than the image.
    """
    height, width, lengths = _checked(code, size)
    stops = np.cumsum(lengths)
    ones = slice(1, None, 2)
    start, stop = stops[ones] - lengths[ones], stops[ones]
    start, stop = start[stop > start], stop[stop > start]
    if len(start) == 0:
        return Window(np.zeros((0, 0), dtype=bool), (0, 0), (height, width))
    # A run becomes a piece in each of its columns.
    first, last = start // height, (stop - 1) // height
    pieces = last - first + 1
    column = np.repeat(first, pieces) + ramp(pieces)
    low, high = np.zeros(len(column), dtype=np.int64), np.full(len(column), height)
    ends = np.cumsum(pieces)
    low[ends - pieces], high[ends - 1] = start % height, (stop - 1) % height + 1
    top, left = int(low.min()), int(column[0])
    rows, columns = int(high.max()) - top, int(column[-1]) + 1 - left
    if rows * columns > LARGEST_WINDOW:
        raise InputError(f"the run-length code has an object of {rows}×{columns} pixels: too large")
    steps = np.zeros((columns, rows + 1), dtype=np.int8)
    steps[column - left, low - top] += 1
    steps[column - left, high - top] -= 1
    mask = np.cumsum(steps, axis=1, dtype=np.int8)[:, :-1].astype(bool)
    return Window(mask.T, (top, left), (height, width))


def from_string(text: str | bytes) -> list[int]:
    """The counts of COCO's compressed string; ValueError where it is damaged.

    >>> from_string("32X1")
    [3, 2, 40]
    """
    codes = text.encode("latin-1", "replace") if isinstance(text, str) else text
    counts: list[int] = []
    value, shift = 0, 0
    for code in codes:
        bits = code - 48
        if not 0 <= bits < 64:
            raise ValueError(f"the character {chr(code)!r}, which no compressed counts have")
        value |= (bits & 31) << shift
        shift += BITS
        if bits & 32:
            if shift >= BITS * LONGEST:
                raise ValueError("a count that is longer than any image")
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value, shift = 0, 0
    if shift:
        raise ValueError("counts that are cut short")
    return counts


def _checked(code: Any, size: tuple[int, int] | None) -> tuple[int, int, Int64[np.ndarray, " r"]]:
    """Height, width and run lengths that fill the mask, before anything of its size is made."""
    try:
        height, width = map(json_document.whole_number, code["size"])
        if height is None or width is None:
            raise ValueError(f"size {quoted(code['size'])}")
        counts = code["counts"]
        if isinstance(counts, str | bytes):
            counts = from_string(counts)
        lengths = np.asarray(counts)
        if lengths.ndim != 1 or (lengths.size and lengths.dtype.kind not in "iuf"):
            raise ValueError("counts that are no list of numbers")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"wanted a run-length code with size [h, w] and counts, got {error}"
        ) from None
    if size is not None and (height, width) != size:
        exchanged = (
            "; COCO's size is [height, width]: exchange them" if (width, height) == size else ""
        )
        raise InputError(
            f"the run-length code is of size {height}×{width}, its image {size[0]}×{size[1]}"
            f"{exchanged}"
        )
    pixels = height * width
    if height < 0 or width < 0 or pixels > LARGEST:
        raise InputError(f"the run-length code is of size {height}×{width}, which no mask has")
    fitting = bool(((lengths >= 0) & (lengths <= pixels)).all())
    fitting = fitting and bool((lengths == np.floor(lengths)).all())
    total = float(lengths.sum(dtype=np.float64))  # cannot overflow
    if not fitting or total != pixels:
        raise InputError(
            f"the run-length code covers {total:.0f} pixels of a {height}×{width} mask; "
            f"wanted {pixels}, in runs of whole numbers"
        )
    return height, width, lengths.astype(np.int64)
