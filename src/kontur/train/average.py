"""The averaged weights: an exponential moving average whose decay is warmed up.

After t updates the decay is min(decay, (1 + t) / (10 + t)), so that the random weights of the
start are forgotten at once and the average is useful from the first validation on (the warm-up of
TensorFlow's ExponentialMovingAverage). Running statistics of batch norms are averaged with the
weights, so the averaged network is complete: it is what is validated, tuned and exported.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from kontur.models.segmenter import Segmenter

WARM_UP = 10  # the decay is (1 + t) / (WARM_UP + t) until it reaches its final value

Tensors = tuple[Tensor, ...] | list[Tensor]
Update = Callable[[Tensors, Tensors, Tensor | int], None]


def decay_at(updates: int, decay: float) -> float:
    """The share of the average that an update keeps.

    >>> decay_at(0, 0.999), decay_at(90, 0.999), decay_at(100_000, 0.999)
    (0.1, 0.91, 0.999)
    """
    return min(decay, (1 + updates) / (WARM_UP + updates))


def averaged(segmenter: Segmenter, decay: float) -> AveragedModel:
    """A copy of the network whose `update_parameters(segmenter)` moves it towards the original."""
    copy = AveragedModel(segmenter, multi_avg_fn=_update(decay), use_buffers=True)
    return copy.requires_grad_(False)


def _update(decay: float) -> Update:
    @torch.no_grad()
    def update(average: Tensors, current: Tensors, updates: Tensor | int) -> None:
        # torch calls it once a device and dtype, with all tensors of it
        if average[0].is_floating_point():
            torch._foreach_lerp_(average, current, 1 - decay_at(int(updates), decay))
        else:  # counters of batch norms
            torch._foreach_copy_(average, current)

    return update
