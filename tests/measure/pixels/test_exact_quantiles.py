"""Exact quantiles of values in windows: those of NumPy, of any type."""

import numpy as np
import pytest

from kontur.measure.pixels import exact_quantiles as counting
from kontur.measure.pixels.exact_quantiles import exact_quantiles

SHARES = (0.01, 0.5, 0.99)
DTYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [1, 2, 5, 3001])
def test_of_two_populations_in_windows_they_are_those_of_numpy(dtype, count, monkeypatch):
    monkeypatch.setattr(counting, "AT_A_TIME", 700)
    values = np.random.default_rng(count).normal(0, 60, count)
    values = np.where(np.arange(count) % 3, values, 7)  # many alike
    values = (np.abs(values) if dtype[0] == "u" else np.clip(values, -120, 120)).astype(dtype)
    cut = count // 3

    def windows():
        yield values[:cut], values[:cut][::2]
        yield values[cut:], values[cut:][:0]

    found = exact_quantiles(windows, values.dtype, [SHARES, (0.5,)])
    assert found[0] == np.quantile(values.astype(float), SHARES).tolist()
    half = values[:cut][::2].astype(float)
    if len(half):
        assert found[1] == [np.median(half)]
    else:
        assert np.isnan(found[1][0])


def test_without_values_they_are_no_numbers():
    assert np.isnan(exact_quantiles(lambda: [], np.dtype("u2"), [SHARES])).all()
