"""The settings of a Deep Snake and its three presets.

Every fork between the paper, its published code and the notes is a field here
(docs/architecture.md lists them; docs/results.md holds what was measured).
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import pydantic

from kontur.models.backbone import Backbone, coarsest_stride
from kontur.models.rpn.config import RpnConfig
from kontur.models.snake.polish_config import PolishConfig
from kontur.models.snake.refiner_config import CircularRefinerConfig, RefinerConfig
from kontur.settings import Settings

Stride = Literal[2, 4]
CELLS = 5  # of CenterNet's maps that `reference_size` has, at least
DIAMOND_POINTS = 40  # the notes' and the paper's start of the extreme stage: ten an edge


def evolve_graph(stage: int) -> str:
    """The name of the graph of one contour stage, where there is one for each; the first is 0."""
    return f"evolve_{stage + 1}"


class LossWeights(Settings):
    """What each named loss counts in the sum that is minimised."""

    heatmap: float = pydantic.Field(1.0, ge=0)
    size: float = pydantic.Field(0.1, ge=0)  # CenterNet's weight for sizes in cells of its maps
    offset: float = pydantic.Field(1.0, ge=0)
    extreme: float = pydantic.Field(1.0, ge=0)
    start: float = pydantic.Field(1.0, ge=0)  # of a learned start, in place of the extremes
    contour: float = pydantic.Field(1.0, ge=0)
    # of the vectors from point to point (PolySnake, 2024); of 0, as by default, not computed at all
    shape: float = pydantic.Field(0.0, ge=0)
    signed_distance: float = pydantic.Field(1.0, ge=0)  # with an edge stage, as the next
    edge: float = pydantic.Field(1.0, ge=0)
    quality: float = pydantic.Field(0.5, ge=0)
    rpn_class: float = pydantic.Field(1.0, ge=0)  # in place of the first three with an RPN
    rpn_box: float = pydantic.Field(4.0, ge=0)  # the mean over four numbers; published, their sum


class EdgeConfig(Settings):
    """A last look at full resolution along the contour's normals (`models.snake.edge`).

    Attributes:
        kind: `profile`, or `none`, as published.
        reach, samples: pixels to either side that a point sees, and at how many places.
        limit: pixels that a point moves at most.
        channels: of the map of full resolution; the first is the signed distance.
        width, dilations: of its circular convolutions.
    """

    kind: Literal["none", "profile"] = "none"
    reach: float = pydantic.Field(3.0, gt=0)
    samples: int = pydantic.Field(7, ge=2)
    limit: float = pydantic.Field(3.0, gt=0)
    channels: int = pydantic.Field(4, ge=1)
    width: int = pydantic.Field(32, ge=1)
    dilations: tuple[pydantic.PositiveInt, ...] = pydantic.Field((1, 1, 2, 2), min_length=1)


class PromptConfig(Settings):
    """Starts such as a hand gives, in training, for some of the objects (`models.snake.prompted`).

    Attributes:
        extremes: share of the objects whose octagon goes through extremes that are off by `noise`.
        polygons: share that starts from a rough polygon around it in place of the octagon.
        noise: standard deviation of extremes and corners, a share of the box side.
        corners: of a polygon, the fewest and the most.
    """

    extremes: float = pydantic.Field(0.0, ge=0, le=1)
    polygons: float = pydantic.Field(0.0, ge=0, le=1)
    noise: float = pydantic.Field(0.1, ge=0)
    corners: tuple[int, int] = (8, 12)

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.extremes + self.polygons > 1:
            raise ValueError(
                f"extremes and polygons are shares of all objects, at most 1 together, got "
                f"{self.extremes:g} and {self.polygons:g}"
            )
        if not 3 <= self.corners[0] <= self.corners[1]:
            raise ValueError(
                f"corners are the fewest and the most of a polygon, 3 at least, got {self.corners}"
            )
        return self


class SnakeConfig(Settings):
    """Deep Snake's shape, its training targets and its losses.

    Attributes:
        channels: channels of the image that the network sees.
        classes: names; one heatmap each.
        detector: what finds the boxes that the snake starts from: CenterNet's three heads, or
            region proposals from anchors on the coarser levels.
        stride: image pixels per feature pixel, for the points' features and, where objects are
            small, for CenterNet's maps.
        reference_size: pixels; three quarters of the objects' boxes are larger than a square of it.
            Taken from the images when a run begins with random weights. Sizes are learned as
            multiples of it, and CenterNet's maps made as coarse as it allows, so that large objects
            are found as soon as small ones. 0 or not known: sizes in feature pixels, on the
            features' own map, as published.
        backbone: `residual`, of the next three settings' shape, or `efficientnet-lite0`, which a
            run chooses for few colour images (`train.choose_backbone`).
        stem, widths, depths: channels of the stem and of each backbone stage, blocks of each.
        pretrained: whether a training that starts from random weights takes ImageNet's for a
            backbone that has them.
        pyramid: channels of the pyramid's levels from the fourth-image level up.
        features: channels of the feature map that points are sampled from.
        head: hidden channels of CenterNet's heads.
        rpn: anchors and proposals, with one score a class.
        sampling, align: how features are read at a point (`nn.sampling`): `nearest`, `bilinear` or
            `bicubic`, with feature pixels in the middle of their square of the image
            ("half-pixel") or from corner to corner, as the published code once had it.
        dropout: share of hidden channels that a training step leaves out, in the detector's heads
            and in the snake's.
        points: points of a contour.
        refiner: what moves the points: circular convolutions, as published, a recurrent network or
            attention (`models.snake.refiner_config`).
        stages: how often contours are moved in training: by stages with weights of their own, or by
            one recurrent refiner in so many iterations.
        stages_used: the first so many of them run at prediction, all where it is not given; found
            out after training: the fewest that lose next to nothing on the validation images. A
            recurrent refiner may run more than it was trained with.
        edge: a last look at full resolution, after the contour stages.
        polish: of the agent that corrects outlines, if the model has one (`kontur reinforce`).
        quality: whether each outline's IoU with its object is predicted; a score is then the
            geometric mean of it and the centre's.
        reach: how far each extreme is extended for the octagon, a share of the box side, each way.
        initial: what the contour stages start from: the octagon through the four extremes that the
            extreme stage finds, as published, or a learned contour (`models.snake.start`).
        anchors: where a contour and the truth are made to agree before points are paired: at the
            top extreme, as published, or at all four, with a quarter of the points between two
            (Zhang et al., E2EC, CVPR 2022).
        matching: which true point the last contour stage's points learn: the one of their number,
            as published, or, half of the loss each, the nearest true one of every point and the
            nearest point of every true one, by where the points were before (E2EC).
        supervise: which contour stages have a loss; the published code takes the last only.
        start: where a stage starts in training: from the true box and extremes ("truth", as
            published), from jittered ones, or from the boxes' jittered and the network's own
            predicted extremes.
        jitter: standard deviation of the jitter, a share of the box side.
        prompts: starts such as a hand gives, for a share of the objects, so that a rough one does
            not break the contour; with `start = "jittered"`.
        tolerance: how far from the extreme a point may be to count for the run whose middle is
            the extreme, a share of the box side; the published code takes 0.02.
        smooth: pixels of arc over which a true contour is averaged before it becomes a target;
            straightens the staircase of a pixel mask.
        max_contours_per_crop: the contours of at most so many objects of a crop are trained at
            once, chosen at random (the detector learns all); 0 takes all. A crowd costs time and
            adds little.
        distance: what a contour's or extreme's error costs (`nn.losses`); as published, Smooth-L1.
        beta: pixels below which Smooth-L1 is quadratic.
        balance: 0 counts a pixel of error alike in all objects, as published; 1 counts it by its
            share of the object's side, as IoU does.
    """

    RENAMED: ClassVar[dict[str, str]] = {
        "side": "reference_size",
        "traced": "max_contours_per_crop",
        "snake_width": "refiner.width",
        **{name: f"refiner.{name}" for name in ("fusion", "form", "kernel", "dilations", "order")},
    }

    channels: int = pydantic.Field(3, ge=1)
    classes: tuple[str, ...] = pydantic.Field(("object",), min_length=1)
    detector: Literal["centernet", "rpn"] = "centernet"
    stride: Stride = 2
    reference_size: float | None = pydantic.Field(None, ge=0)
    backbone: Backbone = "residual"
    pretrained: bool = True
    stem: int = pydantic.Field(32, ge=1)
    widths: tuple[pydantic.PositiveInt, ...] = pydantic.Field((64, 96, 128, 160), min_length=1)
    depths: tuple[pydantic.PositiveInt, ...] = (2, 2, 2, 2)
    pyramid: int = pydantic.Field(64, ge=1)
    features: int = pydantic.Field(32, ge=1)
    head: int = pydantic.Field(48, ge=1)
    sampling: Literal["nearest", "bilinear", "bicubic"] = "bilinear"
    align: Literal["half-pixel", "corner"] = "half-pixel"
    dropout: float = pydantic.Field(0.0, ge=0, lt=1)
    rpn: RpnConfig = RpnConfig()
    points: int = pydantic.Field(64, ge=8)
    refiner: RefinerConfig = CircularRefinerConfig()
    stages: int = pydantic.Field(3, ge=1)
    stages_used: int | None = pydantic.Field(None, ge=1)
    edge: EdgeConfig = EdgeConfig()
    quality: bool = False
    polish: PolishConfig = PolishConfig()
    reach: float = pydantic.Field(1 / 8, ge=0, le=0.5)
    initial: Literal["octagon", "learned"] = "octagon"
    anchors: Literal["top", "four"] = "top"
    matching: Literal["fixed", "dynamic"] = "fixed"
    supervise: Literal["all", "last"] = "all"
    start: Literal["truth", "jittered", "predicted"] = "jittered"
    jitter: float = pydantic.Field(0.06, ge=0)
    prompts: PromptConfig = PromptConfig()
    tolerance: float = pydantic.Field(0.0, ge=0, lt=0.5)
    smooth: float = pydantic.Field(2.0, ge=0)
    max_contours_per_crop: int = pydantic.Field(24, ge=0)
    distance: Literal["smooth-l1", "l1", "mse"] = "smooth-l1"
    beta: float = pydantic.Field(0.25, gt=0)
    balance: float = pydantic.Field(0.5, ge=0, le=1)
    weights: LossWeights = LossWeights()

    @pydantic.field_validator("refiner", mode="before")
    @classmethod
    def _default_kind(cls, refiner: Any) -> Any:
        return {"kind": "circular", **refiner} if isinstance(refiner, Mapping) else refiner

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.widths) != len(self.depths):
            raise ValueError(
                f"widths and depths describe the same stages, got {len(self.widths)} and "
                f"{len(self.depths)} of them"
            )
        if self.initial == "learned" and self.start == "predicted":
            raise ValueError(
                "a learned start is always the network's own; leave start out with "
                'initial = "learned"'
            )
        if self.prompted and (self.initial == "learned" or self.start != "jittered"):
            raise ValueError(
                "prompts take the place of jittered octagons; leave prompts.extremes and "
                'prompts.polygons 0, or use initial = "octagon" and start = "jittered"'
            )
        if self.anchors == "four" and self.points % 4:
            raise ValueError(
                f"four anchors want as many points between two of them, a multiple of 4, got "
                f"{self.points}"
            )
        if self.refiner.kind != "recurrent" and self.stages_run > self.stages:
            raise ValueError(
                f"of {self.stages} stages {self.stages_used} cannot be used; give stages_used "
                f"1 to {self.stages}"
            )
        if self.detector == "rpn" and not self.anchor_strides:
            raise ValueError("an RPN needs levels coarser than the features; give more widths")
        return self

    @property
    def has_edge(self) -> bool:
        """Whether an edge stage follows the contour stages."""
        return self.edge.kind == "profile"

    @property
    def has_shape_loss(self) -> bool:
        """Whether `shape` is among the losses: its weight is above 0."""
        return self.weights.shape > 0

    @property
    def has_agent(self) -> bool:
        """Whether an agent can correct the outlines (`kontur predict --polish`)."""
        return self.polish.kind == "agent"

    @property
    def has_neighbours(self) -> bool:
        """Whether the contour stages see the contours of other objects."""
        return self.refiner.kind == "attention" and self.refiner.neighbours > 0

    @property
    def prompted(self) -> bool:
        """Whether some starts in training are such as a hand gives."""
        return self.prompts.extremes + self.prompts.polygons > 0

    @property
    def stages_run(self) -> int:
        """How many contour stages run at prediction."""
        return self.stages if self.stages_used is None else self.stages_used

    @property
    def stage_weights(self) -> tuple[float, ...]:
        """What the loss of each contour stage counts; their sum is 1."""
        growth = self.refiner.growth if self.refiner.kind == "recurrent" else 1.0
        weights = [growth**stage for stage in range(self.stages)]
        if self.supervise == "last":
            weights = [0.0] * (self.stages - 1) + [1.0]
        return tuple(weight / sum(weights) for weight in weights)

    @property
    def detector_stride(self) -> int:
        """Image pixels per cell of CenterNet's maps; published, the features' own stride."""
        widest = (self.reference_size or 0) / CELLS
        return max((s for s in self.anchor_strides if s <= widest), default=self.stride)

    @property
    def detector_level(self) -> int:
        """The level of the pyramid that CenterNet's heads read; the finest is 0."""
        return (self.detector_stride // self.stride).bit_length() - 1

    @property
    def size_unit(self) -> float:
        """Cells of CenterNet's maps that a size of 1 at its head stands for."""
        return self.reference_size / self.detector_stride if self.reference_size else 1.0

    @property
    def skipped(self) -> int:
        """Levels of the backbone that are finer than the features."""
        return 0 if self.stride == 2 else 1

    @property
    def anchor_strides(self) -> tuple[int, ...]:
        """Image pixels a cell of each level that an RPN has anchors on: all but the finest."""
        finer = range(self.stride.bit_length(), self.multiple.bit_length())
        return tuple(2**power for power in finer)

    @property
    def multiple(self) -> int:
        """Image height and width are padded to multiples of this: the coarsest level's stride."""
        return coarsest_stride(self.backbone, self.widths)


PRESETS: dict[str, dict[str, Any]] = {
    # The published snake: width 128, dense, 128 points, fusion 256; stride 4.
    "paper": {
        "stride": 4,
        "reference_size": 0,
        "stem": 32,
        "widths": (64, 128, 256, 512),
        "depths": (2, 2, 2, 2),
        "pyramid": 128,
        "features": 64,
        "head": 256,
        "points": 128,
        "refiner": {
            "kind": "circular",
            "width": 128,
            "fusion": 256,
            "form": "dense",
            "order": "paper",
        },
        "beta": 1.0,
    },
    "fast": {"edge": {"kind": "profile"}, "quality": True},
    # For tests and first tries: seconds to build, minutes to train.
    "tiny": {
        "stem": 16,
        "widths": (32, 48, 64),
        "depths": (1, 1, 1),
        "pyramid": 32,
        "features": 24,
        "head": 32,
        "points": 32,
        "refiner": {"width": 32},
        "max_contours_per_crop": 12,
        "edge": {"kind": "profile"},
        "quality": True,
    },
}
