"""Exact quantiles of values that come window by window and are not held.

The values are counted by their highest bits, then, among those that share the bits of a wanted
rank, by the next ones, until nothing is left to count: one pass for 8 and 16 bits, two for 32, four
for 64. Quantiles are interpolated as `numpy.quantile` does by default.
"""

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from jaxtyping import Int, Num, Shaped

DIGIT = 16  # bits by which values are counted in a pass
AT_A_TIME = 1 << 20  # values that are counted at a time

# In each window the values of every population.
Windows = Callable[[], Iterable[Sequence[Num[np.ndarray, " n"]]]]


def exact_quantiles(
    windows: Windows, dtype: np.dtype, shares: Sequence[Sequence[float]]
) -> list[list[float]]:
    """For each population of values its quantiles at the shares in [0, 1]; NaN without any value.

    `windows` is called for every pass. The values are integers or floats of the dtype, none NaN.

    >>> values = np.array([3, 1, 4, 1], np.uint8)
    >>> exact_quantiles(lambda: [[values[:2]], [values[2:]]], values.dtype, [[0.0, 0.5]])
    [[1.0, 2.0]]
    """
    bits = 8 * dtype.itemsize
    digit = min(DIGIT, bits)
    shift = bits - digit
    wanted: list[dict[int, int]] = [{} for _ in shares]  # what is left of a rank, by the rank
    prefixes: list[dict[int, int]] = [{} for _ in shares]  # the bits that are known of it
    counts = [{0: np.zeros(1 << digit, np.int64)} for _ in shares]
    totals = [0] * len(shares)
    while True:
        for window in windows():
            for count, values in zip(counts, window, strict=True):
                _count(count, values, shift, digit)
        if not any(wanted):
            totals = [int(count[0].sum()) for count in counts]
            ranks = [_ranks(n, of) for n, of in zip(totals, shares, strict=True)]
            wanted = [{rank: rank for rank in of} for of in ranks]
            prefixes = [dict.fromkeys(of, 0) for of in ranks]
        for rest, prefix, count in zip(wanted, prefixes, counts, strict=True):
            for rank in rest:
                below = np.cumsum(count[prefix[rank]])
                place = int(np.searchsorted(below, rest[rank], side="right"))
                rest[rank] -= int(below[place - 1]) if place else 0
                prefix[rank] = (prefix[rank] << digit) | place
        if shift == 0 or not any(wanted):
            break
        shift -= digit
        counts = [
            {known: np.zeros(1 << digit, np.int64) for known in set(prefix.values())}
            for prefix in prefixes
        ]
    found = [{rank: _value(key, dtype) for rank, key in prefix.items()} for prefix in prefixes]
    return [
        [_interpolated(of, n, share) for share in wanted_shares]
        for of, n, wanted_shares in zip(found, totals, shares, strict=True)
    ]


def _ranks(count: int, shares: Sequence[float]) -> set[int]:
    """The places in order of the values between which the quantiles lie."""
    if count == 0:
        return set()
    at = [(count - 1) * share for share in shares]
    return {place for x in at for place in (math.floor(x), min(math.floor(x) + 1, count - 1))}


def _interpolated(values: dict[int, float], count: int, share: float) -> float:
    if count == 0:
        return math.nan
    at = (count - 1) * share
    low, part = math.floor(at), at - math.floor(at)
    one, other = values[low], values[min(low + 1, count - 1)]
    if one == other:
        return one
    # From the nearer end, as NumPy does it.
    return one + (other - one) * part if part < 0.5 else other - (other - one) * (1 - part)


def _count(
    counts: dict[int, Int[np.ndarray, " d"]], values: Num[np.ndarray, " n"], shift: int, digit: int
) -> None:
    """Add the digits above `shift` bits of the values whose bits before are a key of `counts`."""
    first = shift + digit == 8 * values.dtype.itemsize  # no bits stand before
    for start in range(0, len(values), AT_A_TIME):
        keys = _keys(values[start : start + AT_A_TIME])
        digits = (keys >> keys.dtype.type(shift)).astype(np.uint64)
        before, digits = digits >> np.uint64(digit), digits & np.uint64((1 << digit) - 1)
        for known, count in counts.items():
            chosen = digits if first else digits[before == known]
            count += np.bincount(chosen.astype(np.int64), minlength=len(count))


def _keys(values: Num[np.ndarray, " n"]) -> Shaped[np.ndarray, " n"]:
    """Unsigned integers in the order of the values."""
    unsigned = np.dtype(f"u{values.dtype.itemsize}")
    keys = np.ascontiguousarray(values).view(unsigned)
    if values.dtype.kind == "u":
        return keys
    sign = unsigned.type(1 << (8 * unsigned.itemsize - 1))
    if values.dtype.kind == "i":
        return keys ^ sign
    return np.where(keys & sign, ~keys, keys | sign)


def _value(key: int, dtype: np.dtype) -> float:
    """The value of a key, see `_keys`."""
    bits = 8 * dtype.itemsize
    sign = 1 << (bits - 1)
    if dtype.kind == "i":
        key ^= sign
    elif dtype.kind == "f":
        key = key ^ sign if key & sign else key ^ ((1 << bits) - 1)
    return float(np.array([key], f"u{dtype.itemsize}").view(dtype)[0])
