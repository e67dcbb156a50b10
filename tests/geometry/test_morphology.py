"""Morphology against scipy, scikit-image and loops."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from skimage.segmentation import watershed

from kontur.geometry.morphology import (
    closing,
    dilate,
    distance,
    erode,
    fill_holes,
    flood,
    grow,
    label,
    opening,
    peaks,
    remove_small,
    split_by_watershed,
)
from tests.naive import geometry as naive

SIDES = st.tuples(st.integers(1, 12), st.integers(1, 12))
MASKS = SIDES.flatmap(lambda size: arrays(bool, size))
SQUARE = np.ones((3, 3), bool)


def disc(radius):
    """scipy's structuring element."""
    y, x = np.ogrid[-int(radius) : int(radius) + 1, -int(radius) : int(radius) + 1]
    return y**2 + x**2 <= radius**2


def discs(count, size, radius, seed=0):
    """Discs at random, many of which touch."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]]
    mask = np.zeros(size, bool)
    for _ in range(count):
        row, col, r = rng.integers(0, size[0]), rng.integers(0, size[1]), rng.integers(*radius)
        mask |= (y - row) ** 2 + (x - col) ** 2 < r**2
    return mask


def test_dilation_grows_a_point_into_the_disc():
    point = np.zeros((7, 7), bool)
    point[3, 3] = True
    assert dilate(point, 1).sum() == 5
    assert dilate(point, 1.5).sum() == 9
    assert (dilate(point, 2) == naive.dilate(point, 2)).all()
    assert (dilate(point, 0.9) == point).all()


@given(MASKS, st.sampled_from([0, 1, 1.5, 2, 3.2, 20]))
@settings(max_examples=60)
def test_dilation_and_erosion_are_scipy_s_with_the_outside_unknown(mask, radius):
    element = disc(radius)
    grown = ndimage.binary_dilation(mask, element)
    assert (dilate(mask, radius) == grown).all()
    assert (erode(mask, radius) == ndimage.binary_erosion(mask, element, border_value=1)).all()


@given(MASKS, st.sampled_from([1, 2, 3]))
@settings(max_examples=40)
def test_opening_takes_and_closing_gives_and_a_second_time_changes_nothing(mask, radius):
    opened, closed = opening(mask, radius), closing(mask, radius)
    assert not (opened & ~mask).any()
    assert not (mask & ~closed).any()
    assert (opening(opened, radius) == opened).all()
    assert (closing(closed, radius) == closed).all()


def test_opening_removes_a_burr_and_closing_a_gap():
    mask = np.zeros((9, 14), bool)
    mask[2:7, 1:6] = mask[2:7, 7:12] = True
    mask[4, 12:] = True
    assert not opening(mask, 1)[4, 13]
    assert closing(mask, 1)[4, 6]


@given(MASKS, st.sampled_from([4, 8]))
@settings(max_examples=80)
def test_parts_are_scipy_s_numbered_alike(mask, neighbours):
    labels, count = label(mask, neighbours)
    expected, number = ndimage.label(mask, SQUARE if neighbours == 8 else None)
    assert count == number
    assert (labels == expected).all()


def test_a_spiral_is_one_part():
    spiral = np.zeros((41, 41), bool)
    row = col = 20
    for step, (down, right) in enumerate([(0, 1), (1, 0), (0, -1), (-1, 0)] * 9):
        for _ in range(step + 1 + step % 2):
            spiral[np.clip(row, 0, 40), np.clip(col, 0, 40)] = True
            row, col = row + down, col + right
    assert label(spiral)[1] == ndimage.label(spiral)[1]


@given(MASKS)
@settings(max_examples=60)
def test_filled_holes_of_one_object_are_scipy_s(mask):
    filled = fill_holes(mask.astype(np.int32))
    assert filled.dtype == np.int32
    assert (filled == ndimage.binary_fill_holes(mask)).all()


def test_what_two_objects_enclose_stays_background():
    labels = np.array([[1, 1, 2, 2], [1, 0, 0, 2], [1, 1, 2, 2], [3, 3, 3, 0]])
    labels = np.pad(labels, 1)
    assert (fill_holes(labels) == labels).all()
    ring = np.pad(np.full((3, 3), 7), 1)
    ring[2, 2] = 0
    assert fill_holes(ring)[2, 2] == 7


def test_an_object_in_the_hole_of_another_is_not_swallowed():
    labels = np.zeros((9, 9), np.int32)
    labels[1:8, 1:8] = 1
    labels[2:7, 2:7] = 0
    labels[3:6, 3:6] = 2  # findings/monai-fill-holes-swallows-objects.sh
    assert (fill_holes(labels) == labels).all()
    labels[2:7, 2:7] = 2
    labels[4, 4] = 0
    filled = fill_holes(labels)
    assert filled[4, 4] == 2
    assert (filled == 1).sum() == 24


def test_small_objects_go_and_the_others_keep_their_numbers():
    labels = np.array([[1, 1, 0, 3], [1, 2, 0, 3]])
    assert remove_small(labels, 2).tolist() == [[1, 1, 0, 3], [1, 0, 0, 3]]
    assert (remove_small(labels, 0) == labels).all()


@given(MASKS)
@settings(max_examples=80)
def test_distances_are_exact(mask):
    if mask.all():
        assert np.isinf(distance(mask)).all()
        return
    np.testing.assert_allclose(distance(mask), ndimage.distance_transform_edt(mask))


def test_distances_are_exact_far_from_background_too():
    thick = discs(6, (150, 170), (20, 60))
    np.testing.assert_allclose(distance(thick), ndimage.distance_transform_edt(thick))
    one = np.ones((60, 90), bool)
    one[3, 70] = False
    np.testing.assert_allclose(distance(one), ndimage.distance_transform_edt(one))


@given(MASKS, st.integers(0, 3), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_a_flood_is_its_definition_pixel_by_pixel(mask, levels, seed):
    rng = np.random.default_rng(seed)
    landscape = rng.integers(0, levels + 1, mask.shape)
    markers = np.where(rng.random(mask.shape) < 0.2, rng.integers(1, 4, mask.shape), 0)
    assert (flood(landscape, markers, mask) == naive.flood(landscape, markers, mask)).all()


def test_a_flood_is_scikit_image_s_watershed_but_for_pixels_that_both_may_have():
    mask = discs(60, (200, 220), (8, 16))
    relief = -np.rint(4 * distance(mask))
    seeds, count = peaks(distance(mask), mask, 6)
    ours, theirs = flood(relief, seeds, mask), watershed(relief, seeds, mask=mask)
    assert count > 10
    assert (ours == theirs)[mask].mean() > 0.96
    assert ((ours > 0) == (theirs > 0)).all()
    for each in range(1, count + 1):
        assert label(ours == each)[1] == 1 or label(seeds == each)[1] > 1


def test_over_flat_ground_a_flood_is_dilation_inside_the_mask():
    mask = np.ones((7, 7), bool)
    mask[:, 3] = False
    seed = np.zeros((7, 7), int)
    seed[3, 0] = 5
    flat = np.zeros((7, 7), int)
    assert (flood(flat, seed, mask)[:, :3] == 5).all()
    assert (flood(flat, seed, mask)[:, 3:] == 0).all()
    assert (flood(flat, np.where(mask, 0, 9), mask) == 0).all()


def test_peaks_are_one_a_disc_and_near_ones_are_joined():
    y, x = np.mgrid[:40, :60]
    mask = np.minimum((y - 20) ** 2 + (x - 18) ** 2, (y - 20) ** 2 + (x - 40) ** 2) < 13**2
    height = distance(mask)
    assert peaks(height, mask, 6)[1] == 2
    assert peaks(height, mask, 24)[1] == 1
    assert peaks(height, np.zeros_like(mask), 6)[1] == 0


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (1, 1)])
def test_images_of_no_or_one_pixel_are_taken(size):
    for full in (np.zeros, np.ones):
        mask = full(size, bool)
        assert (opening(closing(mask, 2), 2) == mask).all()
        assert label(mask)[1] == int(mask.any())
        assert distance(mask).shape == fill_holes(mask.astype(int)).shape == size
        assert flood(mask.astype(int), mask.astype(int), mask).sum() == mask.sum()
        assert peaks(distance(mask), mask, 2)[0].shape == size


def test_a_large_image_takes_a_moment():
    mask = np.tile(discs(7, (128, 128), (8, 18)), (8, 8))
    start = time.process_time()
    height = distance(mask)
    seeds, _ = peaks(height, mask, 6)
    flood(-np.rint(4 * height), seeds, closing(mask, 2))
    assert time.process_time() - start < 1.5


def test_a_mask_is_cut_at_its_neck_and_only_there():
    row, column = np.mgrid[:40, :60]
    two = (np.hypot(row - 20, column - 18) < 12) | (np.hypot(row - 20, column - 40) < 12)
    labels = split_by_watershed(two, 6.0)
    assert (labels > 0).tolist() == two.tolist()
    assert labels[20, 10] != labels[20, 48]
    neck = np.argwhere(np.diff(labels[20, 10:48]) != 0) + 10
    assert abs(float(neck.mean()) - 28.5) <= 1  # midway
    one = np.hypot(row - 20, column - 18) < 12
    assert split_by_watershed(one, 6.0).max() == 1


@pytest.mark.parametrize("full", [True, False])
def test_a_mask_that_is_all_or_nothing_is_one_object_or_none(full):
    mask = np.full((5, 7), full)
    assert split_by_watershed(mask, 3.0).tolist() == mask.astype(int).tolist()


@pytest.mark.parametrize("method", ["watershed", "grow"])
def test_cuts_between_discs_lie_on_the_line_through_their_notches(method):
    away = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        angle, (one, other) = rng.uniform(0, np.pi), rng.uniform(9, 14, 2)
        apart = 0.85 * (one + other)
        along = np.array([np.cos(angle), np.sin(angle)])
        y, x = np.mgrid[:64, :64] + 0.5
        near = (x - 32) * along[0] + (y - 32) * along[1] + apart / 2  # from the first centre
        side = (y - 32) * along[0] - (x - 32) * along[1]
        mask = (np.hypot(near, side) < one) | (np.hypot(near - apart, side) < other)
        if method == "watershed":
            labels, middle = (
                split_by_watershed(mask, 8.0),
                (apart**2 + one**2 - other**2) / 2 / apart,
            )
        else:
            seeds = (np.hypot(near, side) < 5) + 2 * (np.hypot(near - apart, side) < 5)
            labels, middle = grow(seeds, mask), apart / 2
        first = labels[np.unravel_index(np.hypot(near, side).argmin(), labels.shape)]
        wrong = (mask & (labels == first)) != (mask & (near < middle))
        away.append(wrong.sum() / (2 * np.sqrt(one**2 - (0.85 * one) ** 2)))
    assert np.mean(away) < 0.75  # pixels; 1.8 and 1.0 when ties went to the smaller number


def test_seeds_grow_over_what_they_reach_and_not_through_background():
    mask = np.ones((5, 9), bool)
    mask[:, 4] = False
    seeds = np.zeros((5, 9), int)
    seeds[2, 3] = 7
    assert grow(seeds, mask).tolist() == np.where(np.arange(9) < 4, 7 * mask, 0).tolist()
    assert grow(seeds * 0, mask).sum() == 0
    assert grow(np.ones((1, 1), int), np.ones((1, 1), bool)).tolist() == [[1]]
