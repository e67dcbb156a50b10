"""Outlines along a level, against scikit-image and shapes drawn by hand."""

import numpy as np
import pytest
import shapely
import skimage.measure
from numpy.testing import assert_allclose
from scipy.ndimage import gaussian_filter, map_coordinates

from kontur.geometry import marching_squares


def smooth_noise(seed, shape=(17, 23), sigma=1.5):
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma)
    return 0.5 + 0.4 * noise / np.abs(noise).max()


def as_polygons(traced):
    split = np.split(traced.points, np.flatnonzero(np.diff(traced.ring)) + 1)
    return [shapely.Polygon(points) for points in split if len(points)]


@pytest.mark.parametrize("sigma", [0.0, 1.5])
@pytest.mark.parametrize("seed", range(3))
def test_rings_are_those_of_scikit_image_half_a_pixel_on(seed, sigma):
    field = smooth_noise(seed, sigma=sigma)
    found = as_polygons(marching_squares.rings(field[None], 0.5))
    contours = skimage.measure.find_contours(np.pad(field, 1), 0.5)
    expected = [shapely.Polygon(each[:-1, ::-1] - 0.5) for each in contours]  # (row, col) − 1 + .5
    assert len(found) == len(expected) > 3

    def order(polygon):
        return tuple(np.round(polygon.bounds, 6))

    for one, other in zip(sorted(found, key=order), sorted(expected, key=order), strict=True):
        assert shapely.hausdorff_distance(one.exterior, other.exterior) < 1e-3
        assert one.area == pytest.approx(other.area, abs=1e-3)


def test_rings_run_clockwise_around_what_is_high_and_never_touch_themselves():
    fields = np.stack([smooth_noise(seed, sigma=0.7) for seed in range(4)])
    fields[0] = (fields[0] > 0.5) / 2  # many samples at the level exactly
    traced = marching_squares.rings(fields, 0.5)
    areas = marching_squares._signed_areas(traced)
    assert (areas > 0).any()
    assert (areas < 0).any()
    polygons = as_polygons(traced)
    assert all(polygon.is_valid for polygon in polygons)
    assert_allclose(np.abs(areas), [polygon.area for polygon in polygons])
    x, y = fields.shape[2] / 2, fields.shape[1] / 2
    assert abs(areas).max() < 4 * x * y


def test_the_level_of_a_plane_is_where_the_plane_has_it():
    x = np.arange(8) + 0.5
    (outline,) = marching_squares.outlines(
        np.tile(1 - x / 8, (1, 8, 1)), np.array([[0.0, 0, 8, 8]])
    )
    assert outline.bounds[2] == pytest.approx(4)
    assert shapely.contains_xy(outline, 3.9, 4)
    assert not shapely.contains_xy(outline, 4.1, 4)


def test_a_full_field_fills_its_box_but_for_the_corners():
    boxes = np.array([[3.0, 5, 59, 33], [0.0, 0, 2, 2]])
    for outline, box in zip(
        marching_squares.outlines(np.ones((2, 14, 14)), boxes), boxes, strict=True
    ):
        whole = shapely.box(*box)
        assert_allclose(outline.bounds, box, atol=0.11)
        assert outline.difference(whole).area < 1e-3
        assert outline.area > 0.97 * whole.area


def test_a_coarse_mask_of_a_circle_is_a_smooth_circle_at_full_resolution():
    """No steps: the outline stays within a tenth of a mask's cell of the true circle."""
    cells, side = 28, 280  # a cell is ten pixels
    fine = (np.arange(side) + 0.5) / side * 2 - 1
    inside = np.hypot(*np.meshgrid(fine, fine)) < 0.9
    mask = inside.reshape(cells, 10, cells, 10).mean(axis=(1, 3))
    (outline,) = marching_squares.outlines(mask[None], np.array([[0.0, 0, side, side]]))
    points = shapely.get_coordinates(outline.exterior)
    radius = np.hypot(*(points - side / 2).T)
    assert np.abs(radius - 0.9 * side / 2).max() < 1.0
    assert outline.area == pytest.approx(np.pi * (0.9 * side / 2) ** 2, rel=0.005)


def test_refined_values_are_bilinear_with_a_frame_of_zeros():
    field = np.random.default_rng(0).random((2, 5, 5))
    fine = marching_squares.refine(field, 3)
    places = np.arange(6 * 3 + 1) / 3
    grid = np.stack(np.meshgrid(places, places, indexing="ij"))
    for one, many in zip(field, fine, strict=True):
        assert_allclose(many, map_coordinates(np.pad(one, 1), grid, order=1), atol=1e-12)


def test_the_largest_part_stays_with_its_holes_and_islands_go():
    field = np.zeros((1, 20, 20))
    field[0, 1:18, 1:18] = 1
    field[0, 4:15, 4:15] = 0
    field[0, 7:12, 7:12] = 1
    field[0, 9, 9] = 0
    field[0, 19, 0] = 1
    (outline,) = marching_squares.outlines(field, np.array([[0.0, 0, 20, 20]]))
    assert outline.is_valid
    assert len(outline.interiors) == 1
    assert shapely.Polygon(outline.interiors[0]).area > 100


def test_nothing_high_no_fields_no_area_and_no_numbers_are_empty():
    box = np.array([[0.0, 0, 9, 9]])
    assert marching_squares.outlines(np.zeros((1, 4, 4)), box)[0].is_empty
    assert marching_squares.outlines(np.full((1, 4, 4), np.nan), box)[0].is_empty
    assert marching_squares.outlines(np.ones((1, 4, 4)), box * np.nan)[0].is_empty
    assert marching_squares.outlines(np.ones((1, 4, 4)), np.array([[3.0, 3, 3, 9]]))[0].is_empty
    assert marching_squares.outlines(np.ones((0, 4, 4)), np.zeros((0, 4))).shape == (0,)
