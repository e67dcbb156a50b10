"""A learned start for contours, in place of the octagon through four extremes.

After Zhang et al., E2EC: An End-to-End Contour-based Method for High-Quality High-Speed Instance
Segmentation, CVPR 2022: what lies at an object's middle says where its contour runs, and one linear
layer that sees all of the contour's points at once deforms it as a whole. Ours reads the features
at nine places of the box, because they are those of the contour and not of a detector's centre.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.refine import REFERENCE_SIDE
from kontur.nn.grid import to_grid
from kontur.nn.sampling import sample_points

PLACES = (-0.25, 0.0, 0.25)  # shares of the box's sides from its middle, along both
WIDTH = 128  # of the hidden layers


class LearnedStart(nn.Module):
    """Boxes (as their diamonds) to contours: a first guess, and the same deformed as a whole."""

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.stride, self.points = config.stride, config.points
        inputs = config.features * len(PLACES) ** 2 + 2  # the box's log-width and log-height
        self.guess = nn.Sequential(
            nn.Linear(inputs, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 2 * config.points)
        )
        self.deform = nn.Sequential(
            nn.Linear((config.points + 1) * config.features, WIDTH),
            nn.ReLU(),
            nn.Linear(WIDTH, 2 * config.points),
        )
        ellipse = torch.arange(config.points) / config.points * 2 * torch.pi - torch.pi / 2
        ring = torch.stack([torch.cos(ellipse), torch.sin(ellipse)], dim=-1) / 2  # of a unit box
        self.register_buffer("ring", ring, persistent=False)
        grid = torch.cartesian_prod(torch.tensor(PLACES), torch.tensor(PLACES))
        self.register_buffer("grid", grid, persistent=False)

    ring: Tensor
    grid: Tensor

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        diamonds: Float[Tensor, "m 40 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "2 m n 2"]:
        low, high = diamonds.amin(dim=1, keepdim=True), diamonds.amax(dim=1, keepdim=True)
        middle, side = (low + high) / 2, (high - low).clamp(min=1.0)  # (m, 1, 2)
        places = middle + to_grid(self.grid * side)
        read = sample_points(features, places, image_index, self.stride)
        scale = torch.log2(side[:, 0] / REFERENCE_SIDE)
        m, d = diamonds.shape[0], int(features.shape[-1])  # numbers, for there may be no object
        offsets = self.guess(torch.cat([read.reshape(m, len(self.grid) * d), scale], dim=1))
        ring = (self.ring + offsets.reshape(m, self.points, 2)) * side
        guess = middle + to_grid(ring)
        around = torch.cat([guess, middle], dim=1)
        read = sample_points(features, around, image_index, self.stride)
        offsets = self.deform(read.reshape(m, (self.points + 1) * d))
        moves = offsets.reshape(m, self.points, 2) * side
        return torch.stack([guess, guess + to_grid(moves)])
