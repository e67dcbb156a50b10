"""Candidates that come tile by tile: the objects are those of all candidates at once."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from kontur.models.candidates import Candidates
from kontur.models.card import Thresholds
from kontur.models.resolve import resolve
from kontur.models.resolve_parts import PartialResolve

SIZE, CELL, FARTHEST = (120, 60), 20, 15
THRESHOLDS = Thresholds(score=0.2, overlap=0.3)


def candidates(rng, count, labels=2):
    corners = rng.uniform(0, [SIZE[1] - 4, SIZE[0] - 4], (count, 2))
    sides = rng.uniform(3, 2 * FARTHEST - 1, (count, 2))
    boxes = np.concatenate([corners - sides / 2, corners + sides / 2], axis=1)
    return Candidates(
        shapely.box(*boxes.T),
        rng.random(count) < 0.2,
        rng.random(count).round(3),
        rng.integers(0, labels, count),
        boxes,
        SIZE,
        ("a", "b"),
    )


def by_tile(every):
    """The candidates of each cell, row by row, by their centres."""
    cells = (every.owner_points // CELL).astype(int)
    for row in range(SIZE[0] // CELL):
        for column in range(SIZE[1] // CELL):
            yield row, every.selected((cells == [column, row]).all(axis=1))


def in_parts(every):
    parts = PartialResolve(SIZE, every.classes, THRESHOLDS)
    results, waiting, row = [], [], 0
    for number, own in by_tile(every):
        if number != row:
            results.append(parts.settle(number * CELL - FARTHEST))
            waiting.append(len(parts._waiting))
            row = number
        parts.add(own, np.zeros(len(own), bool), np.ones(len(own), bool))
    return [*results, parts.settle(np.inf)], waiting


@settings(max_examples=30)
@given(st.integers(0, 150), st.integers(0, 10**6))
def test_the_objects_are_those_of_all_candidates_at_once(count, seed):
    every = candidates(np.random.default_rng(seed), count)
    whole = resolve(every, THRESHOLDS)
    parts, _ = in_parts(every)
    found = np.concatenate([part.instances.polygons for part in parts])
    scores = np.concatenate([part.instances.scores for part in parts])
    assert sum(part.repaired for part in parts) == whole.repaired
    assert_allclose(np.sort(scores), np.sort(whole.instances.scores))
    assert sorted(shapely.to_wkb(found)) == sorted(shapely.to_wkb(whole.instances.polygons))


def test_what_is_settled_is_given_at_once_and_no_longer_held():
    rng = np.random.default_rng(0)
    every = candidates(rng, 200)
    parts, waiting = in_parts(every)
    assert all(len(part.instances) for part in parts[2:])
    assert max(waiting) < 110  # of 200, in six rows


def box(x0, y0, x1, y1, score, tile_size=SIZE):
    boxes = np.array([[x0, y0, x1, y1]], float)
    yes = np.ones(1)
    return Candidates(
        shapely.box(*boxes.T), yes < 0, score * yes, (yes * 0).astype(int), boxes, SIZE, ("a",)
    )


@pytest.mark.parametrize("better", [0, 1])
def test_what_two_tiles_give_is_one_object_even_where_nothing_is_suppressed(better):
    parts = PartialResolve(SIZE, ("a",), Thresholds(score=0.1, overlap=1.0))
    scores = (0.9, 0.8) if better == 0 else (0.8, 0.9)
    for score in scores:
        parts.add(box(10, 10, 30, 30, score), np.ones(1, bool), np.ones(1, bool))
    another = np.zeros(1, bool)  # for it is not near a border
    parts.add(box(10, 10, 30, 30, 0.5), another, np.ones(1, bool))
    assert parts.settle(np.inf).instances.scores.tolist() == [0.9, 0.5]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("scores", [(0.9, 0.8), (0.8, 0.9)])
def test_of_what_two_tiles_give_that_of_the_cell_in_which_it_lies_stays(first, scores):
    parts = PartialResolve(SIZE, ("a",), Thresholds(score=0.1, overlap=1.0))
    for score, inside in zip(scores, (first, not first), strict=True):
        parts.add(box(10, 10, 30, 30, score), np.ones(1, bool), np.array([inside]))
    assert parts.settle(np.inf).instances.scores.tolist() == [scores[0 if first else 1]]


def test_what_was_given_keeps_away_a_worse_one_of_the_next_row_and_comes_once():
    parts = PartialResolve(SIZE, ("a",), THRESHOLDS)
    parts.add(box(10, 0, 30, 30, 0.9), np.zeros(1, bool), np.ones(1, bool))
    parts.add(box(10, 2, 30, 34, 0.5), np.zeros(1, bool), np.ones(1, bool))
    first = parts.settle(32)
    assert first.instances.scores.tolist() == [0.9]
    assert len(parts.settle(np.inf).instances) == 0


def test_nothing_comes_of_nothing():
    parts = PartialResolve(SIZE, ("a",), THRESHOLDS)
    assert len(parts.settle(10).instances) == 0
    assert parts.settle(np.inf).instances.size == SIZE
