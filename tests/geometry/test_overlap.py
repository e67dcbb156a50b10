from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from pycocotools import mask as coco
from shapely import Polygon, affinity

from kontur.geometry import overlap, raster, suppression
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


# shared pixels


def shared(a, b, size):
    """The table of shared pixels, and the pairs as they came."""
    pairs = overlap.shared_pixels(raster.spans(a, size), raster.spans(b, size), size[1])
    table = np.zeros((len(a), len(b)), dtype=int)
    table[pairs.first, pairs.second] = pairs.area
    return table, pairs


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 999))
@settings(max_examples=40)
def test_shared_pixels_are_those_of_the_masks_of_every_pair(k, l, seed):  # noqa: E741
    a, b, size = crowd(k, seed), crowd(l, seed + 1), (20, 26)
    masks_a, masks_b = ([raster.rasterize(each, size) for each in side] for side in (a, b))
    table, pairs = shared(a, b, size)
    expected = [[(m & n).sum() for n in masks_b] for m in masks_a]
    assert_array_equal(table, np.reshape(expected, (k, l)))
    assert (pairs.area > 0).all()
    assert (np.diff(pairs.first * (l + 1) + pairs.second) > 0).all()


def test_the_iou_of_shared_pixels_is_that_of_coco():
    a, b, size = crowd(12, 0, 40.0), crowd(9, 1, 40.0), (48, 48)
    rles = [
        [coco.encode(np.asfortranarray(raster.rasterize(each, size))) for each in several]
        for several in (a, b)
    ]
    theirs = np.array(coco.iou(rles[0], rles[1], [0] * len(b)))
    areas = [coco.area(side).astype(float) for side in rles]
    table, _ = shared(a, b, size)
    union = areas[0][:, None] + areas[1][None] - table
    assert_allclose(np.divide(table, union, out=np.zeros(table.shape), where=union > 0), theirs)


def test_neighbours_that_share_an_edge_share_no_pixel_and_specks_have_none():
    pair = np.array([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)], dtype=object)
    assert shared(pair, pair, (2, 4))[0].tolist() == [[4, 0], [0, 4]]
    speck = np.array([shapely.box(0.6, 0.6, 1.4, 1.4)], dtype=object)
    assert shared(speck, speck, (3, 3))[0].tolist() == [[0]]
    assert shared(speck, EMPTY, (3, 3))[0].shape == (1, 0)


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


@pytest.mark.parametrize("chunk", [1, 4, 17])
def test_suppression_a_chunk_at_a_time_keeps_the_same(chunk, monkeypatch):
    polygons, scores = crowd(60, 8, 40.0), np.random.default_rng(8).choice([0.1, 0.5, 0.7], 60)
    monkeypatch.setattr(suppression, "CHUNK", chunk)
    kept = overlap.suppress(polygons, scores, 0.3)
    assert kept.tolist() == naive.suppress(polygons, scores, 0.3)


def test_a_suppressed_polygon_suppresses_nothing():
    row = np.array([shapely.box(x, 0, x + 4, 4) for x in (0, 1, 2)], dtype=object)
    kept = overlap.suppress(row, np.array([0.9, 0.8, 0.7]), 0.4)
    assert kept.tolist() == [0, 2]  # 0 and 2 share a third; 1 shares three fifths with both


def test_a_fragment_inside_an_object_goes_by_the_smaller_area_only():
    pair = np.array([shapely.box(0, 0, 10, 10), shapely.box(1, 1, 3, 3)], dtype=object)
    scores = np.array([0.9, 0.8])
    assert overlap.suppress(pair, scores, 0.5).tolist() == [0, 1]
    assert overlap.suppress(pair, scores, 0.5, measure="iom").tolist() == [0]


def test_an_object_has_one_class_and_another_may_lie_in_it():
    cell, again, nucleus = (
        shapely.box(0, 0, 10, 10),
        shapely.box(0, 0, 9.5, 10),
        shapely.box(1, 1, 9, 9),
    )
    shapes = np.array([cell, again, nucleus], dtype=object)
    scores = np.array([0.7, 0.8, 0.6])
    assert overlap.suppress(shapes, scores, 0.5).tolist() == [1]
    labels = np.array([0, 1, 2])
    assert overlap.suppress(shapes, scores, 0.5, labels=labels).tolist() == [1, 2]
    assert overlap.suppress(shapes, scores, 0.99, labels=labels).tolist() == [1, 0, 2]
    assert overlap.suppress(shapes, scores, 0.5, labels=np.array([0, 1, 0])).tolist() == [1, 2]


@given(st.integers(0, 15), st.integers(0, 999), st.sampled_from([0.001, 0.3, 0.95]))
@settings(max_examples=25)
def test_suppression_by_classes_keeps_what_the_greedy_loop_keeps(m, seed, threshold):
    rng = np.random.default_rng(seed)
    polygons = crowd(m, seed)
    polygons = np.concatenate([polygons, polygons])  # each twice
    scores, labels = rng.choice([0.1, 0.5, 0.7, 0.9], 2 * m), rng.integers(0, 3, 2 * m)
    kept = overlap.suppress(polygons, scores, threshold, labels=labels)
    assert kept.tolist() == naive.suppress(polygons, scores, threshold, labels=labels)
    i, j = overlap.pairs_over(polygons, threshold, labels=labels)
    pairs = {frozenset(pair) for pair in zip(i.tolist(), j.tolist(), strict=True)}
    for pair in combinations(np.flatnonzero(~shapely.is_empty(polygons)).tolist(), 2):
        both = polygons[[*pair]], [1, 0], threshold, "iou", labels[[*pair]]
        assert len(naive.suppress(*both)) == 2 or frozenset(pair) in pairs


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
