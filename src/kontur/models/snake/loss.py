"""Deep Snake's losses, named and unweighted, finite for images without objects."""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from kontur.models.rpn.loss import region_losses
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.detector import Detected
from kontur.models.snake.encode import Targets
from kontur.models.snake.rpn import Regions
from kontur.nn.losses import LOSSES, heatmap_focal_loss, l1, smooth_l1


def detector_losses(
    detected: Detected | Regions, targets: Targets, config: SnakeConfig
) -> dict[str, Tensor]:
    """Of CenterNet: heatmap (focal), size and offset (L1 at the true centres, in cells).

    Of an RPN: class and box of the sampled anchors (`models.rpn.loss`).
    """
    if isinstance(detected, Regions):
        return region_losses(
            *(detected.logits, detected.deltas),
            image_index=targets.anchor_index,
            anchors=targets.anchors,
            labels=targets.anchor_labels,
            targets=targets.anchor_deltas,
            config=config.rpn,
        )
    ones = torch.ones(len(targets.sizes), device=targets.sizes.device)
    x, y = targets.centres.unbind(-1)
    at = (targets.image_index, slice(None), y, x)
    return {
        "heatmap": heatmap_focal_loss(detected.heatmap, targets.heatmap, targets.heatmap_weight),
        "size": l1(detected.sizes[at], targets.sizes, ones),
        "offset": l1(detected.offsets[at], targets.offsets, ones),
    }


def contour_losses(
    extremes: Float[Tensor, "t 4 2"],
    stages: Float[Tensor, "stages t n 2"],
    targets: Targets,
    config: SnakeConfig,
) -> dict[str, Tensor]:
    """The distance of extremes and contours from the aligned truth, in pixels: Smooth-L1."""
    distance = LOSSES[config.distance]
    if config.distance == "smooth-l1":
        distance = partial(smooth_l1, beta=config.beta)
    supervised = stages if config.supervise == "all" else stages[-1:]
    each = [distance(points, targets.contours, targets.weights) for points in supervised]
    return {
        "extreme": distance(extremes, targets.extremes, targets.weights),
        "contour": torch.stack(each).mean(),
    }
