"""A greedy teacher that knows the truth, and an agent that imitates it, before any reward.

How much a contour gains by each distance of each of its points is known without trying them
(`kontur.geometry.area_field.gains`); the teacher takes the best of every point, and stops where
nothing worth a step is left. It is a baseline: what an agent could reach that looks one step ahead
and sees the truth. Its actions are labels: to imitate them point by point, on the states that the
agent itself gets into (Ross et al., A Reduction of Imitation Learning and Structured Prediction to
No-Regret Online Learning, 2011), is what a supervised stage does. It knows nothing of what a
mistake costs, but it is quick, and takes an agent to where reward has something to choose among.
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


def teach(episodes: Episodes, places: Int[np.ndarray, " j"]) -> Integer[np.ndarray, "j a"]:
    """The greedy actions of some episodes, by the truth."""
    gained = gains_at_once(episodes, places)
    worth = gained.max(axis=-1).sum(axis=1) >= LEAST_GAIN * episodes.config.step_cost
    mode = np.where(worth, MOVE, STOP)
    return np.concatenate([mode[:, None], gained.argmax(axis=-1) * worth[:, None]], axis=1)


def gains_at_once(episodes: Episodes, places: Int[np.ndarray, " j"]) -> Float[np.ndarray, "j n k"]:
    """The share of the gain that each of k distances of every point would bring at once."""
    rings, objects = episodes.rings[places], episodes.objects[places]
    normals = outward(rings) * episodes.unit[places][:, None, None]
    gained = np.zeros((*rings.shape[:2], len(episodes.distances)), np.float32)
    before = episodes.sides.take(places)
    for k, distance in enumerate(episodes.distances[1:], start=1):
        moved = rings + normals * distance
        gained[..., k] = episodes.measure.gains(objects, before, moved)[0]
    return gained


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
        if not agent.is_standardised:
            agent.standardise(episodes.observations())
        left = max(0.0, 1 - spent / seconds)
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, 2 * left)
        losses = []
        for _ in range(episodes.polish.steps):
            observations = episodes.observations()
            labels = torch.from_numpy(teach(episodes, everywhere))
            distances, modes = agent.policy(torch.from_numpy(observations))
            loss = imitation_loss(distances, modes, labels)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(agent.policy.parameters(), LARGEST_GRADIENT)
            optimiser.step()
            losses.append(loss.item())
            actions, _ = agent.sample(observations, generator)
            actions[::2] = agent.greedy(observations[::2])
            actions[actions[:, 0] == STOP, 0] = MOVE  # they go on, wherever they are
            episodes.act(actions, everywhere)
        updates += 1
        took = time.process_time() - begin
        spent, used = spent + took, used + took
        yield {"elapsed": spent, "updates": updates, "missed": float(np.mean(losses))}
    agent.sharpen(SURER)


def imitation_loss(
    distances: Float[Tensor, "m n k"], modes: Float[Tensor, "m 3"], labels: Integer[Tensor, "m a"]
) -> Tensor:
    """The cross-entropy of the teacher's actions."""
    moved = labels[:, 0] == MOVE
    missed = functional.cross_entropy(modes, labels[:, 0])
    if moved.any():
        k = distances.shape[-1]
        missed = missed + functional.cross_entropy(
            distances[moved].reshape(-1, k), labels[moved, 1:].reshape(-1)
        )
    return missed
