"""Deep Snake's losses, named and unweighted, finite for images without objects."""

from functools import partial

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from kontur.models.rpn.loss import region_losses
from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.detector import Detected
from kontur.models.snake.edge import distance_along
from kontur.models.snake.encode import Targets
from kontur.models.snake.quality import best_iou
from kontur.models.snake.rpn import Regions
from kontur.nn.losses import LOSSES, binary_cross_entropy, heatmap_focal_loss, l1, smooth_l1


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


def edge_losses(
    full_resolution: Float[Tensor, "b H W e"],
    moves: Float[Tensor, "t n"],
    limits: Float[Tensor, "t 1"],
    starts: Float[Tensor, "t n 2"],
    targets: Targets,
    config: SnakeConfig,
) -> dict[str, Tensor]:
    """Of the edge stage: how far each point goes outwards; and the signed distance of all pixels.

    Both Smooth-L1, in pixels. What lies farther from an edge than the stage looks counts as one
    that is as far as it looks, so that most pixels of an image are soon right and count no more.
    """
    wanted = distance_along(starts, targets.contours).clamp(-limits, limits)
    learned = ~torch.isnan(targets.signed_distance)
    distance = full_resolution[..., 0][learned] * config.edge.reach
    ones = torch.ones(1, device=distance.device)
    return {
        "edge": smooth_l1(moves, wanted, targets.weights, beta=config.beta),
        "signed_distance": smooth_l1(
            distance[None], targets.signed_distance[learned][None], ones, beta=config.beta
        ),
    }


def quality_loss(
    logits: Float[Tensor, " c"],
    contours: Float[Tensor, "c n 2"],
    image_index: Integer[Tensor, " c"],
    targets: Targets,
) -> Tensor:
    """The cross-entropy of the predicted with the reached IoU of c proposed contours."""
    reached = best_iou(contours, image_index, targets.rings, targets.rings_index)
    return binary_cross_entropy(logits, reached, torch.ones_like(logits))
