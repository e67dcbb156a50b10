"""The size of an image as a document states it, and the largest that there is."""

from collections.abc import Mapping, Sequence
from typing import Any

from kontur.errors import InputError
from kontur.files.json_document import whole_number
from kontur.wording import quoted

LARGEST_SIDE = 2.0**31  # pixels; no image is larger, and areas of coordinates beyond overflow


def image_size(height: Any, width: Any) -> tuple[int, int] | None:
    """The size of an image that two values are: whole numbers from 1, else None.

    >>> image_size(60.0, 80), image_size(60, 0), image_size(10**40, 80), image_size("60", 80)
    ((60, 80), None, None, None)
    """
    sides = [side for side in (whole_number(height), whole_number(width)) if side is not None]
    if len(sides) < 2 or not 0 < min(sides) <= max(sides) < LARGEST_SIDE:
        return None
    return sides[0], sides[1]


def size_of_texts(sides: Sequence[str]) -> tuple[int, int] | None:
    """The size that two texts are: whole numbers from 1, of nine digits at most, else None.

    >>> size_of_texts("60x80".split("x")), size_of_texts(["60", "0"]), size_of_texts(["60"])
    ((60, 80), None, None)
    """
    if len(sides) != 2 or not all(side.isdecimal() and len(side) < 10 for side in sides):
        return None
    return image_size(int(sides[0]), int(sides[1]))


def stated_size(
    document: Mapping[str, Any], where: str, *, names: tuple[str, str] = ("height", "width")
) -> tuple[int, int] | None:
    """The size that a document has under these names; None where one is missing.

    Raises `InputError` where it is none; `where` begins the sentence.
    """
    height, width = (document.get(name) for name in names)
    if height is None or width is None:
        return None
    size = image_size(height, width)
    if size is None:
        raise InputError(
            f"{where} has {names[0]} {quoted(height)} and {names[1]} {quoted(width)}; wanted whole "
            "numbers above 0"
        )
    return size
