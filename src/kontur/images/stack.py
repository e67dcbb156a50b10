"""Stack: an image of more axes than those of a plane, and the plane that a page number picks.

Axes have one letter each: X and Y make the plane, C and S its channels, any other is counted by
pages, the last axis fastest.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kontur.errors import InputError, NoSuchPageError
from kontur.instances.plane import Plane
from kontur.wording import from_zero

STACKS = {"Z": "z-stack of {} planes", "T": "time series of {} frames"}  # else pages
PLANE = "YXCS"


def counted_axes(axes: str, shape: Sequence[int]) -> dict[int, int]:
    """The place and length of each axis that pages count.

    >>> counted_axes("TCZYX", (1, 2, 5, 64, 64))
    {0: 1, 2: 5}
    """
    return {i: n for i, n in enumerate(shape) if axes[i] not in PLANE}


def pages(axes: str, shape: Sequence[int]) -> int:
    """How many planes a stack has."""
    return math.prod(counted_axes(axes, shape).values())


def index_of(axes: str, shape: Sequence[int], page: int) -> list[int | slice]:
    """The index of a plane, all of its channels; `page` is below `pages`."""
    counted = counted_axes(axes, shape)
    index: list[int | slice] = [slice(None)] * len(axes)
    for axis, place in zip(counted, np.unravel_index(page, tuple(counted.values())), strict=True):
        index[axis] = int(place)
    return index


def plane_at(axes: str, shape: Sequence[int], index: Sequence[int | slice], page: int) -> Plane:
    """Where in its stack a plane lies; axes of any other meaning count as time."""
    z = t = 0
    for axis, place, count in zip(axes, index, shape, strict=True):
        if isinstance(place, int):
            z, t = (place, t) if axis == "Z" else (z, t * count + place)
    return Plane(z, t).numbered(page)


def described(axes: str, shape: Sequence[int]) -> str:
    """What a stack is, in words."""
    return " and ".join(
        STACKS.get(axes[i], "stack of {} pages").format(n)
        for i, n in counted_axes(axes, shape).items()
        if n > 1
    )


def chosen_page(
    page: int | None, total: int, where: Any, what: str, *, instead: str = "", beside: str = ""
) -> int:
    """The number of the page that is wanted; where a file has one alone it need not be given.

    `what` says what the file is, `instead` what else than a page may be given, `beside` what else
    the file has. Raises `InputError` where the page is needed or is not there.
    """
    if page is None and total > 1:
        raise InputError(
            f"{where} is {what}, and one plane is wanted: choose it with --page N (in Python "
            f"page=N), 0 to {total - 1}{instead}"
        )
    return checked_page(page or 0, total, where, beside)


def checked_page(page: int, total: int, where: Any, beside: str = "") -> int:
    """The page as it is; `NoSuchPageError` where it is none of the `total` pages of the file."""
    if not 0 <= page < total:
        have = "one page" if total == 1 else f"{total} pages"
        raise NoSuchPageError(
            f"{where} has {have} ({from_zero(total)}){beside}; page {page} is not among them"
        )
    return page
