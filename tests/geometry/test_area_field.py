"""Areas by Green's theorem, beside GEOS, which cuts polygons with one another."""

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal

from kontur.geometry import ring
from kontur.geometry.area_field import AreaFields, gains, overlap, swept

ANGLES = np.linspace(0, 2 * np.pi, 64, endpoint=False)
HALF = np.array([0, 4])  # of a worm's width


def blobs(count, radius, rng, *, uneven=0.1):
    """Smooth closed outlines around (50, 50), clockwise on screen."""
    waves = rng.normal(0, uneven, (count, 2, 4)) / 2
    k = np.arange(2, 6)[:, None] * ANGLES
    far = radius * (1 + waves[:, 0] @ np.cos(k) + waves[:, 1] @ np.sin(k))
    points = np.stack([far * np.sin(ANGLES), -far * np.cos(ANGLES)], axis=-1)
    return (points + 50).astype(np.float32)


def worm():
    along = np.linspace(0, 1, 40)
    middle = np.stack([80 * along + 10, 15 * np.sin(6 * along) + 50], axis=-1)
    return ring.resample(np.concatenate([middle - HALF, (middle + HALF)[::-1]]), 64)


def exact_iou(regions, rings):
    others = shapely.polygons(rings.astype(float))
    shared = shapely.area(shapely.intersection(regions, others))
    return shared / shapely.area(shapely.union(regions, others))


def measured_iou(regions, rings):
    return overlap(AreaFields.of(regions), rings.astype(np.float32)).iou


@pytest.mark.parametrize("radius", [1.5, 10, 300])
def test_the_iou_of_any_size_of_object_is_that_of_its_polygons(radius):
    rng = np.random.default_rng(0)
    regions = shapely.polygons(blobs(60, radius, rng).astype(float))
    rings = blobs(60, radius, rng) + rng.normal(0, 0.15 * radius, (60, 1, 2))
    exact = exact_iou(regions, rings)
    assert exact.min() < 0.7 < exact.max()
    assert_allclose(measured_iou(regions, rings), exact, atol=0.006)


def test_a_thin_bent_worm_is_measured_as_well():
    rng = np.random.default_rng(1)
    rings = worm() + rng.normal(0, 2, (80, 1, 2))
    regions = np.full(80, shapely.Polygon(worm()))
    assert_allclose(measured_iou(regions, rings), exact_iou(regions, rings), atol=0.012)
    alike = measured_iou(regions[:1], worm()[None])
    assert 0.97 < alike[0] <= 1


def test_holes_and_parts_of_a_region_count_as_what_they_are():
    hole = shapely.Polygon([(10, 10), (30, 10), (30, 30), (10, 30)]).difference(
        shapely.box(15, 15, 25, 22)
    )
    parts = shapely.union_all([shapely.box(10, 10, 18, 30), shapely.box(22, 12, 30, 28)])
    regions = np.array([hole, parts], dtype=object)
    square = ring.resample(np.array([[12.0, 8], [28, 8], [28, 27], [12, 27]]), 64)
    rings = np.repeat(square[None], 2, axis=0)
    assert_allclose(measured_iou(regions, rings), exact_iou(regions, rings), atol=0.01)


def test_a_single_pixel_has_an_iou_with_itself_and_none_with_what_lies_beside_it():
    pixel = np.array([shapely.box(5, 7, 6, 8)] * 3, dtype=object)
    square = ring.resample(np.array([[5.0, 7], [6, 7], [6, 8], [5, 8]]), 32)
    rings = square + np.array([[[0, 0]], [[3, 0]], [[0.5, 0]]])
    assert_allclose(measured_iou(pixel, rings), [1, 0, 1 / 3], atol=0.01)


def test_rings_far_outside_of_the_grid_share_nothing_and_rings_around_it_share_all():
    region = np.array([shapely.box(0, 0, 10, 10)] * 5, dtype=object)
    unit = ring.resample(np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]]), 64)
    rings = np.stack(
        [unit + far for far in ([90, 0], [-90, 0], [0, 90], [0, -90])] + [unit * 3 - 10]
    )
    assert_allclose(measured_iou(region, rings), [0, 0, 0, 0, 1 / 9], atol=5e-3)


def test_no_rings_and_empty_regions_have_no_area():
    nothing = AreaFields.of(np.zeros(0, dtype=object))
    assert len(nothing) == 0
    assert overlap(nothing, np.zeros((0, 64, 2), np.float32)).iou.shape == (0,)
    empty = np.array([shapely.Polygon()], dtype=object)
    assert_array_equal(measured_iou(empty, np.zeros((1, 64, 2))), [0])


def test_the_parts_of_a_gain_sum_to_the_gain():
    rng = np.random.default_rng(2)
    fields = AreaFields.of(shapely.polygons(blobs(20, 10, rng).astype(float)))
    before = blobs(20, 10, rng)
    after = before + rng.normal(0, 0.3, before.shape).astype(np.float32)
    old, new = overlap(fields, before), overlap(fields, after)
    parts = gains(old, new, swept(fields, before, old, after, new))
    assert_allclose(parts.sum(axis=1), new.iou - old.iou, atol=2e-6)


def test_a_point_that_moves_alone_has_the_gain_to_itself_and_its_neighbours():
    rng = np.random.default_rng(3)
    fields = AreaFields.of(shapely.polygons(blobs(1, 10, rng).astype(float)))
    before = blobs(1, 10, rng)
    after = before.copy()
    after[0, 20] += [1.0, 0.5]
    old, new = overlap(fields, before), overlap(fields, after)
    parts = gains(old, new, swept(fields, before, old, after, new))[0]
    touched = np.zeros(64, bool)
    touched[19:22] = True
    assert np.abs(parts[touched]).max() > 1e-4
    # The union of all is part of every share, so the others have next to nothing, not nothing.
    assert np.abs(parts[~touched]).max() < 1e-6


def test_a_field_is_taken_for_any_rings_in_any_order():
    rng = np.random.default_rng(4)
    regions, rings = blobs(6, 10, rng), blobs(6, 10, rng)
    fields = AreaFields.of(shapely.polygons(regions.astype(float)))
    order = np.array([3, 3, 0, 5])
    assert_array_equal(
        overlap(fields.take(order), rings[order]).iou, overlap(fields, rings).iou[order]
    )
