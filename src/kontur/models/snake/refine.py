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
from kontur.nn.normals import across
from kontur.nn.sampling import Align, Mode, sample_places, sample_points

REFERENCE_SIDE = 32.0  # pixels; a box of this side has log-size 0
OFFSET_SCALE = 4.0  # pixels an output of 1 moves a point: published, the stride of its features


def build_refiner(config: SnakeConfig, *, centre: bool, every: int = 1) -> "Refiner":
    """A refiner whose head is of the kind `config.refiner.kind`."""
    sampled = config.features * (config.refiner.profile + centre)
    inputs = sampled + 4  # x and y in the box, the box's log-width and log-height
    head = HEADS[config.refiner.kind](inputs, config)
    return Refiner(head, config, centre=centre, every=every)


def circular_head(inputs: int, config: SnakeConfig) -> SnakeHead:
    """The published head: circular convolutions and a fused whole-ring state."""
    refiner = config.refiner
    return SnakeHead(
        inputs,
        refiner.width,
        dilations=refiner.dilations,
        kernel=refiner.kernel,
        form=refiner.form,
        order=refiner.order,
        fusion=refiner.fusion,
        dropout=config.dropout,
    )


HEADS = {"circular": circular_head}  # (m, inputs, 1, n) → offsets (m, 2, 1, n), by kind


class Refiner(nn.Module):
    """Moves every point of every ring by a predicted offset, in image pixels.

    With `centre` every point also sees the features at the middle of its box, as the published
    extreme stage does. Every `every`-th point is moved, from the first on; the others are context.
    """

    shares: Tensor  # of the side, across the contour

    def __init__(self, head: nn.Module, config: SnakeConfig, *, centre: bool, every: int = 1):
        super().__init__()
        self.stride = config.stride
        self.mode: Mode = config.sampling
        self.align: Align = config.align
        self.centre = centre
        self.every = every
        self.head = head
        refiner = config.refiner
        shares = torch.linspace(-refiner.reach, refiner.reach, refiner.profile)
        self.register_buffer("shares", shares, persistent=False)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        points: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m k 2"]:
        low, high = points.amin(dim=1, keepdim=True), points.amax(dim=1, keepdim=True)
        side = (high - low).clamp(min=1.0)  # (m, 1, 2); a ring without extent has no scale
        seen = [
            self._profile(features, points, side.mean(dim=-1), image_index),
            (points - low) / side * 2 - 1,
            torch.log2(side / REFERENCE_SIDE).expand_as(points),
        ]
        if self.centre:
            middle = self._sample(features, (low + high) / 2, image_index)
            seen.append(middle.expand(-1, points.shape[1], -1))
        rings = torch.cat(seen, dim=-1).transpose(1, 2)[:, :, None]  # (m, d, 1, n)
        offsets = self.head(rings, every=self.every)[:, :, 0].transpose(1, 2)  # (m, k, 2)
        return points[:, :: self.every] + offsets * OFFSET_SCALE

    def _profile(
        self, features: Tensor, points: Tensor, side: Tensor, image_index: Tensor
    ) -> Float[Tensor, "m n d"]:
        """What each point sees: its own place, or several across the contour."""
        if len(self.shares) == 1:
            return self._sample(features, points, image_index)
        read = sample_places(
            *(features, *across(points, side * self.shares), image_index, self.stride),
            mode=self.mode,
            align=self.align,
        )
        n, d = int(points.shape[1]), int(features.shape[-1])  # numbers, for there may be no object
        read = read.reshape(points.shape[0], len(self.shares), n, d).transpose(1, 2)
        return read.reshape(points.shape[0], n, len(self.shares) * d)

    def _sample(self, features: Tensor, points: Tensor, image_index: Tensor) -> Tensor:
        return sample_points(
            features, points, image_index, self.stride, mode=self.mode, align=self.align
        )
