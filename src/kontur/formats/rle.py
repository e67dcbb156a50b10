"""COCO's run-length code: the lengths of runs of zeros and ones, down the columns, zeros first.

As a list of counts or as COCO's compressed string (6 bits a character, each count less the one two
before). After `maskApi.c` of the COCO API; exact.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from kontur.errors import InputError


def encode(mask: Bool[np.ndarray, "h w"]) -> dict[str, Any]:
    """`{"size": [h, w], "counts": [zeros, ones, zeros, …]}` of a mask.

    >>> encode(np.array([[False, True], [False, True]]))
    {'size': [2, 2], 'counts': [2, 2]}
    """
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat, prepend=False))
    counts = np.diff(changes, prepend=0, append=flat.size)
    return {"size": [int(n) for n in mask.shape], "counts": counts.tolist()}


def decode(code: Any) -> Bool[np.ndarray, "h w"]:
    """The mask of a code with counts as a list or a compressed string.

    Raises `InputError` where size or counts are missing or do not fill the mask.
    """
    try:
        height, width = (int(n) for n in code["size"])
        counts = code["counts"]
        if isinstance(counts, str | bytes):
            counts = from_string(counts)
        lengths = np.asarray(counts, dtype=np.int64).reshape(-1)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"wanted a run-length code with size [h, w] and counts, got {error}"
        ) from None
    if height < 0 or width < 0 or (lengths < 0).any() or lengths.sum() != height * width:
        raise InputError(
            f"the run-length code covers {lengths.sum()} pixels of a {height}×{width} mask; "
            f"wanted {height * width}"
        )
    ones = np.arange(len(lengths)) % 2 == 1
    return np.repeat(ones, lengths).reshape(width, height).T


def to_string(counts: Sequence[int]) -> str:
    """COCO's compressed string of counts.

    >>> to_string([3, 2, 40]), from_string("32X1")
    ('32X1', [3, 2, 40])
    """
    characters = []
    for i, count in enumerate(counts):
        rest = count - counts[i - 2] if i > 2 else count
        more = True
        while more:
            bits, rest = rest & 31, rest >> 5
            more = rest != (-1 if bits & 16 else 0)  # until only the sign is left
            characters.append(chr(48 + (bits | 32 if more else bits)))
    return "".join(characters)


def from_string(text: str | bytes) -> list[int]:
    """The counts of a compressed string; ValueError where it ends within a count."""
    codes = text.encode("ascii") if isinstance(text, str) else text
    counts: list[int] = []
    value, shift = 0, 0
    for code in codes:
        bits = code - 48
        if not 0 <= bits < 64:
            raise ValueError(f"the character {chr(code)!r}, which no compressed counts have")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value, shift = 0, 0
    if shift:
        raise ValueError("counts that are cut short")
    return counts
