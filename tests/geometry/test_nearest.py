"""The nearest of others, against every pair."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from kontur.geometry import nearest

places = st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 40))


@given(st.lists(places, max_size=20), st.lists(places, min_size=1, max_size=20), st.integers(0, 9))
@settings(max_examples=100)
def test_it_is_the_nearest_of_every_pair_of_a_group(pixels, others, searches):
    others += [(group, 0, 7 * group) for group in range(3)]  # every group has one
    a, b = np.array(pixels, dtype=int).reshape(-1, 3).T, np.array(others).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "SEARCHES", searches)  # with 0 the tree is asked at once
        got = nearest.squared_distances(a, b)
    expected = [
        min((row - y) ** 2 + (col - x) ** 2 for other, y, x in others if other == group)
        for group, row, col in pixels
    ]
    assert got.tolist() == expected


@pytest.mark.parametrize("density", [0.0005, 0.02, 0.5])
def test_it_is_scipys_distance_transform(density):
    rng = np.random.default_rng(2)
    target = rng.random((150, 217)) < density
    target[3, 4] = True
    target[:, 120:] = False  # a far half
    rows, columns = np.nonzero(np.ones(target.shape, bool))
    pixels = np.stack([np.zeros_like(rows), rows, columns])
    got = nearest.squared_distances(pixels, pixels[:, target.ravel()])
    expected = ndimage.distance_transform_edt(~target)
    np.testing.assert_allclose(np.sqrt(got).reshape(target.shape), expected)


@given(st.lists(places, min_size=1, max_size=40), st.integers(0, 40), st.integers(0, 9))
@settings(max_examples=60)
def test_all_but_the_spared_farthest_are_exact(pixels, spare, searches):
    a, b = np.array(pixels).T, np.array([(group, 9, 9) for group in range(3)]).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "SEARCHES", searches)
        exact, got = nearest.squared_distances(a, b), nearest.squared_distances(a, b, spare=spare)
    assert (got >= exact).all()
    kept = max(len(pixels) - spare, 0)
    assert np.sort(got)[:kept].tolist() == np.sort(exact)[:kept].tolist()
