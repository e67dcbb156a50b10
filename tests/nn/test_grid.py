"""Places that floats hold exactly."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kontur.nn.grid import PARTS, to_grid

FARTHEST = 2**24 // PARTS


@given(
    st.floats(-100, 100, width=32),
    st.integers(0, (FARTHEST - 200) * 16),
    st.integers(0, (FARTHEST - 200) * 16),
)
def test_a_move_ends_at_the_same_place_wherever_it_begins(move, first, other):
    moves = to_grid(torch.tensor([move]))
    assert abs(moves.double() - move) <= 0.5 / PARTS + 1e-6
    for start in (first / 16, other / 16):
        there = torch.tensor([start], dtype=torch.float32) + moves
        assert there.double() == start + moves.double()


def test_gradients_pass_as_if_nothing_were_rounded():
    moves = torch.tensor([0.3, -7.1], requires_grad=True)
    rounded = to_grid(moves)
    assert torch.equal(rounded, to_grid(moves.detach()))
    (rounded * torch.tensor([2.0, 3.0])).sum().backward()
    assert moves.grad.tolist() == [2, 3]


@pytest.mark.parametrize("moves", [[], [float("nan")], [float("inf")]])
def test_no_moves_and_those_that_are_no_numbers_stay_as_they_are(moves):
    given = torch.tensor(moves)
    assert torch.equal(to_grid(given).nan_to_num(1), given.nan_to_num(1))
