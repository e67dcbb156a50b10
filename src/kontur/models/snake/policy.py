"""The policy of an agent that corrects contours: circular convolutions, then what to do.

From what the points of a contour see (`observe`) to the logits of π(a | s): of moving, smoothing
and stopping for the contour, and of the distances for each of its points. There are no batch
norms, for what a policy does must not depend on what else is in its batch; inputs are standardised
by what the first episodes showed.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.moves import MODES
from kontur.models.snake.observe import channels
from kontur.nn.circular import CircularConv


class PolishPolicy(nn.Module):
    """What points see (m, n, c) → logits of distances (m, n, k) and of what is done (m, 3)."""

    mean: Tensor
    spread: Tensor

    def __init__(self, config: SnakeConfig):
        super().__init__()
        polish = config.polish
        inputs = channels(polish, 1 + config.has_edge, config.features)
        width = polish.width
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.first = nn.Conv2d(inputs, width, 1)
        self.around = nn.ModuleList(
            CircularConv(width, width, kernel=polish.kernel, dilation=d, groups=width)
            for d in polish.dilations
        )
        self.mix = nn.ModuleList(nn.Conv2d(width, width, 1) for _ in polish.dilations)
        self.share = nn.Linear(2 * width, width)
        self.distances = nn.Conv2d(width, len(polish.distances), 1)
        self.modes = nn.Linear(2 * width, MODES)

    def forward(
        self, observations: Float[Tensor, "m n c"]
    ) -> tuple[Float[Tensor, "m n k"], Float[Tensor, "m 3"]]:
        return self.decide(*self.states(observations))

    def states(
        self, observations: Float[Tensor, "m n c"]
    ) -> tuple[Float[Tensor, "m f 1 n"], Float[Tensor, "m 2*f"]]:
        """A state of each point, and one of the whole contour: mean and maximum of the points'."""
        scaled = ((observations - self.mean) / self.spread).clamp(-5, 5)
        x = torch.relu(self.first(scaled.transpose(1, 2)[:, :, None]))  # (m, width, 1, n)
        for around, mix in zip(self.around, self.mix, strict=True):
            x = x + torch.relu(mix(around(x)))
        whole = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)
        return torch.relu(x + self.share(whole)[:, :, None, None]), whole

    def decide(
        self, points: Float[Tensor, "m f 1 n"], whole: Float[Tensor, "m 2*f"]
    ) -> tuple[Float[Tensor, "m n k"], Float[Tensor, "m 3"]]:
        """The logits, from the states."""
        return self.distances(points)[:, :, 0].transpose(1, 2), self.modes(whole)
