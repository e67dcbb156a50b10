"""By how much the stage moved, from the centres of what is seen before and after."""

import numpy as np
import pytest

from kontur.infer.stacks.displacement import displacement

AREA = 100.0  # a diameter of 11.3


def moved(before, after, **areas):
    sizes = np.full(len(before), AREA), np.full(len(after), areas.get("area", AREA))
    return displacement(np.array(before, float), np.array(after, float), *sizes).tolist()


def crowd(count, side=400.0, seed=0):
    return np.random.default_rng(seed).uniform(0, side, (count, 2))


@pytest.mark.parametrize("step", [(0, 0), (3, -2), (30, 14), (-25, 31)])
@pytest.mark.parametrize("count", [2, 5, 60, 400])
def test_a_common_step_is_found_among_few_and_many(count, step):
    before = crowd(count)
    jitter = np.random.default_rng(1).normal(0, 0.5, before.shape)
    found = moved(before, (before + step + jitter)[::-1])
    assert np.hypot(*np.subtract(found, step)) < 1


def test_what_comes_and_goes_does_not_hide_it():
    before, new = crowd(50), crowd(12, seed=2)
    found = moved(before[:40], np.concatenate([np.add(before[10:], (20, -18)), new]))
    assert found == pytest.approx([20, -18], abs=0.5)


def test_objects_that_move_each_in_a_direction_of_their_own_have_none():
    before = crowd(60)
    angle = np.random.default_rng(3).uniform(0, 2 * np.pi, 60)
    steps = 20 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert moved(before, before + steps) == [0, 0]


def test_one_object_or_none_or_others_by_their_size_tell_nothing():
    assert moved([(10, 10)], [(30, 10)]) == [0, 0]
    assert moved(np.zeros((0, 2)), [(30, 10), (50, 50)]) == [0, 0]
    before = crowd(20)
    assert moved(before, before + 20, area=3 * AREA) == [0, 0]
    assert moved(before, before + 500) == [0, 0]
