"""The agent: a policy with circular convolutions, and the value of what it is in.

The policy π(a | s) is that of the model file (`kontur.models.snake.policy`); the value V(s), the
expectation of the return G = Σ r of the rest of the episode, is needed only to learn. It has a
share for every point, as the reward has: V is their sum. It reads the policy's states of the points
but does not shape them: a value that is still far off would undo what the policy knows.

The agent's part of the randomness is the draw a ~ π(· | s), in `sample`; `greedy` takes the surest
action instead. Where an episode begins is the environment's part (`kontur.edit.episodes`).
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.moves import MODES, MOVE
from kontur.models.snake.policy import PolishPolicy

SURE = 3.0  # the logit of moving, and -SURE that of stopping, before anything is learned
NEAR = 0.02  # of the unit: how much farther a distance is a 1/e as likely then


class Judged(NamedTuple):
    """Actions as the policy has them now, and what it expects.

    Attributes:
        modes: log π of what is done.
        distances: log π of the distance of each point; 0 where the contour does not move.
        entropy: of each contour's actions, mean of its parts, in nats.
        values: V(s), the share of each point.
    """

    modes: Float[Tensor, " m"]
    distances: Float[Tensor, "m n"]
    entropy: Float[Tensor, " m"]
    values: Float[Tensor, "m n"]


class Agent(nn.Module):
    """Policy and value."""

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.policy = PolishPolicy(config)
        width = config.polish.width
        last = nn.Conv2d(width, 1, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.value = nn.Sequential(nn.Conv2d(width, width, 1), nn.ReLU(), last)
        with torch.no_grad():  # it begins by moving, anyhow, and not far
            self.policy.modes.weight.zero_()
            self.policy.modes.bias.copy_(torch.tensor([SURE, 0.0, -SURE])[:MODES])
            self.policy.distances.weight.mul_(0.1)
            far = torch.tensor(config.polish.distances).abs() / NEAR
            self.policy.distances.bias.copy_(-far)  # type: ignore[union-attr]

    @property
    def is_standardised(self) -> bool:
        """Whether its inputs are standardised by what it has seen."""
        return bool((self.policy.spread != 1).any())

    def standardise(self, observations: Float[np.ndarray, "m n c"]) -> None:
        """Take mean and spread of what is seen, once, before anything is learned."""
        flat = torch.from_numpy(observations).flatten(0, 1)
        self.policy.mean.copy_(flat.mean(dim=0))
        self.policy.spread.copy_(flat.std(dim=0).clamp(min=1e-3))

    @torch.no_grad()
    def sharpen(self, factor: float) -> None:
        """Make the policy surer of what it prefers: its logits so many times as large."""
        for layer in (self.policy.distances, self.policy.modes):
            assert layer.bias is not None
            layer.weight.mul_(factor)
            layer.bias.mul_(factor)

    @torch.inference_mode()
    def sample(
        self, observations: Float[np.ndarray, "m n c"], generator: torch.Generator
    ) -> tuple[Integer[np.ndarray, "m a"], Judged]:
        """Actions a ~ π(· | s), drawn by the generator, and how they are judged."""
        distances, modes, values = self(torch.from_numpy(observations))
        m, n, k = distances.shape
        drawn = torch.multinomial(distances.softmax(-1).reshape(-1, k), 1, generator=generator)
        done = torch.multinomial(modes.softmax(-1), 1, generator=generator)
        actions = torch.cat([done, drawn.reshape(m, n)], dim=1)
        actions[done[:, 0] != MOVE, 1:] = 0
        return actions.numpy(), judge(distances, modes, values, actions)

    @torch.inference_mode()
    def greedy(self, observations: Float[np.ndarray, "m n c"]) -> Integer[np.ndarray, "m a"]:
        """The surest actions."""
        distances, modes, _ = self(torch.from_numpy(observations))
        done = modes.argmax(-1, keepdim=True)
        actions = torch.cat([done, distances.argmax(-1)], dim=1)
        actions[done[:, 0] != MOVE, 1:] = 0
        return actions.numpy()

    def judged(
        self, observations: Float[Tensor, "m n c"], actions: Integer[Tensor, "m a"]
    ) -> Judged:
        """Actions that were taken before, as the policy has them now; gradients flow."""
        distances, modes, values = self(observations)
        return judge(distances, modes, values, actions)

    def forward(
        self, observations: Float[Tensor, "m n c"]
    ) -> tuple[Float[Tensor, "m n k"], Float[Tensor, "m 3"], Float[Tensor, "m n"]]:
        points, whole = self.policy.states(observations)
        return *self.policy.decide(points, whole), self.value(points.detach())[:, 0, 0]


def judge(distances: Tensor, modes: Tensor, values: Tensor, actions: Tensor) -> Judged:
    """Log-probabilities of actions, from logits."""
    log_modes, log_distances = modes.log_softmax(-1), distances.log_softmax(-1)
    moved = (actions[:, :1] == MOVE).to(values.dtype)  # (m, 1)
    chosen = log_distances.gather(-1, actions[:, 1:, None])[..., 0] * moved
    of_mode = -(log_modes.exp() * log_modes).sum(-1)
    of_distances = -(log_distances.exp() * log_distances).sum(-1)  # (m, n)
    entropy = of_mode + (of_distances * moved).mean(-1)
    return Judged(log_modes.gather(1, actions[:, :1])[:, 0], chosen, entropy, values)
