import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kontur.geometry import ring
from kontur.models.snake.start_shapes import diamond, octagon, subdivide
from tests.geometry.test_ring import outlines


def test_a_diamond_joins_the_middles_of_the_sides():
    assert diamond(np.array([[0.0, 2, 8, 6]])).tolist() == [[[4, 2], [8, 4], [4, 6], [0, 4]]]
    assert diamond(np.empty((0, 4))).shape == (0, 4, 2)


def test_an_octagon_reaches_an_eighth_of_the_side_each_way():
    extremes = np.array([[[4.0, 0], [16, 5], [9, 8], [0, 3]]])  # in a box of 16 × 8
    assert octagon(extremes)[0].tolist() == [
        [4, 0], [6, 0],
        [16, 4], [16, 5], [16, 6],
        [11, 8], [9, 8], [7, 8],
        [0, 4], [0, 3], [0, 2],
        [2, 0],
    ]  # fmt: skip


def test_an_octagon_stops_at_the_corners_of_the_box():
    extremes = np.array([[[0.0, 0], [8, 8], [8, 8], [0, 0]]])  # a diagonal line
    found = octagon(extremes)[0]
    assert found.min() == 0
    assert found.max() == 8
    assert found[0].tolist() == found[-1].tolist() == [0, 0]
    assert octagon(np.empty((0, 4, 2))).shape == (0, 12, 2)


@given(outlines(), st.sampled_from([0, 1 / 8, 1 / 4, 0.6]))
def test_an_octagon_is_clockwise_from_the_top_in_the_box_of_its_extremes(points, reach):
    extremes = ring.extremes(points)
    found = octagon(extremes[None], reach)[0]
    assert_array_equal(found[[0, 3, 6, 9]], extremes)
    assert_array_equal(found.min(axis=0), points.min(axis=0))
    assert_array_equal(found.max(axis=0), points.max(axis=0))
    between_two_corners = len(np.unique(extremes, axis=0)) == 2  # a diagonal, which has no area
    assert ring.signed_area(found) > 0 or between_two_corners
    assert shapely.Polygon(found).buffer(0).area == pytest.approx(ring.signed_area(found))


def test_the_diamond_of_forty_points_keeps_its_corners_at_every_tenth():
    diamonds = diamond(np.array([[0.0, 0, 8, 4], [10, 10, 30, 50]]))
    points = subdivide(diamonds, 10)
    assert points.shape == (2, 40, 2)
    assert_array_equal(points[:, ::10], diamonds)
    for one, corners in zip(points, diamonds, strict=True):
        assert_allclose(one, ring.resample(corners, 40))  # its four edges are equally long


def test_nothing_subdivides_to_nothing():
    assert subdivide(np.empty((0, 4, 2)), 10).shape == (0, 40, 2)


def test_start_shapes_keep_their_dtype():
    diamonds = diamond(np.array([[0, 0, 4, 4]], dtype=np.float32))
    made = [diamonds, octagon(diamonds), subdivide(diamonds, 10)]
    assert {each.dtype for each in made} == {np.dtype(np.float32)}
