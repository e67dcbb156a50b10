"""Anchors where one would draw them, and their objects as by trying every pair."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kontur.geometry import boxes
from kontur.geometry.anchors import BACKGROUND, UNSURE, anchors, match
from tests.naive import geometry as naive


def test_anchors_stand_in_the_middle_of_their_cells_from_the_finest_level_on():
    found = anchors((16, 24), [4, 8], sizes=[1, 2], ratios=[0.5, 1, 2])
    assert len(found) == (4 * 6 + 2 * 3) * 6
    middles = (found[:, :2] + found[:, 2:]) / 2
    assert_allclose(middles[[0, 5, 6, 36]], [[2, 2], [2, 2], [6, 2], [2, 6]])
    assert_allclose(middles[[144, 150]], [[4, 4], [12, 4]])
    side = found[:, 2:] - found[:, :2]
    assert_allclose(boxes.area(found[:6]), [16, 16, 16, 64, 64, 64])
    assert_allclose(side[:3, 1] / side[:3, 0], [0.5, 1, 2])
    assert_allclose(boxes.area(found[144:147]), 64)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_matching_is_that_of_every_pair(count, monkeypatch):
    monkeypatch.setattr("kontur.geometry.anchors.CHUNK", 100)  # several parts
    rng = np.random.default_rng(count)
    every = anchors((32, 32), [8, 16], sizes=[1.5], ratios=[0.5, 1, 2])
    corner = rng.uniform(0, 24, (count, 2))
    objects = np.concatenate([corner, corner + rng.uniform(2, 16, (count, 2))], axis=1)
    found = match(every, objects, low=0.3, high=0.6)
    assert found.tolist() == naive.match_anchors(every, objects, 0.3, 0.6)
    assert len(set(found.tolist()) & set(range(count))) >= count - 1  # two share their best


def test_a_perfect_anchor_is_its_object_s_and_a_distant_one_background():
    every = anchors((16, 16), [8], sizes=[1], ratios=[1])
    found = match(every, np.array([[0.0, 0, 8, 8], [8, 10, 16, 16]]), low=0.3, high=0.9)
    assert found.tolist() == [0, BACKGROUND, BACKGROUND, 1]
    half = match(every, np.array([[0.0, 0, 8, 8], [0, 0, 8, 4]]), low=0.3, high=1.1)
    assert half[0] == 1  # the best anchor of both: the later has it
    assert UNSURE not in half
