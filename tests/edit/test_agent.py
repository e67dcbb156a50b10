"""The agent's distributions: log-probabilities, entropy, judged again."""

import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from numpy.testing import assert_allclose

from kontur.edit.agent import judge
from kontur.edit.env import VectorContourEnv
from kontur.edit.policy_gradient import play
from kontur.models.snake.moves import MOVE, STOP
from tests.edit import drawn
from tests.edit.drawn import agent


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
