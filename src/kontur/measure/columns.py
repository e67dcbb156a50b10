"""Columns: what a measured number is called, what it is of, and its unit.

Everything is measured in pixels and turned into micrometres once, at the end, by the power of the
length that a unit holds.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Shaped

Kind = Literal["", "length", "area", "1/length", "1/area", "angle", "intensity", "position"]

POWER: dict[Kind, int] = {"length": 1, "area": 2, "1/length": -1, "1/area": -2}
WORDS: dict[Kind, str] = {"angle": "rad", "intensity": "image value", "position": "px"}
OF_LENGTH: dict[Kind, str] = {"length": "{}", "area": "{}²", "1/length": "1/{}", "1/area": "1/{}²"}


class Column(NamedTuple):
    """What a column holds: the kind of its unit and its meaning in a few words."""

    kind: Kind
    meaning: str


Values = dict[str, Shaped[np.ndarray, " k"]]


def unit(kind: Kind, pixel_size: float | None) -> str:
    """The unit as it is written: lengths in µm where the pixel size is known, else in pixels.

    >>> unit("area", 0.5), unit("area", None), unit("angle", 0.5), unit("", None)
    ('µm²', 'px²', 'rad', '')
    """
    if kind in OF_LENGTH:
        return OF_LENGTH[kind].format("px" if pixel_size is None else "µm")
    return WORDS.get(kind, "")


def scaled(values: Values, columns: Mapping[str, Column], pixel_size: float | None) -> Values:
    """Measurements in pixels as those in micrometres; unchanged without a pixel size.

    Positions stay pixels of the image: they say where an object is found, not how large it is.
    """
    if pixel_size is None:
        return values
    factor = {name: pixel_size ** POWER.get(columns[name].kind, 0) for name in values}
    return {
        name: column * factor[name] if factor[name] != 1 else column
        for name, column in values.items()
    }
