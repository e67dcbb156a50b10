"""The two heads that roi_features into a box: class and box, and the mask beside them.

After He et al., Mask R-CNN, 2017, figure 4 right. Two fully connected layers take what the box
holds together to a class and to a better box; convolutions and a transposed one, which doubles the
side (2·(14 − 1) + 2 = 28), keep the places and give each class a mask of its own.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.maskrcnn.config import MaskRCNNConfig
from kontur.nn.initialise import initialise
from kontur.nn.roi import Rois, roi_align, roi_pool


def roi_features(
    features: Float[Tensor, "b n d"], rois: Rois, cells: int, config: MaskRCNNConfig
) -> Float[Tensor, "m d {cells} {cells}"]:
    """The features of each box on a grid of cells, by RoIAlign or RoI pooling as configured."""
    table = features.reshape(-1, features.shape[-1])
    if config.roi == "pool":
        return roi_pool(table, rois, cells)
    return roi_align(table, rois, cells, reduce=config.reduce)


class BoxHead(nn.Module):
    """Boxes to class logits, the background first, and to the deltas of each class."""

    def __init__(self, config: MaskRCNNConfig):
        super().__init__()
        self.config = config
        classes = len(config.classes)
        self.layers = nn.Sequential(
            nn.Flatten(),
            *(nn.Linear(config.pyramid * config.box_cells**2, config.head), nn.ReLU()),
            nn.Dropout(config.dropout),
            *(nn.Linear(config.head, config.head), nn.ReLU()),
            nn.Dropout(config.dropout),
        )
        self.labels = nn.Linear(config.head, classes + 1)
        self.deltas = nn.Linear(config.head, classes * 4)
        initialise(self.layers, "kaiming")
        initialise(self.labels, "normal")
        initialise(self.deltas, "normal")

    def forward(
        self, features: Float[Tensor, "b n d"], rois: Rois
    ) -> tuple[Float[Tensor, "m k1"], Float[Tensor, "m k 4"]]:
        hidden = self.layers(roi_features(features, rois, self.config.box_cells, self.config))
        deltas = self.deltas(hidden).reshape(-1, len(self.config.classes), 4)
        return self.labels(hidden).float(), deltas.float()


class MaskHead(nn.Module):
    """The features of boxes to the logits of a mask for each class, spread over the box."""

    def __init__(self, config: MaskRCNNConfig):
        super().__init__()
        width = config.mask_width
        inputs = [config.pyramid, *[width] * (config.mask_depth - 1)]
        convs = [nn.Conv2d(channels, width, 3, padding=1) for channels in inputs]
        self.layers = nn.Sequential(
            *(layer for conv in convs for layer in (conv, nn.ReLU())),
            *(nn.ConvTranspose2d(width, width, 2, stride=2), nn.ReLU()),
            nn.Conv2d(width, len(config.classes), 1),
        )
        initialise(self.layers, "kaiming")

    def forward(self, pooled: Float[Tensor, "m d c c"]) -> Float[Tensor, "m k h h"]:
        return self.layers(pooled).float()


def masks_of_classes(masks: Float[Tensor, "m k h h"], labels: Integer[Tensor, " m"]) -> Tensor:
    """The mask of each box's class, (m, h, h)."""
    indices = torch.arange(labels.shape[0], device=labels.device) * masks.shape[1] + labels
    return masks.flatten(0, 1)[indices]
