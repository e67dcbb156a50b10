"""Hausdorff-95 against scipy, a loop, and outlines drawn by hand."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy.spatial.distance import directed_hausdorff

from kontur.evaluate import evaluate, evaluate_all, hausdorff
from kontur.evaluate.hausdorff import hausdorff95
from kontur.geometry.raster import spans, trace
from kontur.instances import Instances
from tests.naive import geometry as naive

SIZE = (24, 30)
masks = arrays(bool, (6, 5))


def objects(*boxes, **fields):
    return Instances.of([shapely.box(*box) for box in boxes], size=SIZE, **fields)


def spans_of(masks):
    """A stack of masks of one size, each the object of a pair."""
    outlines = np.array([trace(mask) for mask in masks], dtype=object)
    return spans(outlines, masks[0].shape)


def surface_distances(first, second):
    """What medpy and MONAI measure: surfaces by erosion, distances by scipy's transform."""
    surfaces = [mask & ~ndimage.binary_erosion(mask) for mask in (first, second)]
    away = [ndimage.distance_transform_edt(~surface) for surface in surfaces]
    return np.concatenate([away[1][surfaces[0]], away[0][surfaces[1]]])


@given(arrays(bool, (7, 9)), arrays(bool, (7, 9)))
@settings(max_examples=60, deadline=None)
def test_it_is_the_percentile_of_both_directions_distances(first, second):
    if not (first.any() and second.any()):
        return
    (got,) = hausdorff95(spans_of([first]), spans_of([second]))
    assert got == pytest.approx(np.percentile(surface_distances(first, second), 95))
    assert got == pytest.approx(naive.hausdorff_95(first, second))
    a, b = (np.argwhere(mask & ~ndimage.binary_erosion(mask)) for mask in (first, second))
    farthest = max(directed_hausdorff(a, b)[0], directed_hausdorff(b, a)[0])
    assert got <= farthest + 1e-9
    assert surface_distances(first, second).max() == pytest.approx(farthest)


@given(st.lists(st.tuples(masks, masks), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_many_pairs_at_once_are_each_pair_by_itself(pairs):
    pairs = [(a, b) for a, b in pairs if a.any() and b.any()]
    if pairs:
        together = hausdorff95(*map(spans_of, zip(*pairs, strict=True)))
        alone = [hausdorff95(spans_of([a]), spans_of([b]))[0] for a, b in pairs]
        assert together.tolist() == alone


@given(
    st.integers(0, 2**32), st.lists(st.integers(1, 300), min_size=2, max_size=2), st.integers(1, 16)
)
@settings(max_examples=60, deadline=None)
def test_what_is_far_is_measured_where_the_percentile_needs_it(seed, counts, block):
    rng = np.random.default_rng(seed)
    masks = np.zeros((2, 3, 50, 70), bool)
    for side, count in zip(masks, counts, strict=True):
        for mask in side:
            extent = rng.integers(1, (51, 71))  # anything from near to far
            mask[tuple(rng.integers(0, extent, (count, 2)).T)] = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hausdorff, "BLOCK", block)
        got = hausdorff95(*map(spans_of, masks))
    expected = [np.percentile(surface_distances(*pair), 95) for pair in zip(*masks, strict=True)]
    assert got == pytest.approx(expected)


def test_a_missed_object_has_no_distance_of_its_own_and_is_far_in_the_foreground():
    truth = objects((0, 0, 6, 6), (20, 14, 28, 22))
    scores = evaluate(truth, objects((0, 0, 6, 6))).area_scores
    assert scores.hausdorff_95 == 0.0
    assert scores.image_hausdorff_95 > 15


def test_one_pixel_has_an_outline():
    truth, found = objects((3, 3, 4, 4)), objects((3, 3, 4, 4))
    assert evaluate(truth, found).area_scores.hausdorff_95 == 0.0
    assert evaluate(truth, found).area_scores.boundary_iou == 1.0


def test_an_object_that_is_moved_is_as_far_away_as_it_was_moved():
    truth, moved = objects((2, 2, 14, 14)), objects((4, 2, 16, 14))
    scores = evaluate(truth, moved).area_scores
    assert (scores.hausdorff_95, scores.image_hausdorff_95) == (2.0, 2.0)
    same = evaluate(truth, truth).area_scores
    assert (same.hausdorff_95, same.image_hausdorff_95) == (0.0, 0.0)


def test_pairs_are_averaged_over_all_images_and_foregrounds_over_the_images():
    truth = objects((0, 0, 10, 10), (12, 0, 22, 10))
    found = objects((1, 0, 11, 10), (12, 0, 22, 10))
    once = objects((0, 0, 10, 10))
    moved = objects((3, 0, 13, 10))
    summary = evaluate_all([(truth, found), (once, moved)])
    assert summary.pooled_areas.hausdorff_95 == pytest.approx((1 + 0 + 3) / 3)
    each = [image.area_scores.image_hausdorff_95 for image in summary.images]
    assert summary.pooled_areas.image_hausdorff_95 == pytest.approx(np.mean(each))
    assert "Hausdorff-95 1.333" in summary.table()
    report = json.loads(summary.to_json())
    assert report["pooled"]["hausdorff_95"] == pytest.approx(4 / 3)
    assert report["per_image"][1]["image_hausdorff_95"] == 3.0


def test_without_a_pair_or_a_foreground_there_is_no_distance():
    truth, far = objects((0, 0, 4, 4)), objects((20, 20, 24, 24))
    scores = evaluate(truth, far).area_scores
    assert np.isnan(scores.hausdorff_95)
    assert scores.image_hausdorff_95 > 20
    for found in (Instances.empty(SIZE), truth):
        scores = evaluate(Instances.empty(SIZE), found).area_scores
        assert np.isnan([scores.hausdorff_95, scores.image_hausdorff_95]).all()
    summary = evaluate_all([(truth, far), (truth, truth)])
    assert summary.pooled_areas.hausdorff_95 == 0.0


def test_what_lies_in_a_region_to_ignore_is_not_far_away():
    regions = objects((0, 0, 8, 8), (18, 10, 30, 24), ignore=[False, True])
    found = objects((0, 0, 8, 8), (20, 12, 28, 22))
    assert evaluate(regions, found).area_scores.image_hausdorff_95 == 0.0
