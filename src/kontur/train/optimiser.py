"""The optimiser, its regularisation, the schedule of the learning rate, and averaged weights.

The averaged weights are an exponential moving average whose decay is warmed up. After t updates the
decay is min(decay, (1 + t) / (10 + t)), so that the random initial weights are forgotten at once
and the average is useful from the first validation on (the warm-up of TensorFlow's
ExponentialMovingAverage). Running statistics of batch norms are averaged with the weights, so the
averaged network is complete; it is validated, tuned and exported.
"""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from kontur.models.segmenter import Segmenter
from kontur.train.config import OptimiserConfig, Schedule
from kontur.train.muon import Muon

OPTIMISERS: dict[str, Callable[..., Optimizer]] = {
    "muon": Muon,
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
}
LOWEST = 0.01  # share of the full rate at the first step, so that it is not 0
WARM_UP = 10  # the decay is (1 + t) / (WARM_UP + t) until it reaches its final value
Tensors = tuple[Tensor, ...] | list[Tensor]
Update = Callable[[Tensors, Tensors, Tensor | int], None]


def matrices(network: nn.Module) -> list[nn.Parameter]:
    """The trained weights with two axes or more: no biases and no parameters of norms."""
    return [p for p in network.parameters() if p.requires_grad and p.ndim >= 2]


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Two groups: `matrices` decay, the rest does not."""
    rest = [p for p in network.parameters() if p.requires_grad and p.ndim < 2]
    return [
        {"params": matrices(network), "weight_decay": weight_decay},
        {"params": rest, "weight_decay": 0.0},
    ]


def lasso(network: nn.Module) -> Float[Tensor, ""]:
    """The sum of the absolute values of all `matrices`: the L1 penalty."""
    return torch.stack([p.abs().sum() for p in matrices(network)]).sum()


def build_optimiser(network: nn.Module, config: OptimiserConfig) -> Optimizer:
    """The optimiser of `config` for `network`; torch's own are the multi-tensor ones."""
    groups: Iterable[dict[str, object]] = parameter_groups(network, config.weight_decay)
    options: dict[str, object]
    if config.name == "sgd":
        options = {"momentum": config.momentum, "nesterov": config.momentum > 0, "foreach": True}
    elif config.name == "muon":
        options = {"betas": (config.momentum, config.beta2)}
    else:
        options = {"betas": (config.momentum, config.beta2), "foreach": True}
    return OPTIMISERS[config.name](groups, lr=config.rate, **options)


def rate_at(progress: float, config: OptimiserConfig) -> float:
    """The share of the full learning rate at `progress` (0 at the first step, 1 at the end).

    In every round (there is one, and one more for each of the `restarts`) it rises linearly over
    the share `warm_up` of the round and then follows the schedule.

    >>> config = OptimiserConfig(warm_up=0.1, floor=0.0)
    >>> [round(rate_at(p, config), 3) for p in (0.0, 0.05, 0.1, 0.55, 1.0)]
    [0.01, 0.5, 1.0, 0.5, 0.0]
    >>> config = config.replace(restarts=(0.5,))
    >>> [round(rate_at(p, config), 3) for p in (0.025, 0.275, 0.5, 0.55, 0.775, 1.0)]
    [0.5, 0.5, 0.01, 1.0, 0.5, 0.0]
    """
    bounds = (0.0, *config.restarts, 1.0)
    begin, end = next((b, e) for b, e in pairwise(bounds) if progress < e or e == 1)
    progress = (progress - begin) / (end - begin)
    if progress < config.warm_up:
        return max(progress / config.warm_up, LOWEST)
    fraction = min((progress - config.warm_up) / max(1 - config.warm_up, 1e-9), 1.0)
    return SCHEDULES[config.schedule](fraction, config)


def constant(fraction: float, config: OptimiserConfig) -> float:
    """The full rate throughout."""
    return 1.0


def linear(fraction: float, config: OptimiserConfig) -> float:
    """A straight line from 1 to `floor`."""
    return 1 + (config.floor - 1) * fraction


def cosine(fraction: float, config: OptimiserConfig) -> float:
    """Half a cosine from 1 to `floor`, flat at both ends (Loshchilov & Hutter)."""
    return config.floor + (1 - config.floor) * (1 + math.cos(math.pi * fraction)) / 2


def exponential(fraction: float, config: OptimiserConfig) -> float:
    """By the same factor in every step, from 1 to `floor`."""
    return config.floor**fraction


def step(fraction: float, config: OptimiserConfig) -> float:
    """Times `drop` at every one of `drops`: He et al. divide by ten twice."""
    return config.drop ** sum(fraction >= share for share in config.drops)


# The rate after the warm-up: `fraction` goes from 0 to 1 within a round.
SCHEDULES: dict[Schedule, Callable[[float, OptimiserConfig], float]] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "exponential": exponential,
    "step": step,
}


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
        # torch calls it once for each device and dtype, with all of their tensors
        if average[0].is_floating_point():
            torch._foreach_lerp_(average, current, 1 - decay_at(int(updates), decay))
        else:  # counters of batch norms
            torch._foreach_copy_(average, current)

    return update
