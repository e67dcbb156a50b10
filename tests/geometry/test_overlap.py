import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pycocotools import mask as coco
from shapely import Polygon, affinity

from kontur.geometry import overlap, raster
from tests.naive import geometry as naive

EMPTY = np.empty(0, dtype=object)


def crowd(count, seed, extent=24.0):
    """Round and crescent-shaped objects that overlap in every degree, and one that is empty."""
    rng = np.random.default_rng(seed)
    angle = np.arange(14) / 14 * 2 * np.pi
    found = np.empty(count, dtype=object)
    for i in range(count):
        radii = rng.uniform(3, 7) + rng.uniform(-1, 1, (14, 1))
        points = rng.uniform(0, extent, 2) + radii * np.stack([np.cos(angle), np.sin(angle)], -1)
        found[i] = Polygon(points)
        if i % 3 == 1:
            found[i] = found[i] - affinity.translate(found[i], 2, 1)
        if i % 7 == 6:
            found[i] = Polygon()
        if i % 5 == 4:  # nearly the same object again
            found[i] = affinity.translate(found[i - 1], rng.uniform(0, 1), 0)
    return found


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 999))
@settings(max_examples=30)
def test_polygon_iou_is_that_of_every_pair(k, l, seed):  # noqa: E741
    a, b = crowd(k, seed), crowd(l, seed + 1)
    assert_allclose(overlap.polygon_iou(a, b), naive.polygon_iou(a, b), atol=1e-12)


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 999))
@settings(max_examples=10)
def test_mask_iou_is_that_of_every_pair_of_masks(k, l, seed):  # noqa: E741
    a, b, size = crowd(k, seed), crowd(l, seed + 1), (20, 26)
    assert_allclose(overlap.mask_iou(a, b, size), naive.mask_iou(a, b, size))


def test_mask_iou_is_that_of_coco():
    a, b = crowd(12, 0, 40.0), crowd(9, 1, 40.0)
    rles = [
        [coco.encode(np.asfortranarray(raster.rasterize(each, (48, 48)))) for each in several]
        for several in (a, b)
    ]
    theirs = np.array(coco.iou(rles[0], rles[1], [0] * len(b)))
    assert_allclose(overlap.mask_iou(a, b, (48, 48)), theirs)


def test_polygons_and_their_masks_have_the_same_iou_when_they_follow_pixels():
    rng = np.random.default_rng(3)
    blocks = [rng.random((12, 15)) < share for share in (0.2, 0.5, 0.9, 1.0)]
    outlines = np.array([raster.trace(each) for each in blocks], dtype=object)
    assert_allclose(
        overlap.polygon_iou(outlines, outlines), overlap.mask_iou(outlines, outlines, (12, 15))
    )


def test_iou_is_one_with_itself_and_zero_for_neighbours_that_share_an_edge():
    left, right = shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)
    pair = np.array([left, right], dtype=object)
    assert overlap.polygon_iou(pair, pair).tolist() == [[1, 0], [0, 1]]
    assert overlap.mask_iou(pair, pair, (2, 4)).tolist() == [[1, 0], [0, 1]]


def test_objects_between_pixel_centres_have_no_pixels():
    speck = np.array([shapely.box(0.6, 0.6, 1.4, 1.4)], dtype=object)
    assert overlap.mask_iou(speck, speck, (3, 3)).tolist() == [[0]]
    shared, area_a, area_b = overlap.mask_intersection(speck, EMPTY, (3, 3))
    assert shared.shape == (1, 0)
    assert area_a.tolist() == [0]
    assert area_b.shape == (0,)


# suppression


@given(
    st.integers(0, 40),
    st.integers(0, 999),
    st.sampled_from([0.001, 0.1, 0.3, 0.5, 0.9]),
    st.sampled_from(["iou", "iom"]),
)
@settings(max_examples=50)
def test_suppression_keeps_what_the_greedy_loop_keeps(m, seed, threshold, measure):
    polygons = crowd(m, seed)
    scores = np.random.default_rng(seed).choice([0.1, 0.5, 0.7, 0.9], m)  # with ties
    kept = overlap.suppress(polygons, scores, threshold, measure)
    assert kept.tolist() == naive.suppress(polygons, scores, threshold, measure)


def test_a_suppressed_polygon_suppresses_nothing():
    row = np.array([shapely.box(x, 0, x + 4, 4) for x in (0, 1, 2)], dtype=object)
    kept = overlap.suppress(row, np.array([0.9, 0.8, 0.7]), 0.4)
    assert kept.tolist() == [0, 2]  # 0 and 2 share a third; 1 shares three fifths with both


def test_a_fragment_inside_an_object_goes_by_the_smaller_area_only():
    pair = np.array([shapely.box(0, 0, 10, 10), shapely.box(1, 1, 3, 3)], dtype=object)
    scores = np.array([0.9, 0.8])
    assert overlap.suppress(pair, scores, 0.5).tolist() == [0, 1]
    assert overlap.suppress(pair, scores, 0.5, measure="iom").tolist() == [0]


def test_polygons_in_a_hole_or_a_bay_are_not_suppressed():
    ring = shapely.box(0, 0, 10, 10) - shapely.box(1, 1, 9, 9)
    pair = np.array([ring, shapely.box(2, 2, 8, 8)], dtype=object)
    assert overlap.suppress(pair, np.array([0.5, 0.6]), 0.0).tolist() == [1, 0]


def test_touching_is_not_overlapping_and_equal_is_not_more_than_equal():
    pair = np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)], dtype=object)
    assert overlap.suppress(pair, np.ones(2), 0.0).tolist() == [0, 1]
    assert overlap.suppress(pair[[0, 0]], np.ones(2), 1.0).tolist() == [0, 1]
    assert overlap.suppress(pair[[0, 0]], np.ones(2), 0.99).tolist() == [0]


def test_nothing_and_empty_polygons_suppress_to_nothing():
    assert overlap.suppress(EMPTY, np.empty(0), 0.5).tolist() == []
    assert overlap.suppress(np.array([Polygon()]), np.ones(1), 0.5).tolist() == []


def test_the_pairs_that_touch_are_found_by_their_boxes():
    a, b = crowd(9, 5), crowd(7, 6)
    i, j = overlap.touching(a, b)
    expected = {
        (p, q)
        for p, first in enumerate(a)
        for q, second in enumerate(b)
        if not (first.is_empty or second.is_empty)
        and shapely.box(*first.bounds).intersects(shapely.box(*second.bounds))
    }
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == expected
    assert_array_equal(overlap.touching(EMPTY, b)[0], [])


def test_an_unknown_measure_is_refused():
    with pytest.raises(Exception, match="measure"):
        overlap.suppress(crowd(2, 0), np.ones(2), 0.5, "dice")
