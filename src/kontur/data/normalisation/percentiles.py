"""Percentiles of columns, and of several arrays together, to the last bit of NumPy's."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Num


def percentiles(values: Num[np.ndarray, "n k"], q: Sequence[float]) -> Float[np.ndarray, "p k"]:
    """`np.percentile` of every column, to the last bit; small unsigned integers are counted.

    Counting takes a seventh of the time of sorting. There must be a row.

    >>> percentiles(np.array([[0], [10], [30]], np.uint8), (0, 25, 100)).tolist()
    [[0.0], [5.0], [30.0]]
    """
    if values.dtype not in (np.uint8, np.uint16):
        return np.percentile(values, q, axis=0)
    ranks = np.asarray(q) / 100 * (len(values) - 1)
    below = np.floor(ranks).astype(np.int64)
    beside, share = np.stack([below, np.minimum(below + 1, len(values) - 1)]), ranks - below
    columns = []
    for column in values.T:
        up_to = np.cumsum(np.bincount(column))
        low, high = np.searchsorted(up_to, beside, side="right").astype(np.float64)
        columns.append(_between(low, high, share))
    return np.stack(columns, axis=1)


def weighted_percentiles(
    values: Sequence[Num[np.ndarray, " _"]], weights: Sequence[int], q: Sequence[float]
) -> tuple[float, ...]:
    """`percentiles` of several arrays together, each value of which counts as often as is said.

    There must be a value.

    >>> weighted_percentiles([np.array([0, 30]), np.array([10])], [1, 2], (0, 50, 100))
    (0.0, 10.0, 30.0)
    """
    counts = np.asarray(weights) // np.gcd.reduce(weights)
    together = np.concatenate([*values])
    order = np.argsort(together, kind="stable")
    repeated = np.repeat(counts, [len(each) for each in values])[order]
    ends = np.cumsum(repeated)
    ranks = np.asarray(q) / 100 * (ends[-1] - 1)
    below = np.floor(ranks).astype(np.int64)
    beside = np.stack([below, np.minimum(below + 1, ends[-1] - 1)])
    low, high = together[order][np.searchsorted(ends, beside, side="right")].astype(np.float64)
    return tuple(_between(low, high, ranks - below).tolist())


def _between(low: Any, high: Any, share: Any) -> Float[np.ndarray, " p"]:
    """From the nearer of the two, as NumPy, to the same last bit."""
    return np.where(share < 0.5, low + (high - low) * share, high - (high - low) * (1 - share))
