"""Ranges of intensities: two values that become 0 and 1, of all channels or of each.

They are as the images hold them; whatever a person or a file gives becomes one, or is none.
"""

from numbers import Real
from typing import Any

import numpy as np

from kontur.errors import InputError
from kontur.wording import plural

WIDEST = 1e30  # of a given range, and one by it is the narrowest: what float32 can divide by

Range = tuple[float, float]  # two values, as they are stored, that become 0 and 1
Ranges = Range | tuple[Range, ...]  # of all channels, or one for each of several


def ranges_of(given: Ranges | None) -> tuple[Range, ...]:
    """One range or several as a tuple of ranges.

    >>> ranges_of((0.0, 9.0)), ranges_of(((0.0, 9.0), (2.0, 5.0))), ranges_of(None)
    (((0.0, 9.0),), ((0.0, 9.0), (2.0, 5.0)), ())
    """
    pairs: Any = () if given is None else given if isinstance(given[0], tuple) else (given,)
    return tuple(pairs)


def check_ranges(given: Ranges | None, channels: int) -> None:
    """Raise `InputError` where there are several ranges, and not as many as channels."""
    count = len(ranges_of(given))
    if count > 1 and count != channels:
        raise InputError(
            f"{count} ranges of intensities were given and the model sees "
            f"{plural(channels, 'channel')}; give one range for each channel, or one for all"
        )


def as_ranges(value: Any) -> Ranges | None:
    """Two numbers that are a range, or a pair of them for each channel, as floats.

    None for anything else. A list of one pair is that pair.

    >>> as_ranges([100, 4000]), as_ranges([[0, 9], [2, 5]]), as_ranges([[0, 9]]), as_ranges(99)
    ((100.0, 4000.0), ((0.0, 9.0), (2.0, 5.0)), (0.0, 9.0), None)
    """
    values = value.tolist() if isinstance(value, np.ndarray) else value
    if not isinstance(values, tuple | list):
        return None
    if not values or not all(isinstance(each, tuple | list | np.ndarray) for each in values):
        return _as_range(values)
    pairs = [pair for each in values if (pair := _as_range([*each])) is not None]
    if len(pairs) < len(values):
        return None
    return pairs[0] if len(pairs) == 1 else tuple(pairs)


def is_number(value: object) -> bool:
    """Whether a value is a real number, NumPy's too; true and false are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _as_range(values: Any) -> tuple[float, float] | None:
    if len(values) != 2 or not all(map(is_number, values)):
        return None
    try:
        low, high = map(float, values)
    except OverflowError:  # a whole number of hundreds of digits
        return None
    return (low, high) if is_range(low, high) else None


def is_range(low: float, high: float) -> bool:
    """Whether two values can become 0 and 1: finite, the second larger, and float32 can do it.

    >>> is_range(100, 4000), is_range(4000, 100), is_range(0, float("nan")), is_range(0, 1e-40)
    (True, False, False, False)
    """
    return low >= -WIDEST and high <= WIDEST and high - low >= 1 / WIDEST
