"""Deep Snake's losses, named and unweighted, finite for images without objects."""

from collections.abc import Callable
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

FINER = 4  # places of a true ring between two of its points, where points are matched with it


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


def extreme_loss(
    extremes: Float[Tensor, "t 4 2"], targets: Targets, config: SnakeConfig
) -> dict[str, Tensor]:
    """The distance of the extremes from the true ones, in pixels."""
    return {"extreme": _distance(config)(extremes, targets.extremes, targets.weights)}


def start_loss(
    starts: Float[Tensor, "2 t n 2"], targets: Targets, config: SnakeConfig
) -> dict[str, Tensor]:
    """The distance of a learned start, before and after its deformation, from the truth."""
    distance = _distance(config)
    losses = [distance(points, targets.contours, targets.weights) for points in starts]
    return {"start": torch.stack(losses).mean()}


def contour_losses(
    starts: Float[Tensor, "t n 2"],
    stages: Float[Tensor, "stages t n 2"],
    targets: Targets,
    config: SnakeConfig,
) -> dict[str, Tensor]:
    """The distance of contours from the aligned truth, in pixels; with a weight, of their edges."""
    distance = _distance(config)
    losses = [distance(points, targets.contours, targets.weights) for points in stages]
    if config.matching == "dynamic":
        before = stages[-2] if len(stages) > 1 else starts
        losses[-1] = matched_loss(stages[-1], before.detach(), targets, distance)
    counted = torch.tensor(config.stage_weights, device=stages.device)
    named = {"contour": (torch.stack(losses) * counted).sum()}
    if config.has_shape_loss:
        edges = [torch.roll(ring, -1, dims=1) - ring for ring in (stages[-1], targets.contours)]
        named["shape"] = distance(*edges, targets.weights)
    return named


def _distance(config: SnakeConfig) -> Callable[..., Tensor]:
    if config.distance == "smooth-l1":
        return partial(smooth_l1, beta=config.beta)
    return LOSSES[config.distance]


def matched_loss(
    points: Float[Tensor, "t n 2"],
    before: Float[Tensor, "t n 2"],
    targets: Targets,
    distance: Callable[..., Tensor],
) -> Tensor:
    """The distance to the truth of points that are matched by where they were before.

    Every point goes to the nearest place of a finer true ring, and to every true point comes the
    nearest point: the first draws all points onto the edge, the second one into every corner.
    """
    truth = targets.contours
    following = torch.roll(truth, -1, dims=1)
    shares = torch.arange(FINER, device=truth.device) / FINER
    finer = (truth[:, :, None] + (following - truth)[:, :, None] * shares[:, None]).flatten(1, 2)

    def nearest(rings: Tensor, to: Tensor, by: Tensor) -> Tensor:
        place = torch.cdist(to, by).argmin(dim=-1, keepdim=True).expand(-1, -1, 2)
        return rings.gather(1, place)

    onto = distance(points, nearest(finer, before, finer), targets.weights)
    into = distance(nearest(points, truth, before), truth, targets.weights)
    return (onto + into) / 2


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
    distance = full_resolution[..., 0] * config.edge.reach
    # pixels without truth are right as they are: to pick out the others takes five times as long
    learned = torch.isfinite(targets.signed_distance)
    truth = torch.where(learned, targets.signed_distance, distance.detach())
    ones = torch.ones(1, device=distance.device)
    everywhere = smooth_l1(distance[None], truth[None], ones, beta=config.beta)
    return {
        "edge": smooth_l1(moves, wanted, targets.weights, beta=config.beta),
        "signed_distance": everywhere * learned.numel() / learned.sum().clamp(min=1),
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
