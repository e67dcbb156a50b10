"""Losses by name; each is a mean that stays finite, and zero, where there is nothing to compare."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def heatmap_focal_loss(
    logits: Float[Tensor, "b k h w"],
    target: Float[Tensor, "b k h w"],
    weight: Float[Tensor, "b 1 h w"],
    *,
    alpha: float = 2.0,
    beta: float = 4.0,
) -> Float[Tensor, ""]:
    """CenterNet's penalty-reduced focal loss over a heatmap whose peaks are exactly 1.

    After Zhou et al., Objects as Points, 2019, equation 1 (alpha 2, beta 4), divided by the
    number of peaks, at least one. `weight` 0 takes a pixel out (ignore regions).
    """
    logits = logits.float()
    peak = (target == 1).float()
    positive = functional.logsigmoid(logits) * torch.sigmoid(-logits) ** alpha * peak
    negative = functional.logsigmoid(-logits) * torch.sigmoid(logits) ** alpha
    negative = negative * (1 - target) ** beta * (1 - peak)
    peaks = (peak * weight).sum().clamp(min=1)
    return -((positive + negative) * weight).sum() / peaks


def smooth_l1(
    predicted: Float[Tensor, "m *rest"],
    target: Float[Tensor, "m *rest"],
    weight: Float[Tensor, " m"],
    *,
    beta: float = 1.0,
) -> Float[Tensor, ""]:
    """Smooth-L1 (Girshick, Fast R-CNN, 2015): quadratic below `beta`, linear above.

    The mean over the numbers of an object, weighted by object; 0 where there is no object.
    """
    loss = functional.smooth_l1_loss(predicted.float(), target, beta=beta, reduction="none")
    return _weighted(loss, weight)


def l1(
    predicted: Float[Tensor, "m *rest"],
    target: Float[Tensor, "m *rest"],
    weight: Float[Tensor, " m"],
) -> Float[Tensor, ""]:
    """Mean absolute difference over an object's numbers, weighted by object; 0 without any."""
    return _weighted((predicted.float() - target).abs(), weight)


def _weighted(loss: Float[Tensor, "m *rest"], weight: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    each = loss.flatten(1).sum(dim=1) / max(loss[0:1].numel(), 1)  # (m,)
    if len(loss) == 0:
        return loss.sum()  # keeps the graph: gradients are zero, not missing
    return (each * weight).sum() / len(loss)
