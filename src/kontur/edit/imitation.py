"""What a greedy teacher would do, and an agent that learns to do it before it learns from reward.

The teacher knows the true object: every point takes the distance that brings most at once, and the
contour stops where nothing worth a step is left to bring. It is a baseline (what an agent could
reach that looks one step ahead), and its actions are labels: learning from them point by point, on
the states that the agent itself gets into (Ross et al., A Reduction of Imitation Learning and
Structured Prediction to No-Regret Online Learning, 2011), is quick and takes an agent to where
reward has something to choose among.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float, Int, Integer
from torch import Tensor, nn
from torch.nn import functional

from kontur.edit.agent import Agent
from kontur.edit.cases import Cases
from kontur.edit.config import EpisodeConfig
from kontur.edit.episodes import Episodes
from kontur.models.snake.moves import MOVE, STOP, outward

LEAST_GAIN = 4.0  # step costs that a step must bring, or the teacher stops
LARGEST_GRADIENT = 1.0
SURER = 3.0  # times are the logits after imitation


def teach(
    episodes: Episodes, places: Int[np.ndarray, " j"]
) -> tuple[Integer[np.ndarray, "j a"], Float[np.ndarray, " j"]]:
    """The greedy actions of some episodes by the truth, and what they would bring together."""
    rings, objects = episodes.rings[places], episodes.objects[places]
    normals = outward(rings) * episodes.unit[places][:, None, None]
    brought = np.zeros((len(episodes.distances), *rings.shape[:2]), np.float32)
    for k, distance in enumerate(episodes.distances[1:], start=1):
        brought[k] = episodes.measure.gains(objects, rings, rings + normals * distance)[0]
    best, total = brought.argmax(axis=0), brought.max(axis=0).sum(axis=1)
    worth = total >= LEAST_GAIN * episodes.config.step_cost
    mode = np.where(worth, MOVE, STOP)
    return np.concatenate([mode[:, None], best * worth[:, None]], axis=1), total


def imitate(
    cases: Callable[[], Cases],
    agent: Agent,
    config: EpisodeConfig,
    *,
    seconds: float,
    seed: int,
    contours: int = 192,
    rate: float = 2e-3,
    fresh: float = 60.0,
) -> Iterator[dict[str, float]]:
    """Teach the agent for so many seconds of processor time; what each update showed.

    At the end it is made surer (`SURER`): labels are uncertain, so an agent that matches them draws
    many different actions, and would learn from reward how bad it is to draw, and to stop at once.
    Arguments as of `policy_gradient.learn`.
    """
    generator = torch.Generator().manual_seed(seed)
    generators = [np.random.default_rng(seed + i) for i in range(contours)]
    optimiser = torch.optim.Adam(agent.policy.parameters(), lr=rate)
    spent, used, updates = 0.0, np.inf, 0
    episodes: Episodes | None = None
    everywhere = np.arange(contours)
    while spent < seconds:
        if episodes is None or used > fresh:
            episodes, used = Episodes(cases(), contours, config), 0.0
        begin = time.process_time()
        episodes.begin(everywhere, generators)
        if not agent.has_seen:
            agent.standardise(episodes.observations())
        left = max(0.0, 1 - spent / seconds)
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, 2 * left)
        losses = []
        for _ in range(episodes.polish.steps):
            observations = episodes.observations()
            labels, _ = teach(episodes, everywhere)
            loss = _missed(agent, torch.from_numpy(observations), torch.from_numpy(labels))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(agent.policy.parameters(), LARGEST_GRADIENT)
            optimiser.step()
            losses.append(loss.item())
            actions, _ = agent.sample(observations, generator)
            actions[:, 0] = MOVE  # also those who would stop go on
            episodes.act(actions, everywhere)
        updates += 1
        took = time.process_time() - begin
        spent, used = spent + took, used + took
        yield {"elapsed": spent, "updates": updates, "missed": float(np.mean(losses))}
    agent.sharpen(SURER)


def _missed(
    agent: Agent, observations: Float[Tensor, "m n c"], labels: Integer[Tensor, "m a"]
) -> Tensor:
    """The cross-entropy of the teacher's actions."""
    distances, modes = agent.policy(observations)
    moved = labels[:, 0] == MOVE
    lost = functional.cross_entropy(modes, labels[:, 0])
    if moved.any():
        k = distances.shape[-1]
        lost = lost + functional.cross_entropy(
            distances[moved].reshape(-1, k), labels[moved, 1:].reshape(-1)
        )
    return lost
