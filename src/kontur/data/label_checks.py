"""Checks of one label image for what people get wrong; each says what it looks at and why.

Numbers from pixels or outlines go in, counts come out; `findings` words them. Whether the values of
a mask mean what the task says is asked in `mask_checks`.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Integer, Shaped

EDGE_SHARE = 0.1  # of the id changes along rows and columns; 0.4 and more after interpolation
EDGE_PIXELS = 20  # fewer pixels between two values are the odd one-pixel object
CUT_AT = 255  # the largest id that 8 bits hold
CUT_IDS = 128  # so many ids at least before a largest id of 255 is no coincidence
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


class Pieces(NamedTuple):
    """Per object: whether it has a piece far from the rest, and whether it has specks."""

    far: Bool[np.ndarray, " k"]
    specks: Bool[np.ndarray, " k"]


def pieces(polygons: Shaped[np.ndarray, " k"]) -> Pieces:
    """Which objects have pieces apart from their largest one.

    A piece is far where its distance from the largest exceeds that one's diameter: such an id
    stands for two objects. A speck is smaller than 5 % of the largest. Pieces that touch at a
    corner, and large ones nearby (an object behind another), are neither.
    """
    far = np.zeros(len(polygons), dtype=bool)
    specks = np.zeros(len(polygons), dtype=bool)
    for place in np.flatnonzero(shapely.get_num_geometries(polygons) > 1):
        parts = shapely.get_parts(polygons[place])
        areas = shapely.area(parts)
        largest = parts[int(areas.argmax())]
        distance = shapely.distance(parts, largest)
        small = areas < SPECK * areas.max()
        specks[place] = bool((small & (distance > 0)).any())
        far[place] = bool((~small & (distance > 2 * np.sqrt(areas.max() / np.pi))).any())
    return Pieces(far, specks)


def is_cut(ids: Integer[np.ndarray, " k"], far: Bool[np.ndarray, " k"]) -> bool:
    """Whether ids look cut to 8 bits: they end at exactly 255, and 255 or many stand for several.

    Cut off, all later objects are 255; wrapped around, they share the ids of earlier ones.
    """
    if len(ids) < CUT_IDS or int(ids.max()) != CUT_AT:
        return False
    return bool(far[ids == CUT_AT].any()) or int(far.sum()) > len(ids) // 20
