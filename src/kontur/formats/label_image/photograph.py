"""Photographs that are taken for label images: every grey value would be an object.

In a label image neighbouring pixels have one number nearly everywhere, for an object is a connected
region. In a photograph neighbours differ, along rows as along columns, and the same values come
back in hundreds of places or, where there are nearly as many values as pixels, lie farther apart
than a region of so few pixels reaches. A few rows and columns tell the two apart; the pixels of
background 0 do not count, so that few objects on much background and dark photographs are judged
alike. Small objects whose ids come back, as of 8 bits, and small fields of many classes do all this
too, but their numbers leap, where the tones of a photograph change little from pixel to pixel. Of
the images of dsb2018 labels change at 2 of 100 such neighbours at most, photographs at 38 at least.

In a soft photograph of 8 bits most neighbours are alike, too. There tones rise and fall by the next
ones, along rows as along columns, and come back on a line again and again, where an object has one
stretch of it, or two where it is bent.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Integer, Shaped

LINES = 64  # rows, and columns, that are looked at; all where these prove nothing
FEWEST_PAIRS = 500  # of neighbours that are no background; fewer prove nothing
FEWEST_VALUES = 32  # masks of few values are classes, or binary and saved as JPEG
CHANGING = 0.3  # share of neighbours that differ, in photographs; of objects of 3 pixels a third
RUNS = 10  # stretches of a value along the lines; an object of 10 pixels has as many
SMALL = 0.5  # usual change of neighbours in photographs, by the spread of all; of chance about 1
SCATTERED = 0.6  # share of such pixels; of labels with interpolated edges up to a half
ASPECT = 24  # of the longest objects that touch others along rows as along columns
PREVAILING = 0.2  # share of the pixels with the commonest number; in photographs it is less
FLAT = 0.05  # share of neighbours that differ, of objects that one would outline
FEWEST_IDS = 3  # of several objects; two tones may be drawn
SPARSE = 10  # times their count, above which numbers are tones
NEXT = 2  # ranks among the tones of an image, up to which a tone follows another
FOLLOWING = 0.4  # share of such changes, in soft photographs; of labels .28 at most
BENT = 2.0  # stretches of a value on a line, on average
ALL_CHANGING = 0.9  # share that no label image has, whatever the number of values
# A mask of two values, saved as JPEG, has nearly all pixels near one of them.
NEAR = 0.1  # of the largest value
OF_TWO, OF_ONE = 0.95, 0.02  # least shares of the pixels near the two values, and near each


class _Lines(NamedTuple):
    """Lines of an image in one direction: what their neighbours, both no background, are like."""

    pairs: int
    values: int
    changing: float
    runs: float  # of a value, on average
    change: float  # the median of those that differ, by the standard deviation of all


def is_photograph(array: Integer[np.ndarray, "h w"]) -> bool:
    """Whether the numbers are those of a photograph, which no objects can have.

    >>> rows, columns = np.indices((60, 80))
    >>> (
    ...     is_photograph((rows * 37 + columns * 101) % 251),
    ...     is_photograph(rows // 6 * 8 + columns // 10),
    ... )
    (True, False)
    """
    if array.size < FEWEST_PAIRS:
        return False
    sides = [_along(array, LINES), _along(array.T, LINES)]
    if any(side.pairs < FEWEST_PAIRS for side in sides):
        sides = [_along(array, len(array)), _along(array.T, array.shape[1])]
    if _is_soft(array):
        return True
    if any(side.pairs < FEWEST_PAIRS or side.values < FEWEST_VALUES for side in sides):
        return False
    if _has_two_tones(array):
        return False
    changing, runs = min(side.changing for side in sides), min(side.runs for side in sides)
    if changing > ALL_CHANGING:
        return True
    if changing <= CHANGING or max(side.change for side in sides) >= SMALL:
        return False
    return runs > RUNS or _scattered(array) > SCATTERED


def is_flat(array: Shaped[np.ndarray, "h w"]) -> bool:
    """Whether an image is of the flat numbers of a label image or a mask, which no camera gives.

    So many that they are the ids of several objects, or one that masks are saved with.

    >>> rows, columns = np.indices((60, 80))
    >>> is_flat(rows // 20 * 2 + columns // 40), is_flat(rows * columns)
    (True, False)
    """
    if array.dtype.kind not in "biu" or array.size == 0 or array.min() != 0:
        return False
    numbers = np.unique(array[array != 0])
    are_ids = len(numbers) >= FEWEST_IDS and numbers[-1] <= SPARSE * len(numbers)
    if not are_ids and numbers.tolist() not in ([1], [255]):
        return False
    sides = [_along(array, LINES), _along(array.T, LINES)]
    return all(side.changing <= FLAT and side.pairs > 0 for side in sides)


def _is_soft(array: Integer[np.ndarray, "h w"]) -> bool:
    """Whether tones rise and fall by the next ones and come back, also where few neighbours differ.

    >>> rows, columns = np.indices((200, 300)) / 12
    >>> _is_soft((100 + 40 * (np.sin(rows) + np.sin(columns))).astype(int))
    True
    """
    return all(_values_follow_and_recur(_chosen(side, LINES)) for side in (array, array.T))


def _values_follow_and_recur(lines: Integer[np.ndarray, "n w"]) -> bool:
    before, after = lines[:, :-1], lines[:, 1:]
    changed = (before != 0) & (after != 0) & (before != after)
    tones, ranks = np.unique(lines, return_inverse=True)
    if np.count_nonzero(tones) < FEWEST_VALUES or np.count_nonzero(changed) < FEWEST_PAIRS:
        return False
    steps = np.abs(np.diff(ranks.reshape(lines.shape), axis=1))[changed]
    if (steps <= NEXT).mean() < FOLLOWING:
        return False
    ordered = np.sort(lines, axis=1)
    values, stretches = (
        np.count_nonzero(each[:, 0]) + np.count_nonzero((np.diff(each) != 0) & (each[:, 1:] != 0))
        for each in (ordered, lines)
    )
    return bool(stretches > BENT * values)


def _chosen(array: Shaped[np.ndarray, "h w"], count: int) -> Shaped[np.ndarray, "n w"]:
    """So many rows at even distances."""
    return array[np.unique(np.linspace(0, len(array) - 1, count).astype(int))]


def _scattered(array: Integer[np.ndarray, "h w"]) -> float:
    """The share of the pixels that lie apart from the region of their number; not of lone ones.

    A region of n pixels, ASPECT times as long as wide, reaches √(n · ASPECT) / 2 from its middle,
    the median. None are scattered where one number prevails, as in a mask that was resized with
    interpolation.
    """
    rows, columns = np.nonzero(array)
    _, which, counts = np.unique(array[rows, columns], return_inverse=True, return_counts=True)
    if counts.max() > PREVAILING * len(which):
        return 0.0
    middle = np.cumsum(counts) - (counts + 1) // 2

    def squared(places: Integer[np.ndarray, " n"]) -> Integer[np.ndarray, " n"]:
        median = places[np.lexsort((places, which))[middle]]
        return (places - median[which]) ** 2

    several = counts[which] > 1
    apart = squared(rows) + squared(columns) > 1 + counts[which] * ASPECT / 4
    return float((apart & several).sum() / max(several.sum(), 1))


def _has_two_tones(array: Integer[np.ndarray, "h w"]) -> bool:
    """Whether nearly all pixels are near 0 or near the largest value, as of a mask of two."""
    largest = float(array.max())
    if largest <= 0:
        return False
    shares = array / largest
    low, high = float((shares < NEAR).mean()), float((shares > 1 - NEAR).mean())
    return min(low, high) > OF_ONE and low + high > OF_TWO


def _along(array: Shaped[np.ndarray, "h w"], count: int) -> _Lines:
    lines = _chosen(array, count)
    before, after = lines[:, :-1], lines[:, 1:]
    inside = (before != 0) & (after != 0)
    pairs, changes = int(inside.sum()), int((inside & (before != after)).sum())
    if changes <= CHANGING * pairs:
        return _Lines(pairs, 0, changes / max(pairs, 1), 0.0, 0.0)
    found = lines[lines != 0]
    values = len(np.unique(found))
    steps = np.abs(after.astype(float) - before)[inside & (before != after)]
    change = float(np.median(steps) / found.std(dtype=float)) if values > 1 else 0.0
    return _Lines(pairs, values, changes / pairs, changes / values, change)
