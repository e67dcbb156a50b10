"""Which objects are around an object: against a loop over all pairs, and who is left out."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from kontur.models.snake import neighbours as module
from kontur.models.snake.neighbours import MIDDLE, NEAR, nearest_objects, neighbours


def contours(m, n=24, seed=0, over=90):
    rng = np.random.default_rng(seed)
    return (rng.uniform(0, over, (m, 1, 2)) + rng.normal(0, 3, (m, n, 2))).astype(np.float32)


def naive_nearest(rings, image_index, count, sure):
    found = np.full((len(rings), count), -1)
    for i, own in enumerate(rings):
        far = []
        for j, other in enumerate(rings):
            if i != j and image_index[i] == image_index[j] and sure[j]:
                low, high = (
                    np.maximum(other.min(0), own.min(0)),
                    np.minimum(own.max(0), other.max(0)),
                )
                gaps = np.maximum(low - high, 0)
                if np.hypot(*gaps) > NEAR * (own.max(0) - own.min(0)).max():
                    continue
                middles = (other.min(0) + other.max(0) - own.min(0) - own.max(0)) / 2
                far.append((np.hypot(*gaps) + np.hypot(*middles) * MIDDLE, j))
        for place, (_, j) in enumerate(sorted(far)[:count]):
            found[i, place] = j
    return found


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_nearest_are_those_of_a_loop_over_all_pairs(count, monkeypatch):
    rings, rng = contours(40), np.random.default_rng(1)
    image_index, sure = rng.integers(0, 3, 40), rng.random(40) < 0.7
    expected = naive_nearest(rings, image_index, count, sure)
    assert_array_equal(nearest_objects(rings, image_index, count, sure), expected)
    monkeypatch.setattr(module, "ROWS", 4)
    assert_array_equal(nearest_objects(rings, image_index, count, sure), expected)


def test_a_neighbour_is_seen_with_its_thinned_points_and_a_missing_one_is_no_number():
    rings = contours(3, n=64, over=20)
    seen = neighbours(rings, np.array([0, 0, 1]), 2, np.ones(3, bool))
    assert seen.shape == (3, 2, 16, 2)
    assert_array_equal(seen[0, 0], rings[1, ::4])
    assert_array_equal(seen[1, 0], rings[0, ::4])
    assert np.isnan(seen[[0, 1], 1]).all()
    assert np.isnan(seen[2]).all()
    few = neighbours(rings[:, :9], np.zeros(3, int), 1, np.ones(3, bool))
    assert few.shape == (3, 1, 9, 2)


def test_who_is_not_sure_or_no_number_sees_others_or_nobody_and_is_seen_by_none():
    rings = contours(4, over=20)
    rings[3] = np.nan
    seen = nearest_objects(rings, np.zeros(4, int), 3, np.array([True, True, False, True]))
    assert sorted(seen[2]) == [-1, 0, 1]
    assert 2 not in seen
    assert 3 not in seen
    assert (seen[3] == -1).all()


def test_what_is_farther_away_than_an_object_is_long_is_no_neighbour_of_it():
    square = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]], np.float32)
    rings = square + np.array([[[0, 0]], [[20, 0]], [[30.1, 0]]], np.float32)
    alone = nearest_objects(rings, np.zeros(3, int), 2, np.ones(3, bool))
    assert alone.tolist() == [[1, -1], [2, 0], [1, -1]]


def test_no_objects_have_no_neighbours():
    none = np.zeros((0, 32, 2), np.float32), np.zeros(0, int)
    assert neighbours(*none, 4, np.zeros(0, bool)).shape == (0, 4, 16, 2)
