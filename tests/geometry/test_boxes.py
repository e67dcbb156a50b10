import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kontur.geometry import boxes


def several():
    """Up to six boxes of whole pixels, some without area, none turned inside out."""
    corners = arrays.arrays(float, (6, 2, 2), elements=st.integers(-9, 9).map(float))
    sorted_corners = corners.map(lambda each: np.sort(each, axis=1).reshape(6, 4))
    return st.tuples(sorted_corners, st.integers(0, 6)).map(lambda pair: pair[0][: pair[1]])


def drawn(found):
    return [shapely.box(*each) for each in found]


@given(several(), several())
def test_iou_of_boxes_is_that_of_their_polygons(a, b):
    iou, shared = boxes.iou(a, b), boxes.intersection(a, b)
    assert iou.shape == shared.shape == (len(a), len(b))
    for i, first in enumerate(drawn(a)):
        for j, second in enumerate(drawn(b)):
            union = first.union(second).area
            assert shared[i, j] == first.intersection(second).area
            assert iou[i, j] == pytest.approx(shared[i, j] / union if union else 0)


@given(several())
def test_area_of_boxes_is_that_of_their_polygons(a):
    assert_array_equal(boxes.area(a), [each.area for each in drawn(a)])


def test_a_box_turned_inside_out_has_no_area():
    assert boxes.area(np.array([[4.0, 4, 2, 2], [4, 0, 2, 9]])).tolist() == [0, 0]


def test_bounds_are_the_outermost_points_of_each_ring():
    rings = np.array([[[1.0, 2], [3, 0], [2, 5]], [[0, 0], [0, 0], [0, 0]]])
    assert boxes.bounds(rings).tolist() == [[1, 0, 3, 5], [0, 0, 0, 0]]
    assert boxes.bounds(np.empty((0, 3, 2))).shape == (0, 4)


@given(several())
def test_clipped_boxes_are_the_bounds_of_clipped_polygons(a):
    clipped = boxes.clip(a, (4, 6))
    image = shapely.box(0, 0, 6, 4)
    for one, polygon in zip(clipped, drawn(a), strict=True):
        inside = polygon.intersection(image)
        if inside.area:
            assert_allclose(one, inside.bounds)
        else:
            assert boxes.area(one[None]) == 0
