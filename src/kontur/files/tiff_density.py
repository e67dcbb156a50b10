"""The density of a TIFF: pixels a centimetre, by which it says how large a pixel is."""

from typing import Any

CENTIMETRE = 1e4  # µm
LARGEST = 2**32 - 1  # of both numbers whose quotient a density is


def density(side: float | None) -> dict[str, Any]:
    """The arguments of tifffile's writers for square pixels of a side in µm.

    None of an unknown side, and of one that no density can say: below two millionths of a µm, as
    files have it that give metres for µm.

    >>> density(0.5)
    {'resolution': (20000.0, 20000.0), 'resolutionunit': 'CENTIMETER'}
    >>> density(None), density(6.5e-7)
    ({}, {})
    """
    if side is None or not CENTIMETRE / LARGEST <= side <= CENTIMETRE * LARGEST:
        return {}
    return {"resolution": (CENTIMETRE / side,) * 2, "resolutionunit": "CENTIMETER"}
