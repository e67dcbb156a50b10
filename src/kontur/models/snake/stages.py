"""The stages that move points: a diamond's corners to the extremes, then contours.

After Deep Snake, section 3.3.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.config import DIAMOND_POINTS, SnakeConfig
from kontur.models.snake.refine import build_refiner


class ExtremeStage(nn.Module):
    """The diamond's four corners moved onto the object; the other points are context."""

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.refiner = build_refiner(config, centre=True)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        diamonds: Float[Tensor, "m 40 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m 4 2"]:
        return self.refiner(features, diamonds, image_index)[:, :: DIAMOND_POINTS // 4]


class ContourStages(nn.Module):
    """The contours after every stage; each stage starts where the one before ended.

    All stages are trained; at prediction those run that are worth their time (`stages_used`).
    """

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.refiners = nn.ModuleList(
            build_refiner(config, centre=False) for _ in range(config.stages)
        )
        self.run = config.stages_run

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        contours: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "stages m n 2"]:
        stages = []
        for refiner in self.refiners if self.training else self.refiners[: self.run]:
            contours = refiner(features, contours, image_index)
            stages.append(contours)
        return torch.stack(stages)
