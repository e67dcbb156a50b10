"""The settings of a Deep Snake and its three presets.

Every fork between the paper, its published code and the notes is a field here
(docs/architecture.md lists them; docs/results.md holds what was measured).
"""

from typing import Any, Literal, Self

import pydantic

from kontur.models.backbone import Backbone, coarsest_stride
from kontur.settings import Settings

Stride = Literal[2, 4]
DIAMOND_POINTS = 40  # the notes' and the paper's start of the extreme stage: ten an edge


class LossWeights(Settings):
    """What each named loss counts in the sum that is minimised."""

    heatmap: float = pydantic.Field(1.0, ge=0)
    size: float = pydantic.Field(0.1, ge=0)  # CenterNet's weight for sizes in feature pixels
    offset: float = pydantic.Field(1.0, ge=0)
    extreme: float = pydantic.Field(1.0, ge=0)
    contour: float = pydantic.Field(1.0, ge=0)


class SnakeConfig(Settings):
    """Deep Snake's shape, its training targets and its losses.

    Attributes:
        channels: channels of the image that the network sees.
        classes: names; one heatmap each.
        stride: image pixels per feature pixel, for the heads and for the points' features.
        backbone: `residual`, of the next three settings' shape, or `efficientnet-lite0`.
        stem, widths, depths: channels of the stem and of each backbone stage, blocks of each.
        pretrained: whether a training that starts from random weights takes ImageNet's for a
            backbone that has them (the extra `pretrained`).
        pyramid: channels of the pyramid's levels from the fourth-image level up.
        features: channels of the feature map that points are sampled from.
        head: hidden channels of the detector's heads.
        dropout: share of hidden channels that a training step leaves out, in the detector's heads
            and in the snake's.
        points: points of a contour.
        snake_width, fusion, form, kernel, dilations, order: the snake head (`nn.circular`).
        stages: contour stages, with weights of their own.
        reach: how far each extreme is extended for the octagon, a share of the box side, each way.
        supervise: which contour stages have a loss; the published code takes the last only.
        start: where a stage starts in training: from the true box and extremes ("truth", as
            published), from jittered ones, or from the boxes' jittered and the network's own
            predicted extremes.
        jitter: standard deviation of the jitter, a share of the box side.
        tolerance: how far from the extreme a point may be to count for the run whose middle is
            the extreme, a share of the box side; the published code takes 0.02.
        smooth: pixels of arc over which a true contour is averaged before it becomes a target;
            straightens the staircase of a pixel mask.
        traced: the contours of at most so many objects of a crop are trained at once, chosen at
            random (the detector learns all); 0 takes all. A crowd costs time and adds little.
        beta: pixels below which Smooth-L1 is quadratic.
        balance: 0 counts a pixel of error alike in all objects, as published; 1 counts it by its
            share of the object's side, as IoU does.
    """

    channels: int = pydantic.Field(3, ge=1)
    classes: tuple[str, ...] = pydantic.Field(("object",), min_length=1)
    stride: Stride = 2
    backbone: Backbone = "residual"
    pretrained: bool = True
    stem: int = pydantic.Field(32, ge=1)
    widths: tuple[pydantic.PositiveInt, ...] = pydantic.Field((64, 96, 128, 160), min_length=1)
    depths: tuple[pydantic.PositiveInt, ...] = (2, 2, 2, 2)
    pyramid: int = pydantic.Field(64, ge=1)
    features: int = pydantic.Field(32, ge=1)
    head: int = pydantic.Field(48, ge=1)
    dropout: float = pydantic.Field(0.0, ge=0, lt=1)
    points: int = pydantic.Field(64, ge=8)
    snake_width: int = pydantic.Field(64, ge=1)
    fusion: int = pydantic.Field(64, ge=1)
    form: Literal["dense", "separable"] = "separable"
    kernel: int = pydantic.Field(9, ge=3)
    dilations: tuple[pydantic.PositiveInt, ...] = pydantic.Field(
        (1, 1, 1, 1, 2, 2, 4, 4), min_length=1
    )
    order: Literal["norm-first", "paper"] = "norm-first"
    stages: int = pydantic.Field(3, ge=1)
    reach: float = pydantic.Field(1 / 8, ge=0, le=0.5)
    supervise: Literal["all", "last"] = "all"
    start: Literal["truth", "jittered", "predicted"] = "jittered"
    jitter: float = pydantic.Field(0.06, ge=0)
    tolerance: float = pydantic.Field(0.0, ge=0, lt=0.5)
    smooth: float = pydantic.Field(2.0, ge=0)
    traced: int = pydantic.Field(24, ge=0)
    beta: float = pydantic.Field(0.25, gt=0)
    balance: float = pydantic.Field(0.5, ge=0, le=1)
    weights: LossWeights = LossWeights()

    @pydantic.model_validator(mode="after")
    def _stages_agree(self) -> Self:
        if len(self.widths) != len(self.depths):
            raise ValueError(
                f"widths and depths describe the same stages, got {len(self.widths)} and "
                f"{len(self.depths)} of them"
            )
        if self.kernel % 2 == 0:
            raise ValueError(
                f"kernel must be odd, as many points on either side, got {self.kernel}"
            )
        return self

    @property
    def multiple(self) -> int:
        """Image height and width are padded to multiples of this: the coarsest level's stride."""
        return coarsest_stride(self.backbone, self.widths)


PRESETS: dict[str, dict[str, Any]] = {
    # The published snake: width 128, dense, 128 points, fusion 256; stride 4.
    "paper": {
        "stride": 4,
        "stem": 32,
        "widths": (64, 128, 256, 512),
        "depths": (2, 2, 2, 2),
        "pyramid": 128,
        "features": 64,
        "head": 256,
        "points": 128,
        "snake_width": 128,
        "fusion": 256,
        "form": "dense",
        "order": "paper",
        "beta": 1.0,
    },
    "fast": {},
    # For tests and first tries: seconds to build, minutes to train.
    "tiny": {
        "stem": 16,
        "widths": (32, 48, 64),
        "depths": (1, 1, 1),
        "pyramid": 32,
        "features": 24,
        "head": 32,
        "points": 32,
        "snake_width": 32,
        "fusion": 32,
    },
}
