"""Columns of measurements: their meaning and their unit.

Everything is measured in pixels and converted to micrometres once, at the end, by the power of
length in its unit.
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
    """The kind of a column's unit, and its meaning in a few words."""

    kind: Kind
    meaning: str


Values = dict[str, Shaped[np.ndarray, " k"]]


def unit(kind: Kind, pixel_size: float | None) -> str:
    """The unit as text: lengths in µm where the pixel size is known, else in pixels.

    >>> unit("area", 0.5), unit("area", None), unit("angle", 0.5), unit("", None)
    ('µm²', 'px²', 'rad', '')
    """
    if kind in OF_LENGTH:
        return OF_LENGTH[kind].format("px" if pixel_size is None else "µm")
    return WORDS.get(kind, "")


def channel_endings(channels: int) -> list[str]:
    """The endings of the names of intensities, channel by channel.

    >>> channel_endings(1), channel_endings(2)
    ([''], ['-0', '-1'])
    """
    return [""] if channels == 1 else [f"-{channel}" for channel in range(channels)]


def scaled(values: Values, columns: Mapping[str, Column], pixel_size: float | None) -> Values:
    """Measurements in pixels as those in micrometres; unchanged without a pixel size.

    Positions stay in pixels of the image: they locate an object and do not measure it.
    """
    if pixel_size is None:
        return values
    factor = {name: pixel_size ** POWER.get(columns[name].kind, 0) for name in values}
    return {
        name: column * factor[name] if factor[name] != 1 else column
        for name, column in values.items()
    }
