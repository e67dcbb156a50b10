"""Losses of the U-Nets, by hand."""

import numpy as np
import pytest
import torch

from kontur.models.unet.config import UNetConfig
from kontur.models.unet.encode import Targets
from kontur.models.unet.loss import pixel_losses


def test_losses_by_hand():
    config = UNetConfig(classes=("a", "b"), class_weights=(1.0, 1.0, 3.0))
    pixels = torch.tensor([[[0, 1, 2, -1]]])
    labels = torch.tensor([[[-1, 0, 1, -1]]])
    logits = torch.zeros(1, 5, 1, 4)
    losses = pixel_losses(logits, Targets(pixels, labels), config)
    assert float(losses["cross_entropy"]) == pytest.approx(np.log(3))
    assert float(losses["label"]) == pytest.approx(np.log(2))
    assert float(losses["dice"]) == pytest.approx(1 - 2 * (1 / 3) / (1 + 1))
    logits[0, 2, 0, 2] = 50.0  # the border pixel is right
    better = pixel_losses(logits, Targets(pixels, labels), config)
    assert float(better["cross_entropy"]) == pytest.approx(2 * np.log(3) / 5)
    alone = pixel_losses(logits[:, :3], Targets(pixels, labels), UNetConfig())
    assert float(alone["label"]) == 0
