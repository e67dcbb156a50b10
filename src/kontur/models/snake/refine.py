"""What every point of a ring sees, and the published refiner: a snake head on it, new points.

After Deep Snake, section 3.2. The points' coordinates are given relative to their own box, so
that a ring looks the same wherever it lies and however large it is, and the box's size beside
them, because the answer is in pixels.
"""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.refiner_config import EncoderSettings
from kontur.nn.circular import SnakeHead
from kontur.nn.grid import to_grid
from kontur.nn.normals import across
from kontur.nn.sampling import Align, Mode, sample_places, sample_points

REFERENCE_SIDE = 32.0  # pixels; a box of this side has log-size 0
OFFSET_SCALE = 4.0  # pixels an output of 1 moves a point: published, the stride of its features


class PointFeatures(nn.Module):
    """What every point of a ring sees: features, and where it lies in the ring's own box.

    With `centre` every point also sees the features at the middle of its box, as the published
    extreme stage does.
    """

    shares: Tensor  # of the side, across the contour

    def __init__(self, config: SnakeConfig, *, centre: bool):
        super().__init__()
        self.stride = config.stride
        self.mode: Mode = config.sampling
        self.align: Align = config.align
        self.centre = centre
        refiner = config.refiner
        sampled = config.features * (refiner.profile + centre)
        self.channels = sampled + 4  # x and y in the box, the box's log-width and log-height
        shares = torch.linspace(-refiner.reach, refiner.reach, refiner.profile)
        self.register_buffer("shares", shares, persistent=False)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        points: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m c 1 n"]:
        low, high, side = box_of(points)
        inputs = [
            self._profile(features, points, side.mean(dim=-1), image_index),
            (points - low) / side * 2 - 1,
            torch.log2(side / REFERENCE_SIDE).expand_as(points),
        ]
        if self.centre:
            middle = self.sample(features, (low + high) / 2, image_index)
            inputs.append(middle.expand(-1, points.shape[1], -1))
        return torch.cat(inputs, dim=-1).transpose(1, 2)[:, :, None]

    def _profile(
        self, features: Tensor, points: Tensor, side: Tensor, image_index: Tensor
    ) -> Float[Tensor, "m n d"]:
        """What each point sees: its own place, or several across the contour."""
        if len(self.shares) == 1:
            return self.sample(features, points, image_index)
        read = sample_places(
            *(features, *across(points, side * self.shares), image_index, self.stride),
            mode=self.mode,
            align=self.align,
        )
        n, d = int(points.shape[1]), int(features.shape[-1])  # numbers, for there may be no object
        read = read.reshape(points.shape[0], len(self.shares), n, d).transpose(1, 2)
        return read.reshape(points.shape[0], n, len(self.shares) * d)

    def sample(self, features: Tensor, points: Tensor, image_index: Tensor) -> Tensor:
        """The features at points, as the settings say."""
        return sample_points(
            features, points, image_index, self.stride, mode=self.mode, align=self.align
        )


class Box(NamedTuple):
    """The box of each ring: its upper left and lower right corner, and its sides."""

    low: Float[Tensor, "m 1 2"]
    high: Float[Tensor, "m 1 2"]
    side: Float[Tensor, "m 1 2"]  # at least a pixel: a ring without extent has no scale


def box_of(points: Float[Tensor, "m n 2"]) -> Box:
    """The box of each ring of at least one point."""
    low, high = points.amin(dim=1, keepdim=True), points.amax(dim=1, keepdim=True)
    return Box(low, high, (high - low).clamp(min=1.0))


def moved(
    points: Float[Tensor, "m k 2"], offsets: Float[Tensor, "m k 2"]
) -> Float[Tensor, "m k 2"]:
    """Points where a network's outputs put them, in image pixels."""
    return points + to_grid(offsets * OFFSET_SCALE)


def encoder_shape(config: SnakeConfig, refiner: EncoderSettings) -> dict[str, Any]:
    """The arguments of a `SnakeEncoder` or `SnakeHead` but its inputs."""
    return {
        "width": refiner.width,
        "dilations": refiner.dilations,
        "kernel": refiner.kernel,
        "form": refiner.form,
        "order": refiner.order,
        "fusion": refiner.fusion,
        "dropout": config.dropout,
    }


class Refiner(nn.Module):
    """Moves points of every ring by a predicted offset, in image pixels: as published.

    Every `every`-th point is moved, from the first on; the others are context.
    """

    def __init__(
        self, config: SnakeConfig, refiner: EncoderSettings, *, centre: bool, every: int = 1
    ):
        super().__init__()
        self.every = every
        self.point_features = PointFeatures(config, centre=centre)
        self.head = SnakeHead(self.point_features.channels, **encoder_shape(config, refiner))

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        points: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m k 2"]:
        rings = self.point_features(features, points, image_index)
        offsets = self.head(rings, every=self.every)[:, :, 0].transpose(1, 2)  # (m, k, 2)
        return moved(points[:, :: self.every], offsets)
