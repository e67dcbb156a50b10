"""The size of an image as a document states it, and the largest that there is."""

from typing import Any

from kontur.files.json_document import whole_number

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
