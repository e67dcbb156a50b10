"""Policy gradient with a value as baseline and generalised advantages.

An agent plays episodes side by side, T steps each. The return is G_t = Σ γ^i r_{t+i}; the advantage
of an action is how much better it went than the value expected, A_t = Σ (γλ)^i δ_{t+i}
with δ_t = r_t + γ V(s_{t+1}) - V(s_t) (Schulman et al., High-Dimensional Continuous Control Using
Generalized Advantage Estimation, 2016). The gradient is E[A ∇ log π(a | s)] (Williams, 1992), in
minibatches, the ratio of new to old policy clipped (Schulman et al., Proximal Policy Optimization,
2017).

The gain in IoU is a sum over the points of a contour (`kontur.geometry.area_field.gains`), and so
are value and advantage here: a point learns from its own share, not from the luck of the 63 others.
What is done with the contour as a whole, to move, smooth or stop, learns from the sum. With
`credit = "shared"` every point learns from the sum, as is usual.
"""

import time
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import numpy as np
import pydantic
import torch
from gymnasium.vector import AutoresetMode
from jaxtyping import Bool, Float
from torch import Tensor, nn

from kontur.edit.agent import Agent, Judged
from kontur.edit.cases import Cases
from kontur.edit.config import EpisodeConfig
from kontur.edit.env import VectorContourEnv
from kontur.models.snake.moves import MOVE
from kontur.settings import Settings

LARGEST_GRADIENT = 1.0
FARTHEST = 4.0  # standard deviations
SMALLEST = 1e-8  # of a standard deviation


class LearnConfig(Settings):
    """How an agent learns.

    Attributes:
        contours: that play side by side.
        discount, trace: γ and λ.
        passes, batch: over what was played, in minibatches of so many states.
        rate: of Adam, falling to 0.
        clip: of the ratio of policies.
        baseline: updates at the beginning in which only the value learns: one that knows nothing
            yet is no baseline, and would have every action look bad.
        value, entropy: what these two terms count beside the policy's; entropy falls to 0.
        credit: whether a point learns from its own share of the reward or from the contour's.
    """

    contours: int = pydantic.Field(192, ge=1)
    discount: float = pydantic.Field(1.0, ge=0, le=1)
    trace: float = pydantic.Field(0.5, ge=0, le=1)
    passes: int = pydantic.Field(2, ge=1)
    batch: int = pydantic.Field(192, ge=1)
    rate: float = pydantic.Field(1e-3, gt=0)
    clip: float = pydantic.Field(0.2, gt=0)
    baseline: int = pydantic.Field(4, ge=0)
    value: float = pydantic.Field(0.5, ge=0)
    entropy: float = pydantic.Field(0.001, ge=0)
    credit: Literal["points", "shared"] = "points"


class Played(NamedTuple):
    """T steps of m episodes; what came after an episode's end is not `going`.

    Attributes:
        observations, actions: s and a.
        modes, distances: log π(a | s) when they were drawn.
        rewards, values: the share of every point.
        going: whether the episode had not ended before the step.
    """

    observations: Float[np.ndarray, "t m n c"]
    actions: np.ndarray  # (t, m, n + 1)
    modes: Float[np.ndarray, "t m"]
    distances: Float[np.ndarray, "t m n"]
    rewards: Float[np.ndarray, "t m n"]
    values: Float[np.ndarray, "t m n"]
    going: Bool[np.ndarray, "t m"]


def play(env: VectorContourEnv, agent: Agent, generator: torch.Generator) -> Played:
    """One episode of every contour, from new beginnings. The environment resets nothing itself."""
    assert env.mode == AutoresetMode.DISABLED
    observations, _ = env.reset()
    going = np.ones(env.num_envs, bool)
    steps = []
    while going.any():
        actions, judged = agent.sample(observations, generator)
        env.ended[:] = False  # what has ended goes on, uncounted
        observed = observations
        observations, _, terminated, truncated, infos = env.step(actions)
        modes, distances, values = (each.numpy() for each in (*judged[:2], judged.values))
        steps.append((observed, actions, modes, distances, infos["shares"], values, going))
        going = going & ~(terminated | truncated)
    return Played(*(np.stack(each) for each in zip(*steps, strict=True)))


def advantages(
    rewards: Float[np.ndarray, "t m *n"],
    values: Float[np.ndarray, "t m *n"],
    going: Bool[np.ndarray, "t m"],
    *,
    discount: float,
    trace: float,
) -> Float[np.ndarray, "t m *n"]:
    """A_t of each step, and of each point; 0 after an episode's end, and V there is 0."""
    live = going.reshape(*going.shape, *[1] * (rewards.ndim - 2)).astype(rewards.dtype)
    found = np.zeros_like(rewards)
    following, ahead = np.zeros_like(rewards[0]), np.zeros_like(values[0])
    for t in reversed(range(len(rewards))):
        surprise = rewards[t] + discount * ahead - values[t]
        following = (surprise + discount * trace * following) * live[t]
        found[t], ahead = following, values[t] * live[t]
    return found


def learn(
    cases: Callable[[], Cases],
    agent: Agent,
    episodes: EpisodeConfig,
    config: LearnConfig,
    *,
    seconds: float,
    seed: int,
    fresh: float = 60.0,
) -> Iterator[dict[str, float]]:
    """Improve the agent for so many seconds of processor time; what each update showed.

    `cases` gives new cases, every `fresh` seconds, which is not counted. An agent that has not seen
    anything yet takes mean and spread of its inputs from the first episodes.
    """
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    optimiser = torch.optim.Adam(agent.parameters(), lr=config.rate)
    spent, used, updates = 0.0, np.inf, 0
    env: VectorContourEnv | None = None
    while spent < seconds:
        if env is None or used > fresh:
            env = VectorContourEnv(
                cases(), config.contours, episodes, autoreset_mode=AutoresetMode.DISABLED
            )
            observations, _ = env.reset(seed=int(rng.integers(2**31)))
            if not agent.is_standardised:
                agent.standardise(observations)
            used = 0.0
        begin = time.process_time()
        left = max(0.0, 1 - spent / seconds)
        for group in optimiser.param_groups:
            group["lr"] = config.rate * min(1.0, 2 * left)
        played = play(env, agent, generator)
        decides = updates >= config.baseline
        shown = _improve(agent, optimiser, played, config, config.entropy * left, rng, decides)
        updates += 1
        took = time.process_time() - begin
        spent, used = spent + took, used + took
        yield {"elapsed": spent, "updates": updates, **shown}


def _improve(
    agent: Agent,
    optimiser: torch.optim.Optimizer,
    played: Played,
    config: LearnConfig,
    entropy: float,
    rng: np.random.Generator,
    decides: bool,
) -> dict[str, float]:
    found = advantages(
        *(played.rewards, played.values, played.going),
        discount=config.discount,
        trace=config.trace,
    )
    kept, flat = played.going, _states(played, found, config)
    scale = float(found[kept].std()) + SMALLEST
    count = len(flat["modes"])
    losses = []
    for _ in range(config.passes):
        for places in torch.split(torch.from_numpy(rng.permutation(count)), config.batch):
            batch = {name: each[places] for name, each in flat.items()}
            now = agent.judged(batch["observations"], batch["actions"])
            policy = _policy_loss(now, batch, config.clip)
            missed = ((now.values - batch["goals"]) / scale).square().mean()
            loss = config.value * missed
            if decides:
                loss = loss + policy - entropy * now.entropy.mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(agent.parameters(), LARGEST_GRADIENT)
            optimiser.step()
            losses.append((policy.item(), missed.item(), now.entropy.mean().item()))
    policy_loss, missed_loss, uncertain = np.mean(losses, axis=0)
    returns = (played.rewards.sum(axis=-1) * kept).sum(axis=0)
    return {
        "return": float(returns.mean()),
        "steps": float(kept.sum(axis=0).mean()),
        "policy": policy_loss,
        "value": missed_loss,
        "entropy": uncertain,
    }


def _states(
    played: Played, found: Float[np.ndarray, "t m n"], config: LearnConfig
) -> dict[str, Tensor]:
    """What is learned from in every state in which a contour still moved, by its advantages."""
    kept = played.going
    total = found.sum(axis=-1)
    of_points = (
        found if config.credit == "points" else np.broadcast_to(total[..., None], found.shape)
    )
    states = {
        "observations": played.observations,
        "actions": played.actions,
        "modes": played.modes,
        "distances": played.distances,
        "goals": found + played.values,
        "points": _scaled(of_points, kept),
        "whole": _scaled(total, kept),
    }
    return {name: torch.from_numpy(each[kept]) for name, each in states.items()}


def _policy_loss(now: Judged, batch: dict[str, Tensor], clip: float) -> Tensor:
    """The loss of the points' distances, where they moved, and of the contours' modes."""
    moved = (batch["actions"][:, :1] == MOVE).float()
    points = _clipped(now.distances - batch["distances"], batch["points"], clip)
    whole = _clipped(now.modes - batch["modes"], batch["whole"], clip)
    return (points * moved).mean() + whole.mean()


def _scaled(
    found: Float[np.ndarray, "t m *n"], kept: Bool[np.ndarray, "t m"]
) -> Float[np.ndarray, "t m *n"]:
    """Advantages in their standard deviations, at most `FARTHEST` of them."""
    spread = found[kept].std() + SMALLEST
    return np.clip(found / spread, -FARTHEST, FARTHEST)


def _clipped(change: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """The policy's loss: -A times the ratio of policies, no better than clipped."""
    ratio = change.exp()
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
