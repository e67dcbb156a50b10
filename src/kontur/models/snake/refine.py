"""One refiner: features at the points of a ring, a snake head, new points.

After Deep Snake, section 3.2. The points' coordinates are given relative to their own box, so
that a ring looks the same wherever it lies and however large it is, and the box's size beside
them, because the answer is in pixels.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.config import SnakeConfig
from kontur.nn.circular import SnakeHead
from kontur.nn.sampling import sample_points

REFERENCE_SIDE = 32.0  # pixels; a box of this side has log-size 0
OFFSET_SCALE = 4.0  # pixels an output of 1 moves a point: published, the stride of its features


class Refiner(nn.Module):
    """Moves every point of every ring by a predicted offset, in image pixels.

    With `centre` every point also sees the features at the middle of its box, as the published
    extreme stage does.
    """

    def __init__(self, config: SnakeConfig, *, centre: bool):
        super().__init__()
        self.stride = config.stride
        self.centre = centre
        sampled = config.features * (2 if centre else 1)
        self.head = SnakeHead(
            sampled + 4,  # x and y in the box, the box's log-width and log-height
            config.snake_width,
            dilations=config.dilations,
            kernel=config.kernel,
            form=config.form,
            order=config.order,
            fusion=config.fusion,
            dropout=config.dropout,
        )

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        points: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m n 2"]:
        low, high = points.amin(dim=1, keepdim=True), points.amax(dim=1, keepdim=True)
        side = (high - low).clamp(min=1.0)  # (m, 1, 2); a ring without extent has no scale
        seen = [
            sample_points(features, points, image_index, self.stride),
            (points - low) / side * 2 - 1,
            torch.log2(side / REFERENCE_SIDE).expand_as(points),
        ]
        if self.centre:
            middle = sample_points(features, (low + high) / 2, image_index, self.stride)
            seen.append(middle.expand(-1, points.shape[1], -1))
        rings = torch.cat(seen, dim=-1).transpose(1, 2)[:, :, None]  # (m, d, 1, n)
        offsets = self.head(rings)[:, :, 0].transpose(1, 2)  # (m, n, 2)
        return points + offsets * OFFSET_SCALE
