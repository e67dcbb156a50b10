"""CenterNet's detector: backbone, pyramid, and three heads on one feature map.

After Zhou et al., Objects as Points, 2019. The notes ask for heatmap, size and offset; the
published Deep Snake leaves the offset out. The three heads share their 3×3 convolution: at
stride 2 that layer is what a head costs.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from kontur.models.snake.config import SnakeConfig
from kontur.nn.backbone import build_backbone
from kontur.nn.conv import cbr
from kontur.nn.grid import to_grid
from kontur.nn.pyramid import FeaturePyramid

PRIOR = 0.1  # every cell starts as this probable a centre: CenterNet's bias of -2.19


class Detected(NamedTuple):
    """The snake's features, and the detector's raw maps: `sizes` and `offsets` in its cells."""

    features: Float[Tensor, "b fh fw d"]
    heatmap: Float[Tensor, "b k h w"]
    sizes: Float[Tensor, "b 2 h w"]
    offsets: Float[Tensor, "b 2 h w"]


class Detector(nn.Module):
    """Images to features for the snake and raw maps for the boxes."""

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.backbone = build_backbone(config)
        self.skip = config.skipped
        self.level = config.detector_level
        inputs = self.backbone.widths[self.skip :]
        widths = [config.features, *[config.pyramid] * (len(inputs) - 1)]
        self.pyramid = FeaturePyramid(inputs, widths, smoothed=max(2, self.level + 1))
        self.classes = len(config.classes)
        self.size_unit = config.size_unit
        self.shared = cbr(widths[self.level], config.head)
        self.dropout = nn.Dropout2d(config.dropout)
        self.heads = nn.Conv2d(config.head, self.classes + 4, 1)
        bias = torch.zeros(self.classes + 4)
        bias[: self.classes] = math.log(PRIOR / (1 - PRIOR))
        self.heads.bias = nn.Parameter(bias)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Detected:
        levels = self.backbone(images)
        pyramid = self.pyramid(levels[self.skip :])
        maps = self.heads(self.dropout(self.shared(pyramid[self.level]))).float()
        heatmap, sizes, offsets = maps.split([self.classes, 2, 2], dim=1)
        return Detected(pyramid[0].permute(0, 2, 3, 1), heatmap, sizes * self.size_unit, offsets)


def local_maxima(scores: Float[Tensor, "b k h w"]) -> Float[Tensor, "b k h w"]:
    """The scores of cells that no neighbour exceeds, 0 elsewhere: suppression by max-pooling."""
    scores = scores.contiguous()  # on a CPU six times as fast as maps with channels last in memory
    highest = functional.max_pool2d(scores, kernel_size=3, stride=1, padding=1)
    return scores * (scores == highest)


def boxes_of_cells(detected: Detected, stride: int) -> Float[Tensor, "b 4 h w"]:
    """The xyxy box that each cell would stand for, in image pixels."""
    h, w = detected.heatmap.shape[-2:]
    columns = torch.arange(w, device=detected.sizes.device)[None, None, :]
    rows = torch.arange(h, device=detected.sizes.device)[None, :, None]
    offsets, half = to_grid(detected.offsets), to_grid(detected.sizes.clamp(min=0) / 2)
    x = offsets[:, 0] + columns
    y = offsets[:, 1] + rows
    corners = [x - half[:, 0], y - half[:, 1], x + half[:, 0], y + half[:, 1]]
    return torch.stack(corners, dim=1) * stride
