"""The region proposal network: a 3×3 convolution, then 1×1 to scores and deltas of anchors.

After Ren et al., Faster R-CNN, 2015, figure 3, with one head for all levels of a pyramid (Lin et
al., Feature Pyramid Networks, 2017, section 4.1). The outputs start from N(0, 0.01), as published,
so that scores begin near one half and deltas near zero.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kontur.models.rpn.config import RpnConfig
from kontur.models.segmenter import ClassRows
from kontur.nn.initialise import initialise


def score_rows(config: RpnConfig) -> ClassRows:
    """The rows of `RegionProposals.scores`: of each shape the background, if any, and classes."""
    return ClassRows(before=int(config.logits == "softmax"), groups=config.shapes)


class RegionProposals(nn.Module):
    """Maps of one width to scores and deltas of all anchors, in the order of `geometry.anchors`."""

    def __init__(self, width: int, config: RpnConfig, *, classes: int = 1):
        super().__init__()
        self.background = config.logits == "softmax"
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.scores = nn.Conv2d(width, config.shapes * (classes + self.background), 1)
        self.deltas = nn.Conv2d(width, config.shapes * 4, 1)
        self.shapes = config.shapes
        initialise(self.conv, "kaiming")
        initialise(self.scores, "normal")
        initialise(self.deltas, "normal")

    def forward(self, maps: list[Tensor]) -> tuple[Float[Tensor, "b a k"], Float[Tensor, "b a 4"]]:
        hidden = [torch.relu(self.conv(level)) for level in maps]
        scores = [self._by_anchor(self.scores(level)) for level in hidden]
        deltas = [self._by_anchor(self.deltas(level)) for level in hidden]
        return torch.cat(scores, dim=1).float(), torch.cat(deltas, dim=1).float()

    def probabilities(self, logits: Float[Tensor, "b a k"]) -> Float[Tensor, "b a classes"]:
        """The probability of each class for each anchor."""
        if self.background:
            return torch.softmax(logits, dim=-1)[..., 1:]
        return torch.sigmoid(logits)

    def _by_anchor(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b a k"]:
        rows = maps.permute(0, 2, 3, 1)  # (b, h, w, shapes · k)
        return rows.reshape(maps.shape[0], -1, maps.shape[1] // self.shapes)
