"""Many rings at once are as each by itself, whatever stands beside it."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from kontur.geometry import ragged_rings, ring
from kontur.geometry.ragged_rings import RaggedRings

SQUARE = np.array([[0.0, 0], [4, 0], [4, 4], [0, 4]])
FAR = SQUARE[::-1] * 30 + 20_000  # the other way round, and nowhere near
POINT = np.array([[7.0, 7.0]])
NOTHING = np.empty((0, 2))


def crowds(fewest=1):
    """Any rings of points on a grid of quarters, of which some stand still or cross themselves."""
    quarters = st.integers(-40, 40).map(lambda n: n / 4)
    one = st.integers(fewest, 9).flatmap(lambda n: arrays.arrays(float, (n, 2), elements=quarters))
    return st.lists(one, max_size=6)


def same(found, expected):
    assert len(found) == len(expected)
    for one, by_itself in zip(found.split(), expected, strict=True):
        assert one.shape == by_itself.shape
        assert_allclose(one, by_itself, atol=1e-9)


@given(crowds(fewest=0))
def test_areas_perimeters_and_tops_are_those_of_each_ring(crowd):
    together = RaggedRings.of(crowd)
    assert_allclose(ragged_rings.signed_areas(together), [ring.signed_area(each) for each in crowd])
    assert_allclose(ragged_rings.perimeters(together), [ring.perimeter(each) for each in crowd])
    same(ragged_rings.canonical(together), [ring.canonical(each) for each in crowd])


@given(crowds(), st.sampled_from([0.0, 0.02, 0.3]))
def test_extremes_are_those_of_each_ring(crowd, tolerance):
    expected = [ring.extremes(each, tolerance) for each in crowd]
    found = ragged_rings.extremes(RaggedRings.of(crowd), tolerance)
    assert_array_equal(found, np.reshape(expected, (-1, 4, 2)))


@given(crowds(), st.lists(st.integers(1, 30), min_size=6, max_size=6))
def test_each_ring_is_resampled_to_its_own_number_of_points(crowd, numbers):
    counts = np.array(numbers[: len(crowd)], np.int64)
    expected = [ring.resample(each, int(n)) for each, n in zip(crowd, counts, strict=True)]
    same(ragged_rings.resample(RaggedRings.of(crowd), counts), expected)


@given(crowds(fewest=0), st.sampled_from([0.0, 0.5, 3.0]))
def test_each_ring_is_smoothed_by_itself(crowd, window):
    same(
        ragged_rings.smooth(RaggedRings.of(crowd), window),
        [ring.smooth(each, window) for each in crowd],
    )


def test_a_ring_far_away_takes_no_digits_from_its_neighbours():
    crowd = RaggedRings.of([FAR, SQUARE, FAR])
    assert_allclose(ragged_rings.smooth(crowd, 2.0).split()[1], ring.smooth(SQUARE, 2.0), atol=1e-9)
    assert_allclose(ragged_rings.resample(crowd, 7).split()[1], ring.resample(SQUARE, 7), atol=1e-9)


def test_rings_without_points_or_without_length_leave_the_others_as_they_are():
    crowd = RaggedRings.of([NOTHING, SQUARE, POINT, NOTHING])
    same(ragged_rings.canonical(crowd), [NOTHING, ring.canonical(SQUARE), POINT, NOTHING])
    same(ragged_rings.smooth(crowd, 1.0), [NOTHING, ring.smooth(SQUARE, 1.0), POINT, NOTHING])
    assert ragged_rings.perimeters(crowd).tolist() == [0, 16, 0, 0]


def test_an_open_line_is_walked_from_its_first_point_and_its_end_left_out():
    bent = np.array([[0.0, 0], [2, 0], [2, 2]])
    found = ragged_rings.resample_lines(RaggedRings.of([bent, POINT, bent[:2]]), 4).split()
    assert found[0].tolist() == [[0, 0], [1, 0], [2, 0], [2, 1]]
    assert found[1].tolist() == POINT.tolist() * 4
    assert found[2].tolist() == [[0, 0], [0.5, 0], [1, 0], [1.5, 0]]


def test_no_rings_give_no_points():
    none = RaggedRings.of([])
    assert none.split() == []
    assert ragged_rings.extremes(none).shape == (0, 4, 2)
    for found in (
        ragged_rings.canonical(none),
        ragged_rings.smooth(none, 1.0),
        ragged_rings.resample(none, 8),
    ):
        assert (len(found), found.points.shape) == (0, (0, 2))


def test_rings_are_taken_by_their_places_and_by_a_mask():
    crowd = RaggedRings.of([SQUARE, POINT, NOTHING, FAR])
    same(crowd.take(np.array([3, 0])), [FAR, SQUARE])
    same(crowd.take(np.array([False, True, True, False])), [POINT, NOTHING])
    same(crowd.take(np.array([], np.int64)), [])
    same(RaggedRings.equal(np.stack([SQUARE, FAR])), [SQUARE, FAR])


def test_a_count_of_no_points_is_refused_and_so_is_a_ring_without_any():
    with pytest.raises(ValueError, match="of 4 points, count 0"):
        ragged_rings.resample(RaggedRings.of([POINT, SQUARE]), np.array([3, 0]))
    with pytest.raises(ValueError, match="of 0 points, count 5"):
        ragged_rings.resample(RaggedRings.of([SQUARE, NOTHING]), 5)


def test_one_ring_without_points_among_others_has_no_extremes():
    with pytest.raises(ValueError, match="without points"):
        ragged_rings.extremes(RaggedRings.of([SQUARE, NOTHING]))
