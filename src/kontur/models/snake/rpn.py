"""Region proposals as the snake's detector: anchors instead of CenterNet's centres.

The notes name both ways, and the snake takes any boxes. The backbone and pyramid are the
detector's; the finest level is what the snake reads, the coarser ones have the anchors
(`models.rpn`), with a score for each class, because no head after them tells the classes apart.
"""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from kontur.models.rpn.network import RegionProposals
from kontur.models.snake.config import SnakeConfig
from kontur.nn.backbone import build_backbone
from kontur.nn.pyramid import FeaturePyramid


class Regions(NamedTuple):
    """Features for the snake; the scores' logits, the scores and the deltas of a anchors."""

    features: Float[Tensor, "b h w d"]
    logits: Float[Tensor, "b a k"]
    probabilities: Float[Tensor, "b a k"]
    deltas: Float[Tensor, "b a 4"]


class RegionDetector(nn.Module):
    """Images to features for the snake and to what becomes of each anchor."""

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.backbone = build_backbone(config)
        self.skip = config.skipped
        inputs = self.backbone.widths[self.skip :]
        widths = [config.features, *[config.pyramid] * (len(inputs) - 1)]
        self.pyramid = FeaturePyramid(inputs, widths, smoothed=len(inputs))
        self.proposals = RegionProposals(config.pyramid, config.rpn, classes=len(config.classes))

    def forward(self, images: Float[Tensor, "b c h w"]) -> Regions:
        finest, *coarser = self.pyramid(self.backbone(images)[self.skip :])
        logits, deltas = self.proposals(coarser)
        scores = self.proposals.probabilities(logits)
        return Regions(finest.permute(0, 2, 3, 1), logits, scores, deltas)
