"""Smooth cuts: what they keep, and that no stairs are left in them."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely import box

from kontur.geometry import raster
from kontur.geometry.shared_boundaries import REACH, smooth_shared_boundaries


def halves(angle, radius=14.0):
    """A disc that is cut in two at an angle, as labels."""
    y, x = np.mgrid[:40, :40] - 19.5
    inside = np.hypot(x, y) < radius
    return np.where(inside, 1 + (x * np.sin(angle) > y * np.cos(angle)), 0)


def cut_of(pair):
    """The line between two polygons."""
    return shapely.line_merge(shapely.intersection(*shapely.boundary(pair)))


@given(arrays(np.uint8, (9, 11), elements=st.integers(0, 3)))
@settings(max_examples=150)
def test_any_labels_stay_valid_cover_the_same_and_do_not_overlap(labels):
    _, traced = raster.trace_labels(labels)
    smooth = smooth_shared_boundaries(traced)
    assert shapely.is_valid(smooth).all()
    assert (shapely.area(smooth) > 0).all()
    assert shapely.area(smooth).sum() == pytest.approx((labels > 0).sum())
    union = shapely.union_all(traced)
    assert shapely.area(shapely.symmetric_difference(shapely.union_all(smooth), union)) < 1e-9
    for before, after in zip(traced, smooth, strict=True):
        assert shapely.hausdorff_distance(before, after) <= 2 * REACH


@pytest.mark.parametrize("angle", np.linspace(0.05, 3.1, 9))
def test_a_straight_cut_at_any_angle_is_straight(angle):
    traced = raster.trace_labels(halves(angle))[1]
    stairs, line = cut_of(traced), cut_of(smooth_shared_boundaries(traced))
    straight = shapely.LineString([line.coords[0], line.coords[-1]])
    assert stairs.length > 1.05 * straight.length or min(angle % (np.pi / 2), 1) < 0.1
    assert line.length < 1.02 * straight.length
    assert shapely.hausdorff_distance(line, straight) < 1


def test_what_lies_at_the_background_stays_point_by_point():
    traced = raster.trace_labels(halves(0.4))[1]
    union, smooth = shapely.union_all(traced), shapely.union_all(smooth_shared_boundaries(traced))
    assert shapely.normalize(smooth.simplify(0)).equals(shapely.normalize(union.simplify(0)))


def test_objects_that_touch_none_are_as_they_were():
    apart = np.array([box(0, 0, 2, 3), box(4, 0, 6, 2) - box(4, 0, 5, 1), box(6, 2, 7, 3)])
    for polygons in (apart, apart[:1], apart[:0]):
        smooth = smooth_shared_boundaries(polygons)
        assert len(smooth) == len(polygons)
        assert shapely.equals(smooth, polygons).all()


def test_an_object_inside_another_keeps_its_place_and_its_area():
    y, x = np.mgrid[:30, :30] - 14.5
    labels = np.where(np.hypot(x, y) < 5, 2, np.where(np.hypot(x, y) < 12, 1, 0))
    outer, inner = smooth_shared_boundaries(raster.trace_labels(labels)[1])
    assert inner.centroid.distance(shapely.Point(15, 15)) < 0.1
    assert inner.area == pytest.approx((labels == 2).sum(), rel=0.03)
    assert inner.area + outer.area == pytest.approx((labels > 0).sum())
    assert inner.length < 0.9 * raster.trace(labels == 2).length


def test_parts_and_holes_stay_with_their_objects():
    labels = np.zeros((9, 12), int)
    labels[1:4, 1:4], labels[5:8, 1:4], labels[1:8, 4:10] = 1, 1, 2
    labels[3:5, 6:8] = 0
    first, second = smooth_shared_boundaries(raster.trace_labels(labels)[1])
    assert (first.geom_type, len(first.geoms)) == ("MultiPolygon", 2)
    assert len(second.interiors) == 1
