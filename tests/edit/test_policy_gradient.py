"""Advantages beside a loop, and an agent that learns what it is rewarded for."""

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode
from numpy.testing import assert_allclose

from kontur.edit.agent import Agent, judge
from kontur.edit.config import EpisodeConfig
from kontur.edit.env import VectorContourEnv
from kontur.edit.policy_gradient import LearnConfig, advantages, learn, play
from kontur.models.snake.moves import MOVE, STOP
from tests.edit import drawn


def agent(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Agent(drawn.config())


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


def test_log_probabilities_and_entropy_are_those_of_the_distributions():
    rng = torch.Generator().manual_seed(0)
    distances, modes = torch.randn(3, 5, 7, generator=rng), torch.randn(3, 3, generator=rng)
    actions = torch.tensor([[MOVE, 1, 2, 3, 4, 5], [STOP, 0, 0, 0, 0, 0], [MOVE, 6, 6, 0, 0, 1]])
    judged = judge(distances, modes, torch.zeros(3, 5), actions)
    of_modes = torch.distributions.Categorical(logits=modes)
    of_points = torch.distributions.Categorical(logits=distances)
    moved = torch.tensor([1.0, 0, 1])
    assert_allclose(judged.modes, of_modes.log_prob(actions[:, 0]), rtol=1e-5)
    assert_allclose(
        judged.distances, of_points.log_prob(actions[:, 1:]) * moved[:, None], rtol=1e-5
    )
    expected = of_modes.entropy() + of_points.entropy().mean(-1) * moved
    assert_allclose(judged.entropy, expected, rtol=1e-5)


def test_what_was_played_is_judged_the_same_again():
    env = VectorContourEnv(drawn.cases(), 5, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    played = play(env, agent(), torch.Generator().manual_seed(0))
    kept = played.going
    again = agent().judged(
        torch.from_numpy(played.observations[kept]), torch.from_numpy(played.actions[kept])
    )
    assert_allclose(again.modes.detach(), played.modes[kept], atol=1e-5)
    assert_allclose(again.distances.detach(), played.distances[kept], atol=1e-5)
    assert (kept[0] & (kept.sum(axis=0) >= 1)).all()
    assert (np.diff(kept.astype(int), axis=0) <= 0).all()  # what has ended does not go on


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
