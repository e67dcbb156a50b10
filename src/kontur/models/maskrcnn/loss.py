"""The losses of the two heads; those of the proposals are `models.rpn.loss`.

The masks' targets are cropped from the objects' own masks at each box, by the same RoIAlign that
crops features, and are the shares of each cell that the object covers, not 0 or 1: so the outline
at one half lies between the cells.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from kontur.models.maskrcnn.encode import Targets
from kontur.nn.losses import binary_cross_entropy, cross_entropy, smooth_l1
from kontur.nn.roi import Rois, roi_align


def box_losses(
    logits: Float[Tensor, "r k1"],
    deltas: Float[Tensor, "r k 4"],
    *,
    labels: Integer[Tensor, " r"],
    targets: Float[Tensor, "r 4"],
) -> dict[str, Tensor]:
    """Fast R-CNN, equation 1: cross-entropy, and for objects ([u ≥ 1]) Smooth-L1 of their class's
    deltas; both means over the r boxes, 0 without any.
    """
    own = torch.take_along_dim(deltas, (labels - 1).clamp(min=0)[:, None, None], dim=1)[:, 0]
    return {
        "roi_class": cross_entropy(logits, labels),
        "roi_box": smooth_l1(own, targets, (labels > 0).float()),
    }


def mask_loss(logits: Float[Tensor, "p h h"], wanted: Float[Tensor, "p h h"]) -> dict[str, Tensor]:
    """Mask R-CNN, section 3: binary cross-entropy of the true class's mask; 0 without objects."""
    return {"mask": binary_cross_entropy(logits, wanted, torch.ones_like(wanted))}


def cut_masks(
    boxes: Float[Tensor, "p 4"], object_index: Integer[Tensor, " p"], targets: Targets, cells: int
) -> Float[Tensor, "p {cells} {cells}"]:
    """The share of each of `cells`×`cells` parts of each box that its object covers, 0 to 1."""
    corners = targets.mask_corners[object_index].repeat(1, 2)
    where = Rois(
        boxes - corners,
        targets.mask_starts[object_index],
        targets.mask_sizes[object_index],
        torch.ones(len(object_index), device=boxes.device),
    )
    pixels = targets.mask_pixels.float()[:, None]
    return roi_align(pixels, where, cells, reduce="mean")[:, 0]
