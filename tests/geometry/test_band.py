"""The signed distance near outlines, against shapely's exact distance of every pixel."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from kontur.geometry import band
from kontur.geometry.ragged_rings import RaggedRings


def signed_distance(rings, size, limit):
    return band.signed_distance(RaggedRings.of(rings), size, limit)


def slow(rings, size, limit):
    """Every pixel's centre against every ring."""
    centres = shapely.points(*np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5))
    distance, inside = np.full(size, float(limit)), np.zeros(size, bool)
    for ring in rings:
        distance = np.minimum(distance, shapely.distance(centres, shapely.LinearRing(ring)))
        inside |= shapely.contains(shapely.Polygon(ring), centres)
    return np.where(inside, distance, -distance)


def circle(x, y, radius, points=40):
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def test_without_objects_everything_is_as_far_as_is_looked():
    assert (signed_distance([], (3, 5), 2.0) == -2).all()


def test_a_square_drawn_by_hand():
    square = np.array([[1.0, 1], [4, 1], [4, 4], [1, 4]])
    expected = [
        [-(0.5**0.5), -0.5, -0.5, -0.5, -(0.5**0.5)],
        [-0.5, 0.5, 0.5, 0.5, -0.5],
        [-0.5, 0.5, 1.0, 0.5, -0.5],
        [-0.5, 0.5, 0.5, 0.5, -0.5],
        [-(0.5**0.5), -0.5, -0.5, -0.5, -(0.5**0.5)],
    ]
    assert_allclose(signed_distance([square], (5, 5), 1.0), expected, atol=1e-6)


def test_between_objects_that_touch_it_falls_to_nothing():
    left, right = (np.array([[x, 0.0], [x + 6, 0], [x + 6, 9], [x, 9]]) for x in (0, 6))
    row = signed_distance([left, right], (9, 12), 3.0)[4]
    assert_allclose(row, [0.5, 1.5, 2.5, 2.5, 1.5, 0.5, 0.5, 1.5, 2.5, 2.5, 1.5, 0.5], atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (33, 21), (64, 50)])
@pytest.mark.parametrize("limit", [1.0, 3.0, 4.5])
def test_it_is_the_exact_distance_also_of_what_leaves_the_image(size, limit):
    rng = np.random.default_rng(0)
    rings = [circle(*rng.uniform(-8, 60, 2), rng.uniform(0.2, 20)) for _ in range(9)]
    rings.append(np.array([[2.0, 3], [40, 5], [12, 30]]))  # long edges
    found = signed_distance(rings, size, limit)
    assert_allclose(found, slow(rings, size, limit), atol=1e-5)


@given(
    st.lists(
        st.tuples(st.floats(-5, 35), st.floats(-5, 35), st.floats(0.01, 15)), min_size=1, max_size=5
    )
)
def test_it_is_exact_for_circles_anywhere(circles):
    rings = [circle(*each) for each in circles]
    assert_allclose(signed_distance(rings, (30, 27), 3.0), slow(rings, (30, 27), 3.0), atol=1e-4)
