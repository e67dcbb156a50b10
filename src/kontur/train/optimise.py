"""The optimiser, what it decays, and the learning rate by step."""

import math
from collections.abc import Callable, Iterable
from itertools import pairwise

import torch
from torch import nn
from torch.optim import Optimizer

from kontur.train.config import OptimiserConfig

OPTIMISERS: dict[str, Callable[..., Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": torch.optim.SGD,
}


def parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Two groups: weights that multiply (two axes or more) decay; biases and norms do not."""
    trained = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]


def build_optimiser(network: nn.Module, config: OptimiserConfig) -> Optimizer:
    """The optimiser of `config` over `network`; one fused launch for all tensors of a kind."""
    groups: Iterable[dict[str, object]] = parameter_groups(network, config.weight_decay)
    options: dict[str, object]
    if config.name == "sgd":
        options = {"momentum": config.momentum, "nesterov": config.momentum > 0}
    else:
        options = {"betas": (config.momentum, config.beta2)}
    return OPTIMISERS[config.name](groups, lr=config.rate, foreach=True, **options)


def rate_at(progress: float, config: OptimiserConfig) -> float:
    """The share of the full learning rate at `progress` (0 at the first step, 1 at the end).

    In every round (there is one, and one more for each of the `restarts`) it climbs linearly over
    the share `warm_up` of the round and then follows half a cosine down to `floor`, or stays.

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
    if config.schedule == "constant":
        return 1.0
    way = min((progress - config.warm_up) / max(1 - config.warm_up, 1e-9), 1.0)
    return config.floor + (1 - config.floor) * (1 + math.cos(math.pi * way)) / 2


LOWEST = 0.01  # share of the full rate at the very first step: not nothing, so that it counts
