"""The two losses of region proposals: object or not, and the box of an object."""

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from kontur.models.rpn.config import RpnConfig
from kontur.nn.losses import LOSSES, cross_entropy, smooth_l1

BETA = 1 / 9  # below this a delta's error counts by its square: published, sigma 3
OF_SIGMOIDS = {"cross-entropy": "binary-cross-entropy", "focal": "focal"}  # of one logit a class


def region_losses(
    logits: Float[Tensor, "b a k"],
    deltas: Float[Tensor, "b a 4"],
    *,
    image_index: Integer[Tensor, " s"],
    anchors: Integer[Tensor, " s"],
    labels: Integer[Tensor, " s"],
    targets: Float[Tensor, "s 4"],
    config: RpnConfig,
) -> dict[str, Tensor]:
    """Faster R-CNN, equation 1, over s sampled anchors: both terms are means over them.

    The cross-entropy of the class (−1 is background), and Smooth-L1 of the deltas of those that are
    an object's. 0 without anchors. The focal loss in place of the cross-entropy is divided by the
    number of the objects' anchors.
    """
    chosen, moved = logits[image_index, anchors], deltas[image_index, anchors]
    if config.logits == "softmax":
        scores = cross_entropy(chosen, labels + 1)
    else:
        classes = torch.arange(chosen.shape[1], device=labels.device)
        truth = (labels[:, None] == classes).float()
        scores = LOSSES[OF_SIGMOIDS[config.loss]](chosen, truth, torch.ones_like(chosen))
    return {
        "rpn_class": scores,
        "rpn_box": smooth_l1(moved, targets, (labels >= 0).float(), beta=BETA),
    }
