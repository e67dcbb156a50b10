import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kontur.geometry import ring
from tests.naive import geometry as naive

SQUARE = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
STAR = np.array([[5.0, 0], [6, 4], [10, 5], [6, 6], [5, 10], [4, 6], [0, 5], [4, 4]])


def rings(most=12):
    """Any ring of points on a grid of quarters; it may cross itself or stand still."""
    quarters = st.integers(-40, 40).map(lambda n: n / 4)
    return st.integers(1, most).flatmap(lambda n: arrays.arrays(float, (n, 2), elements=quarters))


def outlines():
    """Rings of valid polygons: random radii around a centre, on the quarter grid."""
    radii = st.lists(st.integers(8, 40), min_size=4, max_size=16)

    def star(values):
        angle = np.arange(len(values)) / len(values) * 2 * np.pi
        points = np.stack([np.cos(angle), np.sin(angle)], -1) * np.array(values)[:, None]
        return np.round(points) / 4

    return radii.map(star).filter(lambda points: shapely.Polygon(points).is_valid)


def as_set(points):
    return {tuple(point) for point in points.round(9).tolist()}


# area, direction, length


@given(rings())
def test_area_changes_sign_with_the_direction_and_not_with_the_start(points):
    area = ring.signed_area(points)
    assert ring.signed_area(points[::-1]) == pytest.approx(-area)
    assert ring.signed_area(np.roll(points, 3, axis=0)) == pytest.approx(area)


@given(outlines())
def test_area_and_perimeter_are_those_of_shapely(points):
    polygon = shapely.Polygon(points)
    assert abs(ring.signed_area(points)) == pytest.approx(polygon.area)
    assert ring.perimeter(points) == pytest.approx(polygon.length)


def test_area_keeps_its_digits_far_from_the_origin():
    assert ring.signed_area(SQUARE + 1e9) == 16
    assert ring.signed_area((SQUARE + 1e4).astype(np.float32)) == 16


@given(rings())
def test_clockwise_keeps_the_points_and_the_first_one(points):
    turned = ring.clockwise(points)
    assert ring.signed_area(turned) >= 0
    assert_array_equal(turned[0], points[0])
    assert as_set(turned) == as_set(points)


def test_rings_without_length_have_no_area_and_no_perimeter():
    nothing = np.empty((0, 2))
    assert ring.signed_area(nothing) == ring.perimeter(nothing) == 0
    assert ring.perimeter(np.array([[3.0, 4.0]])) == 0
    assert ring.clockwise(nothing).shape == (0, 2)
    assert ring.canonical(nothing).shape == (0, 2)


# resampling


@given(rings(), st.integers(1, 20))
def test_resampled_points_lie_at_equal_lengths_around_the_ring(points, count):
    length = ring.perimeter(points)
    resampled = ring.resample(points, count)
    assert_array_equal(resampled[0], points[0])
    if length:
        expected = [naive.walk(points, length * i / count) for i in range(count)]
        assert_allclose(resampled, expected, atol=1e-9)
    else:
        assert_array_equal(resampled, np.repeat(points[:1], count, axis=0))


def test_resampling_a_square_keeps_its_corners_in_their_order():
    assert_allclose(ring.resample(SQUARE, 8)[::2], SQUARE)


def test_resampling_keeps_the_dtype():
    assert ring.resample(SQUARE.astype(np.float32), 8).dtype == np.float32


def test_resampling_a_ring_without_points_is_refused():
    with pytest.raises(ValueError, match="0 points"):
        ring.resample(np.empty((0, 2)), 8)


# smoothing


def staircase(radius=20.0):
    """The outline of a disc of pixels around (30, 30)."""
    angle = np.arange(3600) / 3600 * 2 * np.pi
    fine = np.stack([np.cos(angle), np.sin(angle)], -1) * radius + 30
    steps = np.round(fine)
    path = []
    for (x0, y0), (x1, y1) in zip(steps, np.roll(steps, -1, axis=0), strict=True):
        path += [(x0, y0)] + ([(x1, y0)] if x0 != x1 and y0 != y1 else [])
    moved = np.array(path)
    return moved[np.any(moved != np.roll(moved, 1, axis=0), axis=1)]


def test_smoothing_takes_the_staircase_off_a_disc():
    steps = staircase()
    smooth = ring.smooth(steps, 6.0)
    distance = np.hypot(*(smooth - 30).T)
    assert np.ptp(distance) < 0.5 * np.ptp(np.hypot(*(steps - 30).T))
    assert abs(ring.signed_area(smooth)) == pytest.approx(abs(ring.signed_area(steps)), rel=0.02)
    assert ring.perimeter(smooth) == pytest.approx(2 * np.pi * 20, rel=0.02)


@given(outlines(), st.sampled_from([0.5, 1.0, 3.0]))
@settings(max_examples=25)
def test_a_smoothed_point_is_the_mean_of_the_outline_around_it(points, window):
    smooth = ring.smooth(points, window)
    length = ring.perimeter(points)
    assert len(smooth) == max(16, np.ceil(length / 0.5))
    width = min(window, length / 4)
    across = (np.arange(200) + 0.5) / 200 * width - width / 2
    for i in (0, len(smooth) // 3):
        at = length * i / len(smooth)
        around = [naive.walk(points, (at + each) % length) for each in across]
        assert_allclose(smooth[i], np.mean(around, axis=0), atol=0.01)


@given(outlines())
def test_a_window_of_nothing_changes_nothing(points):
    assert_array_equal(ring.smooth(points, 0), points)


def test_a_wide_window_does_not_make_a_pixel_vanish():
    pixel = np.array([[3.0, 3], [4, 3], [4, 4], [3, 4]])
    smooth = ring.smooth(pixel, 50.0)
    assert ring.signed_area(smooth) > 0.5
    assert_allclose(smooth.mean(axis=0), [3.5, 3.5])


def test_points_given_twice_do_not_disturb_the_smoothing():
    assert_allclose(ring.smooth(np.repeat(SQUARE, 2, axis=0), 1.0), ring.smooth(SQUARE, 1.0))


# extremes


def test_the_extremes_of_a_star_are_its_tips():
    assert ring.extremes(STAR).tolist() == [[5, 0], [10, 5], [5, 10], [0, 5]]


def test_a_flat_side_has_its_middle_as_extreme_though_no_point_lies_there():
    assert ring.extremes(SQUARE).tolist() == [[2, 0], [4, 2], [2, 4], [0, 2]]


def test_a_run_that_passes_the_first_point_is_one_run():
    house = np.array([[4.0, 0], [6, 0], [9, 5], [0, 5], [1, 0], [2, 0]])  # the roof is cut in two
    assert ring.extremes(house)[0].tolist() == [3.5, 0]


def test_of_two_summits_the_longer_counts_and_then_the_one_on_the_left():
    two = np.array([[0.0, 0], [1, 0], [3, 4], [5, 0], [8, 0], [8, 6], [0, 6]])
    assert ring.extremes(two)[0].tolist() == [6.5, 0]
    same = np.array([[0.0, 0], [2, 0], [3, 4], [5, 0], [7, 0], [8, 6], [0, 6]])
    assert ring.extremes(same)[0].tolist() == [1, 0]
    assert ring.extremes(np.roll(same, 4, axis=0))[0].tolist() == [1, 0]


def test_tolerance_takes_in_points_nearly_as_extreme_but_only_beside_the_extreme():
    bump = np.array([[0.0, 1], [4, 0], [8, 1], [20, 90], [30, 1], [40, 50], [20, 100]])
    assert ring.extremes(bump)[0].tolist() == [4, 0]
    assert ring.extremes(bump, 0.02)[0].tolist() == [4, 0]  # (0 + 8) / 2; (30, 1) stands apart
    lopsided = np.array([[0.0, 1], [2, 0], [10, 1], [20, 100]])
    assert ring.extremes(lopsided, 0.02)[0].tolist() == [5, 0]


@given(rings(), st.integers(0, 11), st.sampled_from([0.0, 0.02, 0.3]))
def test_extremes_depend_on_neither_start_nor_direction(points, turn, tolerance):
    expected = ring.extremes(points, tolerance)
    turned = np.roll(points, turn, axis=0)
    assert_array_equal(ring.extremes(turned, tolerance), expected)
    assert_array_equal(ring.extremes(turned[::-1], tolerance), expected)


@given(rings())
def test_extremes_touch_the_four_sides_of_the_box_and_lie_on_the_outline(points):
    top, right, bottom, left = ring.extremes(points)
    x0, y0 = points.min(axis=0)
    x1, y1 = points.max(axis=0)
    assert (top[1], right[0], bottom[1], left[0]) == (y0, x1, y1, x0)
    outline = shapely.LineString(np.concatenate([points, points[:1]]))
    for point in (top, right, bottom, left):
        assert outline.distance(shapely.Point(point)) < 1e-12


@given(outlines())
def test_turning_the_ring_turns_its_extremes(points):
    edges = [points.min(axis=0), points.max(axis=0)]
    assume(all((points == edge).sum(axis=0).max() == 1 for edge in edges))  # no two as extreme
    quarter = np.stack([-points[:, 1], points[:, 0]], axis=-1)  # clockwise on screen
    expected = ring.extremes(points)[[3, 0, 1, 2]]  # what was left is on top now
    assert_array_equal(ring.extremes(quarter), np.stack([-expected[:, 1], expected[:, 0]], -1))


def test_an_empty_ring_has_no_extremes():
    with pytest.raises(ValueError, match="without points"):
        ring.extremes(np.empty((0, 2)))


# the canonical ring


@given(outlines(), st.integers(0, 15))
def test_the_canonical_ring_is_the_same_wherever_the_ring_starts(points, turn):
    expected = ring.canonical(points)
    assert_array_equal(ring.canonical(np.roll(points, turn, axis=0)), expected)
    assert_array_equal(ring.canonical(np.roll(points[::-1], turn, axis=0)), expected)
    assert_array_equal(ring.canonical(expected), expected)


@given(outlines())
def test_the_canonical_ring_starts_at_the_top_and_keeps_the_outline(points):
    found = ring.canonical(points)
    assert_array_equal(found[0], ring.extremes(points)[0])
    assert ring.signed_area(found) > 0
    assert len(found) - len(points) in (0, 1)
    assert as_set(points) <= as_set(found)
    assert ring.signed_area(found) == pytest.approx(abs(ring.signed_area(points)))
    assert ring.perimeter(found) == pytest.approx(ring.perimeter(points))


@given(rings())
def test_the_canonical_ring_of_anything_starts_at_the_top(points):
    assume(len(points) > 1)
    found = ring.canonical(points)
    assert_array_equal(found[0], ring.extremes(points)[0])
    assert ring.perimeter(found) == pytest.approx(ring.perimeter(points))


def test_rings_keep_their_dtype():
    small = SQUARE.astype(np.float32)
    made = [
        ring.canonical(small),
        ring.clockwise(small),
        ring.extremes(small),
        ring.smooth(small, 1.0),
    ]
    assert {each.dtype for each in made} == {np.dtype(np.float32)}


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "use",
    [
        ring.extremes,
        ring.canonical,
        lambda points: ring.resample(points, 4),
        lambda points: ring.smooth(points, 1.0),
    ],
)
def test_points_that_are_not_finite_are_refused_with_what_to_do(use, wrong):
    points = np.array([[0.0, 0], [4, wrong], [4, 4]])
    with pytest.raises(ValueError, match=r"must be finite, got .*polygons\.repair"):
        use(points)
