"""Tiles: every pixel has one owner, windows show the halo, and begin where strides do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontur.infer.tiling.owners import FIXED_SLACK
from kontur.infer.tiling.tiles import Halo, Tiling

SIZES = st.tuples(st.integers(1, 700), st.integers(1, 700))


@settings(max_examples=25)
@given(SIZES, st.sampled_from([32, 64, 160]), st.sampled_from([32, 96]))
def test_every_pixel_is_in_one_cell_and_every_window_shows_its_cell_and_the_halo(size, side, halo):
    tiling = Tiling(size, side, halo, 20, 32)
    owners, sides = np.zeros(size, int), set()
    for tile in tiling:
        cell, window = tile.cell, tile.window
        rows = slice(cell.top, cell.top + cell.height)
        owners[rows, cell.left : cell.left + cell.width] += 1
        assert window.top % 32 == 0
        assert window.left % 32 == 0
        assert window.top <= max(0, cell.top - halo)
        assert window.left <= max(0, cell.left - halo)
        sides.add((-(-window.height // 32), -(-window.width // 32)))
        assert window.top + window.height >= min(size[0], cell.top + cell.height + halo)
        assert window.left + window.width >= min(size[1], cell.left + cell.width + halo)
        assert window.top + window.height <= size[0]
        assert window.left + window.width <= size[1]
    assert (owners == 1).all()
    assert len(sides) == 1  # padded, all are of one size
    assert len(tiling) == len(list(tiling))


def test_a_tile_trusts_what_is_as_far_from_its_window_s_border_as_the_network_sees():
    tiling = Tiling((300, 300), 100, 64, 40, 4)
    assert tiling.trusted(tiling.tile(1, 1)) == (36 + 40, 36 + 40, 264 - 40, 264 - 40)
    x0, y0, x1, y1 = tiling.trusted(tiling.tile(0, 2))
    assert (x0, y0) == (72 + 40, -np.inf)
    assert (x1, y1) == (np.inf, 228 - 40)


ALL = [True] * 4


def test_a_tile_becomes_wider_until_it_shows_the_most():
    tiling = Tiling((9000, 9000), 256, 128, 96, 32)
    tile, halos = tiling.tile(9, 9), []
    while tile is not None:
        assert len(set(tile.halo)) == 1
        halos.append(tile.halo.left)
        tile = tiling.wider(tile, ALL)
    assert halos == [128, 160, 224, 352, 608, 1120]
    assert halos[-1] >= tiling.farthest + tiling.reach


def test_only_the_sides_that_hide_something_become_wider():
    tiling = Tiling((9000, 9000), 256, 128, 96, 32)
    tile = tiling.tile(9, 9)
    right = tiling.wider(tile, [False, False, True, False])
    assert right.halo == (128, 128, 160, 128)
    assert right.window == (*tile.window[:3], tile.window.width + 32)
    both = tiling.wider(right, [False, True, True, False])
    assert both.halo == (128, 160, 224, 128)
    assert both.window.top == tile.window.top - 32
    most = tiling.tile(9, 9, Halo(1120, 128, 128, 128))
    assert tiling.wider(most, [True, True, False, False]) is None
    assert tiling.wider(most, [False, True, False, False]) is not None


@pytest.mark.parametrize("row", [0, 1])
def test_what_comes_later_reaches_no_farther_up_than_objects_may(row):
    tiling = Tiling((5000, 300), 2048, 96, 64, 32)
    assert tiling.settled_above(row) == (row + 1) * 2048 - 2048
    assert tiling.settled_above(2) == np.inf


def test_objects_of_their_first_pixel_reach_down_as_far_as_they_like():
    tiling = Tiling((5000, 300), 256, 96, 64, 32, by_first_pixel=True)
    assert tiling.farthest == np.inf
    assert tiling.settled_above(0) == 256 - 48
    assert 2 * FIXED_SLACK + 1 < 48  # beside a cell, and above what of a top lies there
