"""Checks of one label image for what people get wrong; each states what it measures and why.

Numbers from pixels or outlines go in, counts come out; `find_issues` puts them into words.
Whether the values of a mask fit the task is checked in `mask_checks`.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Integer, Shaped

EDGE_SHARE = 0.1  # of the id changes along rows and columns; 0.4 and more after interpolation
EDGE_PIXELS = 20  # fewer pixels between two values are the odd one-pixel object
CLIPPED_AT = 255  # the largest id that 8 bits hold
CLIPPED_IDS = 128  # so many ids at least before a largest id of 255 is no coincidence
WRAPPED = 3  # of the first ids in several pieces, and no other, where the ids are 1 to 255
SPECK = 0.05  # of the area of an object's largest piece; smaller pieces are stray pixels


def is_interpolated(array: Integer[np.ndarray, "h w"]) -> bool:
    """Whether ids lie along edges that are between the values on their two sides.

    A label image that was resized with interpolation has them all along its edges: between
    background 0 and object 40 a pixel of 20, which is another object's id. Ids as drawn have them
    only where an object is one pixel wide.
    """
    between = changes = 0
    for values in (array, array.T):
        before, here, after = values[:, :-2], values[:, 1:-1], values[:, 2:]
        rising = (before < here) & (here < after)
        falling = (before > here) & (here > after)
        between += int(((rising | falling) & (before >= 0) & (after >= 0)).sum())
        changes += int((values[:, 1:] != values[:, :-1]).sum())
    return between >= EDGE_PIXELS and between > EDGE_SHARE * changes


class SeparateParts(NamedTuple):
    """For each object whether it has a distant part, stray pixels (specks), or large parts."""

    distant: Bool[np.ndarray, " k"]
    specks: Bool[np.ndarray, " k"]
    several: Bool[np.ndarray, " k"]


def separate_parts(polygons: Shaped[np.ndarray, " k"]) -> SeparateParts:
    """Which objects have parts that are separate from their largest one.

    A part is distant where its distance from the largest exceeds that one's diameter: such an id
    stands for two objects. A speck is smaller than 5 % of the largest. Parts that touch at a
    corner, and large ones nearby (an object behind another), are neither; those nearby count as
    several all the same.
    """
    distant, specks, several = np.zeros((3, len(polygons)), dtype=bool)
    for index in np.flatnonzero(shapely.get_num_geometries(polygons) > 1):
        parts = shapely.get_parts(polygons[index])
        areas = shapely.area(parts)
        largest = parts[int(areas.argmax())]
        distance = shapely.distance(parts, largest)
        small = areas < SPECK * areas.max()
        specks[index] = bool((small & (distance > 0)).any())
        distant[index] = bool((~small & (distance > 2 * np.sqrt(areas.max() / np.pi))).any())
        several[index] = bool((~small & (distance > 0)).any())
    return SeparateParts(distant, specks, several)


def ids_are_clipped(ids: Integer[np.ndarray, " k"], parts: SeparateParts) -> bool:
    """Whether ids look clipped to 8 bits: the largest is 255, and 255 or many stand for several.

    Saturated, all later objects are 255. Wrapped around, 256 is background and the later ones share
    the ids of the first: where they are few, or so placed that no part is distant, ids are 1 to 255
    and the first few alone have several parts.
    """
    if len(ids) < CLIPPED_IDS or int(ids.max()) != CLIPPED_AT:
        return False
    if bool(parts.distant[ids == CLIPPED_AT].any()) or int(parts.distant.sum()) > len(ids) // 20:
        return True
    shared = int(parts.several.sum())
    first = bool(parts.several[np.argsort(ids)[:shared]].all())
    return len(ids) == CLIPPED_AT and shared >= WRAPPED and first
