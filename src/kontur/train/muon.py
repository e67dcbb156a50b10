"""Muon: momentum whose step turns every direction of a weight alike.

After Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024, with the scale
of Liu et al., Muon is Scalable for LLM Training, 2025, by which a step is as large as one of AdamW
and learning rate and weight decay mean the same. A convolution is a matrix of its outputs by all
that it reads. Weights that are no such matrix (norms, biases, depthwise kernels, heads of few
outputs) take the step of Adam (Kingma & Ba, 2015). torch's own Muon takes no convolutions.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

LEAST = 16  # rows and columns of a weight that is turned; a head of five outputs is not
SIZE = 0.2  # root mean square of a step of AdamW, as a share of the rate
ROUNDS = 5  # of the iteration below; its factors are those of Jordan et al.
FACTORS = (3.4445, -4.7750, 2.0315)
EPSILON = 1e-7


class Muon(Optimizer):
    """Muon for matrices and convolutions, Adam for the rest; decay is decoupled from both.

    `betas` are Adam's; `momentum` that of the matrices, after Nesterov.
    """

    def __init__(
        self,
        parameters: Any,
        *,
        lr: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(
            parameters,
            {
                "lr": lr,
                "momentum": momentum,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
            },
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                moves = _turned if is_matrix(weight) else _adam
                weight.add_(moves(weight, self.state[weight], group), alpha=-group["lr"])
        return loss


def is_matrix(weight: Tensor) -> bool:
    """Whether a weight is turned as a whole: no short side, nor one convolution a channel."""
    return weight.ndim >= 2 and min(weight.shape[0], weight[0].numel()) >= LEAST


def _turned(weight: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    if not state:
        state["momentum"] = torch.zeros_like(weight)
    momentum = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
    ahead = weight.grad.add(momentum, alpha=group["momentum"])  # type: ignore[union-attr]
    matrix = ahead.flatten(1)
    return orthogonal(matrix).view_as(weight) * (SIZE * math.sqrt(max(matrix.shape)))


def _adam(weight: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    if not state:
        state["step"] = torch.zeros(())
        state["mean"], state["square"] = torch.zeros_like(weight), torch.zeros_like(weight)
    slow, slower = group["betas"]
    state["step"] += 1
    mean = state["mean"].lerp_(weight.grad, 1 - slow)
    square = state["square"].lerp_(weight.grad.square(), 1 - slower)  # type: ignore[union-attr]
    count = float(state["step"])
    size = (square / (1 - slower**count)).sqrt_().add_(group["eps"])
    return mean / (1 - slow**count) / size


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix whose singular values are all 1 (theirs lie between .7 and 1.2).

    By an iteration of products alone, fast everywhere; 0 stays 0. Every round multiplies X from the
    left by a polynomial of X Xᵀ, and polynomials of one matrix commute; so the rounds are done on
    that small square, and X, wide in a convolution, is multiplied twice in all.
    """
    a, b, c = FACTORS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + EPSILON)
    square = x @ x.T
    factors: list[Tensor] = []
    for i in range(ROUNDS):
        if i:
            square = factors[-1] @ square @ factors[-1]
        factor = torch.addmm(square, square, square, beta=b, alpha=c)
        factor.diagonal().add_(a)
        factors.append(factor)
    x = torch.linalg.multi_dot([*factors, x])
    return x.T if tall else x
