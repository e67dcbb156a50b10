"""Assignment on sparse pairs against scipy and against trying everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linear_sum_assignment

from kontur.evaluate.matching import assign, match
from tests.evaluate import oracles

# Coarse values make ties, zeros make the graph sparse.
overlaps = st.tuples(st.integers(0, 5), st.integers(0, 5)).flatmap(
    lambda shape: arrays(float, shape, elements=st.sampled_from([0, 0, 0, 0.2, 0.3, 0.5, 0.7, 1]))
)


@given(overlaps, st.sampled_from([0.1, 0.3, 0.5]))
@settings(max_examples=100)
def test_matches_are_the_best_of_all_assignments(iou, threshold):
    rows, cols = np.nonzero(iou)
    pairs = match(rows, cols, iou[rows, cols], threshold)
    assert len(set(rows[pairs])) == len(set(cols[pairs])) == len(pairs)
    number, total = oracles.best_matching(iou, threshold)
    assert len(pairs) == number
    assert iou[rows, cols][pairs].sum() == pytest.approx(total)


@pytest.mark.parametrize("density", [0.01, 0.05, 0.5])
def test_large_sparse_assignments_agree_with_scipy(density):
    rng = np.random.default_rng(7)
    weights = rng.random((120, 150)) * (rng.random((120, 150)) < density)
    rows, cols = np.nonzero(weights)
    pairs = assign(rows, cols, weights[rows, cols])
    assert len(set(rows[pairs])) == len(set(cols[pairs])) == len(pairs)
    best = weights[linear_sum_assignment(-weights)].sum()
    assert weights[rows, cols][pairs].sum() == pytest.approx(best)


def test_a_chain_gives_up_its_best_pair_for_one_pair_more():
    # true 0 overlaps both found, true 1 only the first: greedy choice would leave true 1 alone
    rows, cols, iou = np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.45, 0.2, 0.21])
    assert match(rows, cols, iou, 0.2).tolist() == [1, 2]
    assert match(rows, cols, iou, 0.3).tolist() == [0]
    assert assign(rows, cols, iou).tolist() == [0]  # by weight alone the best pair wins


def test_no_pairs_match_nothing():
    none = np.zeros(0, dtype=np.int64)
    assert len(match(none, none, np.zeros(0), 0.5)) == 0
    assert len(assign(none, none, np.zeros(0))) == 0


def test_a_pair_at_the_threshold_matches():
    one = np.zeros(1, dtype=np.int64)
    assert len(match(one, one, np.array([11 / 20]), 0.55)) == 1
