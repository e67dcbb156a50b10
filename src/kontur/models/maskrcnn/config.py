"""The settings of a Mask R-CNN and its three presets."""

from typing import Any, Literal, Self

import pydantic

from kontur.models.backbone import Backbone, coarsest_stride
from kontur.models.rpn.config import RpnConfig
from kontur.settings import Settings


class LossWeights(Settings):
    """The weight of each named loss in the sum that is minimised: the notes' λ.

    The box losses are means over a box's four numbers, the published ones sums: λ = 4 is their 1.
    """

    rpn_class: float = pydantic.Field(1.0, ge=0)
    rpn_box: float = pydantic.Field(4.0, ge=0)
    roi_class: float = pydantic.Field(1.0, ge=0)
    roi_box: float = pydantic.Field(4.0, ge=0)
    mask: float = pydantic.Field(1.0, ge=0)
    quality: float = pydantic.Field(0.5, ge=0)


class MaskRCNNConfig(Settings):
    """Mask R-CNN's shape, its sampling in training, and its losses.

    Attributes:
        channels: channels of the image that the network sees.
        classes: names.
        stride: image pixels a cell of the finest level.
        backbone: `residual`, of the next four settings' shape, or `efficientnet-lite0`.
        stem, widths, depths, block: channels of the stem and of each backbone stage, blocks of each
            and which (`nn.resnet`).
        pretrained: whether a training that starts from random weights takes ImageNet's for a
            backbone that has them.
        pyramid: channels of every level.
        pooled: further levels, each the one before at half its size, for the largest anchors.
        rpn: anchors and proposals.
        roi: RoIAlign ("align", between the cells) or RoI pooling ("pool", whole cells).
        reduce: how "align" combines the four samples of a part: by their maximum, as in the notes,
            or their mean, as the usual libraries do.
        box_cells, mask_cells: parts of a box along a side, for class and box, and for the mask,
            which the transposed convolution doubles.
        head: numbers in each of the two fully connected layers.
        dropout: the share of these that is dropped in training.
        mask_width, mask_depth: channels and convolutions of the mask head.
        quality: whether each mask's IoU with its object is predicted (`models.maskrcnn.quality`); a
            score is then the geometric mean of it and the class's probability.
        rois: boxes of an image on which the heads are trained in a step.
        share: the largest share of them that may belong to objects.
        fit: the IoU from which a proposal belongs to an object.
        overlap: of two predicted boxes of a class whose IoU is above this, the one with the lower
            score is removed before masks are computed; the outlines' own overlap is the model's
            threshold.
    """

    channels: int = pydantic.Field(3, ge=1)
    classes: tuple[str, ...] = pydantic.Field(("object",), min_length=1)
    stride: Literal[2, 4] = 4
    backbone: Backbone = "residual"
    stem: int = pydantic.Field(32, ge=1)
    widths: tuple[pydantic.PositiveInt, ...] = pydantic.Field((64, 96, 128, 160), min_length=1)
    depths: tuple[pydantic.PositiveInt, ...] = (2, 2, 2, 2)
    block: Literal["basic", "bottleneck"] = "basic"
    pretrained: bool = True
    pyramid: int = pydantic.Field(64, ge=1)
    pooled: int = pydantic.Field(0, ge=0)
    rpn: RpnConfig = RpnConfig()
    roi: Literal["align", "pool"] = "align"
    reduce: Literal["max", "mean"] = "max"
    box_cells: int = pydantic.Field(7, ge=1)
    mask_cells: int = pydantic.Field(14, ge=1)
    head: int = pydantic.Field(256, ge=1)
    dropout: float = pydantic.Field(0.0, ge=0, lt=1)
    mask_width: int = pydantic.Field(64, ge=1)
    mask_depth: int = pydantic.Field(2, ge=1)
    quality: bool = False
    rois: int = pydantic.Field(64, ge=2)
    share: float = pydantic.Field(0.5, gt=0, lt=1)
    fit: float = pydantic.Field(0.5, gt=0, le=1)
    overlap: float = pydantic.Field(0.6, ge=0, le=1)
    weights: LossWeights = LossWeights()

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.widths) != len(self.depths):
            raise ValueError(
                f"widths and depths describe the same stages, got {len(self.widths)} and "
                f"{len(self.depths)} of them"
            )
        return self

    @property
    def skipped(self) -> int:
        """Levels of the backbone that are finer than the finest of the pyramid."""
        return 0 if self.stride == 2 else 1

    @property
    def strides(self) -> tuple[int, ...]:
        """Image pixels per cell of each level with boxes, finest first."""
        coarsest = coarsest_stride(self.backbone, self.widths)
        powers = range(self.stride.bit_length() - 1, coarsest.bit_length())
        return tuple(2**power for power in powers)

    @property
    def anchor_strides(self) -> tuple[int, ...]:
        """The same of the levels that have anchors: the pooled ones too."""
        return (*self.strides, *(self.strides[-1] * 2 ** (i + 1) for i in range(self.pooled)))

    @property
    def multiple(self) -> int:
        """Image height and width are padded to multiples of this: the coarsest level's stride."""
        return self.anchor_strides[-1]


PRESETS: dict[str, dict[str, Any]] = {
    # He et al., Mask R-CNN, 2017, with ResNet-50 and a pyramid: 44.4 million weights, 90 classes.
    "paper": {
        "stem": 64,
        "widths": (256, 512, 1024, 2048),
        "depths": (3, 4, 6, 3),
        "block": "bottleneck",
        "pyramid": 256,
        "pooled": 1,
        "rpn": {
            "logits": "softmax",
            "sizes": (8.0,),
            "overlaps": (0.3, 0.7),
            "candidates": 1000,
            "kept": 1000,
        },
        "head": 1024,
        "mask_width": 256,
        "mask_depth": 4,
        "rois": 512,
        "share": 0.25,
        "overlap": 0.5,
    },
    "fast": {},
    # For tests and first tries: seconds to build, minutes to train.
    "tiny": {
        "stem": 16,
        "widths": (32, 48, 64),
        "depths": (1, 1, 1),
        "pyramid": 32,
        "rpn": {"sampled": 128},
        "head": 64,
        "mask_width": 32,
        "rois": 32,
    },
}
