"""Percentiles: those of NumPy to the last bit, however they are counted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as hypothesis_arrays
from numpy.testing import assert_array_equal

from kontur.data.normalisation.percentiles import percentiles, weighted_percentiles

Q = st.lists(st.floats(0, 100), min_size=1, max_size=3)


@given(
    hypothesis_arrays(
        st.sampled_from([np.uint8, np.uint16, np.float32]),
        st.tuples(st.integers(1, 40), st.integers(1, 3)),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    Q,
)
def test_counted_percentiles_are_numpy_s_to_the_last_bit(values, q):
    with np.errstate(all="ignore"):
        assert_array_equal(percentiles(values, q), np.percentile(values, q, axis=0))


@given(st.lists(st.tuples(st.lists(st.integers(0, 99), max_size=9), st.integers(1, 4))), Q)
def test_a_value_that_stands_for_several_counts_as_often(parts, q):
    parts = [([7], 1), *parts]
    every = np.concatenate([np.repeat(np.array(some, int), weight) for some, weight in parts])
    arrays, weights = [np.array(some, int) for some, _ in parts], [weight for _, weight in parts]
    assert_array_equal(weighted_percentiles(arrays, weights, q), np.percentile(every, q))
    several = [6 * weight for weight in weights]
    assert_array_equal(weighted_percentiles(arrays, several, q), np.percentile(every, q))
