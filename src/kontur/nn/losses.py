"""Losses by name; each is a mean that stays finite, and zero, where there is nothing to compare."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Integer
from torch import Tensor
from torch.nn import functional

ALPHA, BETA = 2.0, 4.0  # of the focal loss of a heatmap, as published
IGNORED = -1  # the target of a place that counts for nothing


def heatmap_focal_loss(
    logits: Float[Tensor, "b k h w"],
    target: Float[Tensor, "b k h w"],
    weight: Float[Tensor, "b 1 h w"],
) -> Float[Tensor, ""]:
    """CenterNet's penalty-reduced focal loss over a heatmap whose peaks are exactly 1.

    After Zhou et al., Objects as Points, 2019, equation 1, divided by the number of peaks, at
    least one. `weight` 0 takes a pixel out (ignore regions).
    """
    logits = _precise(logits)
    peak = (target == 1).float()
    positive = functional.logsigmoid(logits) * torch.sigmoid(-logits) ** ALPHA * peak
    negative = functional.logsigmoid(-logits) * torch.sigmoid(logits) ** ALPHA
    negative = negative * (1 - target) ** BETA * (1 - peak)
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
    loss = functional.smooth_l1_loss(_precise(predicted), target, beta=beta, reduction="none")
    return _weighted(loss, weight)


def l1(
    predicted: Float[Tensor, "m *rest"],
    target: Float[Tensor, "m *rest"],
    weight: Float[Tensor, " m"],
) -> Float[Tensor, ""]:
    """Mean absolute difference over an object's numbers, weighted by object; 0 without any."""
    return _weighted((_precise(predicted) - target).abs(), weight)


def mse(
    predicted: Float[Tensor, "m *rest"],
    target: Float[Tensor, "m *rest"],
    weight: Float[Tensor, " m"],
) -> Float[Tensor, ""]:
    """Mean squared difference over an object's numbers, weighted by object; 0 without any."""
    return _weighted((_precise(predicted) - target) ** 2, weight)


def cross_entropy(
    logits: Float[Tensor, "n k *s"],
    target: Integer[Tensor, "n *s"],
    *,
    class_weight: Float[Tensor, " k"] | None = None,
) -> Float[Tensor, ""]:
    """The mean of `-log softmax(logits)[target]`, weighted by the true class.

    A place whose target is `IGNORED` counts for nothing; 0 where all are, or there is none.
    """
    logits = _precise(logits)
    summed = functional.cross_entropy(
        logits, target.long(), weight=class_weight, ignore_index=IGNORED, reduction="sum"
    )
    counted = target != IGNORED
    if class_weight is None:
        return summed / counted.sum().clamp(min=1)
    total = (class_weight[target.long().clamp(min=0)] * counted).sum()
    return summed / torch.where(total > 0, total, 1.0)


def dice(
    probabilities: Float[Tensor, "n k *s"], target: Integer[Tensor, "n *s"]
) -> Float[Tensor, ""]:
    """1 − `2·Σp·t / (Σp + Σt)` of each class that occurs, over the batch; their mean.

    After Milletari et al., V-Net, 2016, with sums instead of sums of squares, which halves the
    pull towards certainty. A class counts as much as any other, however few its pixels. Of a
    class without any true pixel the formula has no gradient; it is left out. 0 where nothing is.
    """
    counted = target != IGNORED
    one_hot = functional.one_hot(target.long() * counted, probabilities.shape[1]).movedim(-1, 1)
    predicted = _precise(probabilities) * counted[:, None]
    truth = one_hot.to(predicted.dtype) * counted[:, None]
    axes = [0, *range(2, probabilities.ndim)]
    area = truth.sum(dim=axes)  # (k,)
    shared = (predicted * truth).sum(dim=axes)
    lost = 1 - 2 * shared / (predicted.sum(dim=axes) + area).clamp(min=1e-6)
    occurs = (area > 0).to(area.dtype)
    return (lost * occurs).sum() / occurs.sum().clamp(min=1)


def binary_cross_entropy(
    logits: Float[Tensor, "*s"], target: Float[Tensor, "*s"], weight: Float[Tensor, "*#s"]
) -> Float[Tensor, ""]:
    """The weighted mean of `-t·log p − (1 − t)·log(1 − p)`; 0 where no weight is above 0."""
    elementwise = functional.binary_cross_entropy_with_logits(
        _precise(logits), target, reduction="none"
    )
    weights = weight.expand_as(elementwise)
    total = weights.sum()
    return (elementwise * weights).sum() / torch.where(total > 0, total, 1.0)


def focal(
    logits: Float[Tensor, "*s"],
    target: Float[Tensor, "*s"],
    weight: Float[Tensor, "*#s"],
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
) -> Float[Tensor, ""]:
    """Binary cross-entropy in which what is already right counts little.

    After Lin et al., Focal Loss for Dense Object Detection, 2017, equation 5: `alpha` weighs the
    positives, `(1 − p of the truth)^gamma` everything; divided by the number of positives, at
    least one. `gamma` is 0 or at least 1: between them the slope at a sure answer is infinite.
    """
    logits = _precise(logits)
    elementwise = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p = torch.sigmoid(logits)
    wrong = p * (1 - target) + (1 - p) * target
    balance = alpha * target + (1 - alpha) * (1 - target)
    positives = (target * weight).sum().clamp(min=1)
    return (balance * wrong**gamma * elementwise * weight).sum() / positives


def _precise(x: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
    """In float32 where it came in half precision: sums of many pixels need it."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _weighted(loss: Float[Tensor, "m *rest"], weight: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    per_object = loss.flatten(1).sum(dim=1) / max(loss[0:1].numel(), 1)  # (m,)
    if len(loss) == 0:
        return loss.sum()  # keeps the graph: gradients are zero, not missing
    return (per_object * weight).sum() / len(loss)


LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": mse,
    "l1": l1,
    "smooth-l1": smooth_l1,
    "cross-entropy": cross_entropy,
    "binary-cross-entropy": binary_cross_entropy,
    "focal": focal,
    "dice": dice,
}
