"""Feret diameters against all pairs and all directions."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from kontur.measure.outlines.feret import feret_diameters
from kontur.measure.outlines.object_rings import rings_of
from tests.measure.outlines.test_object_rings import array
from tests.naive import measure as naive


def hulls(*shapes):
    return rings_of(shapely.convex_hull(array(*shapes)))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(3, 12), grid=st.booleans())
def test_they_are_what_all_pairs_say(seed, count, grid):
    rng = np.random.default_rng(seed)
    clouds = [rng.integers(0, 7, (count, 2)) if grid else rng.normal(size=(count, 2)) for _ in "ab"]
    shapes = [shapely.MultiPoint(cloud) for cloud in clouds]
    shapes = [shape for shape in shapes if shape.convex_hull.area > 1e-3]
    widest, narrowest = feret_diameters(hulls(*shapes))
    for i, shape in enumerate(shapes):
        expected = naive.feret_diameters(shape.convex_hull)
        assert (widest[i], narrowest[i]) == pytest.approx(expected, rel=1e-9)


def test_parallel_edges_have_two_opposite_points():
    widest, narrowest = feret_diameters(hulls(shapely.box(0, 0, 4, 3), shapely.box(5, 5, 6, 6)))
    assert widest == pytest.approx([5, np.sqrt(2)])
    assert narrowest == pytest.approx([3, 1])


def test_of_no_hull_there_is_none():
    assert [part.shape for part in feret_diameters(hulls())] == [(0,), (0,)]
