import hypothesis
import numpy as np
import pytest
import shapely
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kontur.geometry.raster import trace
from kontur.napari.vertices import polygon_of, vertices_of, with_joints

DONUT = shapely.box(0, 0, 9, 9) - shapely.box(3, 3, 6, 6)
PARTS = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(5, 5, 9, 6)])
NESTED = shapely.MultiPolygon([DONUT, shapely.box(4, 4, 5, 5)])


def test_a_pixel_is_four_corners_around_its_centre():
    row, column = 3, 7
    vertices = vertices_of(shapely.box(column, row, column + 1, row + 1))
    assert sorted(map(tuple, vertices.tolist())) == [
        (2.5, 6.5),
        (2.5, 7.5),
        (3.5, 6.5),
        (3.5, 7.5),
    ]


@pytest.mark.parametrize("polygon", [DONUT, PARTS, NESTED, shapely.box(0, 0, 1, 1)])
def test_an_outline_comes_back_with_its_holes_and_parts(polygon):
    again = polygon_of(vertices_of(polygon))
    assert again.is_valid
    assert shapely.equals(again, polygon)


# The object is traced in the test, since checked code may not run inside a strategy.
masks = hnp.arrays(bool, st.tuples(st.integers(1, 8), st.integers(1, 8)))


@hypothesis.given(masks)
def test_any_mask_comes_back_from_one_line(mask):
    polygon = trace(mask)
    if not polygon.is_empty:
        assert shapely.equals(polygon_of(vertices_of(polygon)), polygon)


def test_what_runs_to_a_point_and_back_encloses_nothing():
    assert polygon_of(np.array([[0.0, 0], [5, 5]])).is_empty
    assert polygon_of(np.array([[0.0, 0], [5, 5], [0, 0]])).is_empty
    spike = np.array([[0.0, 0], [0, 4], [9, 4], [0, 4], [4, 4], [4, 0]])
    assert polygon_of(spike).area == 16


def test_a_line_that_crosses_itself_encloses_what_is_seen():
    bow = np.array([[0.0, 0], [4, 4], [4, 0], [0, 4]])
    assert polygon_of(bow).area == 8


def test_rings_stay_joined_when_a_hand_moves_the_point_that_joins_them():
    before = vertices_of(DONUT)
    after = before.copy()
    joints = np.flatnonzero((before == before[0]).all(axis=1))
    after[joints[1]] += [-2, -1]
    moved = polygon_of(with_joints(after, before))
    corner = before[0][::-1] + 0.5
    expected = shapely.transform(
        DONUT, lambda p: np.where((p == corner).all(axis=1)[:, None], p - np.array([1, 2]), p)
    )
    assert shapely.equals(moved, expected)
    assert not shapely.equals(polygon_of(after), expected)  # what would happen without
