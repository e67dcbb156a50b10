"""The stages that move points: a diamond's corners to the extremes, then contours.

After Deep Snake, section 3.3.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.attention import AttentionRefiner
from kontur.models.snake.config import DIAMOND_POINTS, SnakeConfig, evolve_graph
from kontur.models.snake.recurrent import RecurrentStages
from kontur.models.snake.refine import Refiner
from kontur.models.snake.refiner_config import AttentionRefinerConfig, RecurrentRefinerConfig


def build_stages(config: SnakeConfig) -> "ContourStages | RecurrentStages":
    """What moves contours, of any kind: features, contours, image_index → (stages, m, n, 2)."""
    if isinstance(config.refiner, RecurrentRefinerConfig):
        return RecurrentStages(config, config.refiner)
    return ContourStages(config)


def build_refiner(
    config: SnakeConfig, *, centre: bool, every: int = 1
) -> Refiner | AttentionRefiner:
    """What moves every `every`-th point once: features, points, image_index → these points.

    For a recurrent snake a circular one: there is nothing to remember. Neighbours are not seen with
    `centre`, for an extreme stage, whose diamonds are far from edges.
    """
    refiner = config.refiner
    if isinstance(refiner, AttentionRefinerConfig):
        settings = refiner.replace(neighbours=0) if centre else refiner
        return AttentionRefiner(config, settings, centre=centre, every=every)
    return Refiner(config, refiner, centre=centre, every=every)


class ExtremeStage(nn.Module):
    """The diamond's four corners moved onto the object; the other points are context."""

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.refiner = build_refiner(config, centre=True, every=DIAMOND_POINTS // 4)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        diamonds: Float[Tensor, "m 40 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m 4 2"]:
        return self.refiner(features, diamonds, image_index)


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
        self.one_by_one = config.has_neighbours

    def graphs(self) -> dict[str, nn.Module]:
        """All stages as one, or, where each looks for neighbours, one by one."""
        if not self.one_by_one:
            return {"evolve": self}
        return {evolve_graph(stage): self.refiners[stage] for stage in range(self.run)}

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
