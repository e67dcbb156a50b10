import tracemalloc

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kontur.geometry import boxes, suppression
from tests.naive import geometry as naive


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


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("count", [0, 1, 60])
def test_suppression_keeps_what_a_loop_keeps(threshold, count):
    rng = np.random.default_rng(count)
    corner = rng.uniform(0, 40, (count, 2))
    several = np.concatenate([corner, corner + rng.uniform(0, 20, (count, 2))], axis=1)
    several[::7, 2] = several[::7, 0]  # without area
    scores = rng.integers(0, 20, count) / 20  # some are equal
    groups = rng.integers(0, 3, count)
    kept = boxes.suppress(several, scores, threshold, groups)
    assert kept.tolist() == naive.suppress_boxes(several, scores, threshold, groups)
    together = boxes.suppress(several, scores, threshold)
    assert together.tolist() == naive.suppress_boxes(several, scores, threshold, groups * 0)


@pytest.mark.parametrize("threshold", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_suppression_of_more_boxes_than_are_looked_at_together(threshold, seed, monkeypatch):
    monkeypatch.setattr(suppression, "CHUNK", (1, 3, 20, 256)[seed])
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 60, (300, 2))
    several = np.concatenate([corner, corner + rng.uniform(0, 20, (300, 2))], axis=1)
    scores = rng.integers(0, 50, 300) / 50
    groups = rng.integers(0, 3, 300)
    kept = boxes.suppress(several, scores, threshold, groups)
    assert kept.tolist() == naive.suppress_boxes(several, scores, threshold, groups)


def test_boxes_that_are_not_finite_stay_and_suppress_nothing():
    several = np.array([[np.nan, 0, 2, 2], [0, 0, 2, 2], [0, 0, np.inf, 2], [0, 0, 2, 2.1]])
    assert boxes.suppress(several, np.array([0.9, 0.8, 0.7, 0.6]), 0.5).tolist() == [0, 1, 2]


@pytest.mark.parametrize("layout", ["strip", "heap"])
def test_memory_of_suppression_grows_with_the_boxes_however_they_lie(layout):
    peaks = []
    for count in (1000, 4000):
        y = np.arange(count) * (5.0 if layout == "strip" else 0.001)
        several = np.stack([np.zeros(count), y, np.full(count, 50.0), y + 8], axis=-1)
        tracemalloc.start()
        boxes.suppress(several, np.linspace(1, 0, count), 0.5)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 5 * peaks[0]  # 16 times as many pairs


def test_a_chain_of_boxes_loses_every_second():
    chain = np.array([[2.0 * i, 0, 2.0 * i + 4, 4] for i in range(7)])
    kept = boxes.suppress(chain, np.arange(7, 0, -1) / 7, 0.3)
    assert kept.tolist() == [0, 2, 4, 6]


@given(several(), several())
def test_deltas_move_a_box_onto_its_target(a, b):
    count = min(len(a), len(b))
    a, b = a[:count] * 1.0, b[:count] * 1.0
    wide = (a[:, 2:] - a[:, :2] > 0).all(axis=1) & (b[:, 2:] - b[:, :2] > 0).all(axis=1)
    a, b = a[wide], b[wide]
    assert_allclose(boxes.apply_deltas(a, boxes.deltas(a, b)), b, atol=1e-9)


def test_a_box_without_area_and_a_wild_delta_stay_finite():
    point = np.array([[3.0, 3, 3, 3]])
    assert np.isfinite(boxes.deltas(point, np.array([[0.0, 0, 9, 9]]))).all()
    wild = boxes.apply_deltas(np.array([[0.0, 0, 2, 2]]), np.array([[0, 0, 900.0, 900]]))
    assert_allclose(wild, [[1 - 62.5, 1 - 62.5, 1 + 62.5, 1 + 62.5]])
