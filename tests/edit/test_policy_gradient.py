"""Advantages beside a loop, and an agent that learns what it is rewarded for."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from kontur.edit.config import EpisodeConfig
from kontur.edit.policy_gradient import LearnConfig, advantages, learn
from tests.edit import drawn
from tests.edit.drawn import agent


def naive_advantages(rewards, values, lengths, discount, trace):
    """The sum of discounted surprises, each written out."""
    found = np.zeros_like(rewards)
    for m, length in enumerate(lengths):
        for t in range(length):
            for later in range(t, length):
                after = values[later + 1, m] if later + 1 < length else 0
                surprise = rewards[later, m] + discount * after - values[later, m]
                found[t, m] += (discount * trace) ** (later - t) * surprise
    return found


@pytest.mark.parametrize(("discount", "trace"), [(1, 1), (0.9, 0.8), (1, 0), (0.5, 1)])
@pytest.mark.parametrize("points", [(), (4,)])
def test_advantages_are_the_sums_that_they_are_defined_as(discount, trace, points):
    rng = np.random.default_rng(0)
    rewards, values = rng.normal(size=(2, 6, 5, *points))
    lengths = [6, 1, 3, 4, 6]
    going = np.arange(6)[:, None] < lengths
    found = advantages(rewards, values, going, discount=discount, trace=trace)
    assert_allclose(found, naive_advantages(rewards, values, lengths, discount, trace), atol=1e-12)


def test_with_a_trace_of_one_advantages_are_returns_less_values():
    rewards = np.array([[1.0], [2], [3]])
    values = np.array([[0.5], [0.25], [0]])
    found = advantages(rewards, values, np.ones((3, 1), bool), discount=1, trace=1)
    assert_allclose(found[:, 0], [6 - 0.5, 5 - 0.25, 3])


def test_an_agent_learns_to_correct_drawn_contours():
    cases, learner = drawn.of_polygons(*DISCS, size=(96, 96)), agent()
    config = LearnConfig(contours=48, rate=5e-3, batch=96, baseline=2)
    # Only far too small contours: what helps is to go outwards, and to stop.
    episodes = EpisodeConfig(perturbed=1, jitter=0, corners=(4, 5))
    updates = learn(lambda: cases, learner, episodes, config, seconds=60, seed=0)
    returns = [next(updates)["return"] for _ in range(16)]
    assert np.mean(returns[-3:]) > np.mean(returns[:3]) + 0.1


DISCS = [drawn.disc(20 + 56 * x, 20 + 56 * y, 14) for x in (0, 1) for y in (0, 1)]


def test_with_shared_credit_every_point_learns_from_the_whole_contour():
    cases, config = drawn.cases(), LearnConfig(contours=8, credit="shared")
    updates = learn(lambda: cases, agent(), EpisodeConfig(), config, seconds=60, seed=0)
    shown = next(updates)
    assert shown["updates"] == 1
    assert all(np.isfinite(value) for value in shown.values())
