"""The predicted quality of a mask: the IoU with its object that it is expected to have.

After Huang et al., Mask Scoring R-CNN, CVPR 2019: a class's probability says what is in the box,
not that the mask is right. A few convolutions see the box's features and the mask itself. They are
smaller than the published four of 256 channels, give one number whatever the class, and learn it by
cross-entropy, as the snake's do (`models.snake.quality`).
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn
from torch.nn import functional

from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.models.maskrcnn.encode import Targets
from kontur.nn.initialise import initialise


class MaskQuality(nn.Module):
    """Features and mask of each box to the logit of the mask's IoU with its object."""

    def __init__(self, config: MaskRCNNConfig):
        super().__init__()
        width, cells = config.mask_width, (config.mask_cells + 1) // 2
        self.layers = nn.Sequential(
            *(nn.Conv2d(config.pyramid + 1, width, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(width, width, 3, stride=2, padding=1), nn.ReLU()),
            nn.Flatten(),
            *(nn.Linear(width * cells**2, config.head), nn.ReLU()),
            nn.Linear(config.head, 1),
        )
        initialise(self.layers, "kaiming")

    def forward(
        self, pooled: Float[Tensor, "m d c c"], masks: Float[Tensor, "m h h"]
    ) -> Float[Tensor, " m"]:
        """`masks` are probabilities, twice as fine as the features."""
        shown = functional.max_pool2d(masks[:, None], 2)
        return self.layers(torch.cat([pooled, shown], dim=1))[:, 0].float()


def mask_iou(
    masks: Float[Tensor, "p h h"],
    wanted: Float[Tensor, "p h h"],
    boxes: Float[Tensor, "p 4"],
    areas: Float[Tensor, " p"],
) -> Float[Tensor, " p"]:
    """The IoU of each mask, cut at one half, with its object of `areas` pixels, 0 to 1.

    `wanted` is the share of each part of the box that the object covers; what lies outside of the
    box counts as missed, as published.
    """
    part = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1) / masks.shape[-1] ** 2  # pixels
    inside = (masks >= 0.5).float()
    shared = (inside * wanted).sum(dim=(1, 2)) * part
    either = inside.sum(dim=(1, 2)) * part + areas - shared
    return (shared / either.clamp(min=1e-6)).clamp(max=1)


def object_areas(targets: Targets, object_index: Integer[Tensor, " p"]) -> Float[Tensor, " p"]:
    """The pixels of each object's mask."""
    before = functional.pad(targets.mask_pixels.long().cumsum(dim=0), (1, 0))
    starts = targets.mask_starts[object_index]
    ends = starts + targets.mask_sizes[object_index].prod(dim=1)
    return (before[ends] - before[starts]).float()
