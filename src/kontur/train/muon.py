"""Muon: momentum whose step turns every direction of a weight alike.

After Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024, with the scale
of Liu et al., Muon is Scalable for LLM Training, 2025, by which a step is as large as one of AdamW
and learning rate and weight decay mean the same. A convolution is a matrix of its outputs by all
that it reads. Weights that are no such matrix (norms, biases, depthwise kernels, heads of few
outputs) take the step of Adam (Kingma & Ba, 2015). torch's own Muon takes no convolutions.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
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
            moved = [weight for weight in group["params"] if weight.grad is not None]
            self._turn([weight for weight in moved if is_matrix(weight)], group)
            self._adam([weight for weight in moved if not is_matrix(weight)], group)
        return loss

    def _turn(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        """The step of matrices, by their momentum where it will be after it, after Nesterov."""
        if not weights:
            return
        momenta = self._kept("momentum", weights)
        torch._foreach_mul_(momenta, group["momentum"])
        torch._foreach_add_(momenta, _gradients(weights))
        ahead = torch._foreach_mul(momenta, group["momentum"])
        torch._foreach_add_(ahead, _gradients(weights))
        orders = [_order(weight) for weight in weights]
        matrices = [
            each.permute(order).flatten(1) for each, order in zip(ahead, orders, strict=True)
        ]
        kept = 1 - group["lr"] * group["weight_decay"]
        for i, (x, factor) in enumerate(zip(matrices, turning(matrices), strict=True)):
            size = group["lr"] * SIZE * math.sqrt(max(x.shape))
            product = (factor, x) if len(factor) == len(x) else (x, factor)
            weight = weights[i].permute(orders[i]).view(x.shape)
            weight.addmm_(*product, beta=kept, alpha=-size)

    def _adam(self, weights: list[Tensor], group: dict[str, Any]) -> None:
        """The step of Adam, whose counts may differ among weights."""
        if not weights:
            return
        for weight in weights:
            self.state[weight].setdefault("step", torch.zeros(()))
        steps = [self.state[weight]["step"] for weight in weights]
        means, squares = self._kept("mean", weights), self._kept("square", weights)
        gradients = _gradients(weights)
        slow, slower = group["betas"]
        torch._foreach_add_(steps, 1)
        torch._foreach_lerp_(means, gradients, 1 - slow)
        torch._foreach_lerp_(squares, torch._foreach_mul(gradients, gradients), 1 - slower)
        counts = [float(step) for step in steps]
        sizes = torch._foreach_div(squares, [1 - slower**count for count in counts])
        torch._foreach_sqrt_(sizes)
        torch._foreach_add_(sizes, group["eps"])
        moves = torch._foreach_div(means, sizes)
        torch._foreach_mul_(moves, [-group["lr"] / (1 - slow**count) for count in counts])
        torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(weights, moves)

    def _kept(self, name: str, weights: Sequence[Tensor]) -> list[Tensor]:
        """What is kept of each weight between steps, 0 before the first."""
        for weight in weights:
            if name not in self.state[weight]:
                self.state[weight][name] = torch.zeros_like(weight)
        return [self.state[weight][name] for weight in weights]


def _gradients(weights: Sequence[Tensor]) -> list[Tensor]:
    return [weight.grad for weight in weights if weight.grad is not None]


def is_matrix(weight: Tensor) -> bool:
    """Whether a weight is turned as a whole: no short side, nor one convolution a channel."""
    return weight.ndim >= 2 and min(weight.shape[0], weight[0].numel()) >= LEAST


def _order(weight: Tensor) -> list[int]:
    """The axes as they lie in memory, so that what an output reads is one row without a copy.

    In which order it is read does not matter to a step, which turns all of it alike.
    """
    return [0, *sorted(range(1, weight.ndim), key=weight.stride, reverse=True)]


def turning(matrices: Sequence[Tensor]) -> list[Tensor]:
    """What turns each matrix into about the nearest one whose singular values are all 1.

    They become .7 to 1.2 by an iteration of products alone, fast everywhere; 0 stays 0. Every round
    multiplies X from its shorter side by a polynomial of X Xᵀ, and polynomials of one matrix
    commute; so the rounds are done on that small square, the factor of all of them is returned, and
    X, wide in a convolution, is read twice in all. Squares of one side are multiplied together:
    most of a network's are too small for several threads.
    """
    squares = [x.T @ x if x.shape[0] > x.shape[1] else x @ x.T for x in matrices]
    factors = list(squares)
    for side in dict.fromkeys(map(len, squares)):
        places = [place for place, square in enumerate(squares) if len(square) == side]
        for place, factor in zip(
            places, _factors(torch.stack([squares[place] for place in places])), strict=True
        ):
            factors[place] = factor
    return factors


def _factors(squares: Float[Tensor, "m s s"]) -> Float[Tensor, "m s s"]:
    """What all rounds multiply X by, from X Xᵀ, and the division by the norm of X before them."""
    a, b, c = FACTORS
    norms = squares.diagonal(dim1=1, dim2=2).sum(dim=1)[:, None, None].sqrt() + EPSILON
    squares = squares / norms**2
    product = 1 / norms
    for i in range(ROUNDS):
        factor = torch.baddbmm(squares, squares, squares, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = product * factor if i == 0 else product @ factor
        if i + 1 < ROUNDS:
            squares = factor @ squares @ factor
    return product
