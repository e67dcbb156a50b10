"""The U-Nets' losses, named and unweighted, finite for images without objects.

Cross-entropy is the loss of each pixel, Dice (Milletari et al., V-Net, 2016) that of each class
as a whole: it gives thin borders a weight beside the background.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from kontur.models.unet.config import DenseConfig
from kontur.models.unet.encode import Targets
from kontur.nn.losses import cross_entropy, dice


def pixel_losses(
    logits: Float[Tensor, "b k h w"], targets: Targets, config: DenseConfig
) -> dict[str, Tensor]:
    """Cross-entropy and Dice of the pixel classes, cross-entropy of the objects' classes.

    The last is 0 for a network with one class, and for the task `semantic`.
    """
    logits = logits.float()
    pixels = logits[:, : config.pixel_classes]
    weight = (
        torch.tensor(config.class_weights, device=logits.device) if config.class_weights else None
    )
    label = logits.sum() * 0
    if config.object_classes:
        label = cross_entropy(logits[:, config.pixel_classes :], targets.labels)
    return {
        "cross_entropy": cross_entropy(pixels, targets.pixels, class_weight=weight),
        "dice": dice(pixels.softmax(dim=1), targets.pixels),
        "label": label,
    }
