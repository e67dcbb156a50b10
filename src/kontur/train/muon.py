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
            for weight in moved:
                weight.mul_(1 - group["lr"] * group["weight_decay"])
            matrices = [weight for weight in moved if is_matrix(weight)]
            ahead = [_ahead(weight, self.state[weight], group).flatten(1) for weight in matrices]
            for weight, turned in zip(matrices, orthogonal(ahead), strict=True):
                step = turned.view_as(weight) * (SIZE * math.sqrt(max(turned.shape)))
                weight.add_(step, alpha=-group["lr"])
            for weight in moved:
                if not is_matrix(weight):
                    step = _adam(weight, self.state[weight], group)
                    weight.add_(step, alpha=-group["lr"])
        return loss


def is_matrix(weight: Tensor) -> bool:
    """Whether a weight is turned as a whole: no short side, nor one convolution a channel."""
    return weight.ndim >= 2 and min(weight.shape[0], weight[0].numel()) >= LEAST


def _ahead(weight: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
    """The momentum where it will be after this step, after Nesterov."""
    if not state:
        state["momentum"] = torch.zeros_like(weight)
    momentum = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
    return weight.grad.add(momentum, alpha=group["momentum"])  # type: ignore[union-attr]


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


def orthogonal(matrices: Sequence[Tensor]) -> list[Tensor]:
    """About the nearest matrices whose singular values are all 1 (theirs lie between .7 and 1.2).

    By an iteration of products alone, fast everywhere; 0 stays 0. Every round multiplies X from the
    left by a polynomial of X Xᵀ, and polynomials of one matrix commute; so the rounds are done on
    that small square, and X, wide in a convolution, is multiplied twice in all. Squares of one side
    are multiplied together: most of a network's are too small for several threads.
    """
    wide = [x.T if x.shape[0] > x.shape[1] else x for x in matrices]
    wide = [x / (x.norm() + EPSILON) for x in wide]
    turned = list(wide)
    for side in dict.fromkeys(map(len, wide)):
        places = [place for place, x in enumerate(wide) if len(x) == side]
        factors = _factors(torch.stack([wide[place] @ wide[place].T for place in places]))
        for place, factor in zip(places, factors, strict=True):
            turned[place] = factor @ wide[place]
    return [
        x if x.shape == matrix.shape else x.T for x, matrix in zip(turned, matrices, strict=True)
    ]


def _factors(squares: Float[Tensor, "m s s"]) -> Float[Tensor, "m s s"]:
    """What all rounds multiply X by, from X Xᵀ."""
    a, b, c = FACTORS
    product = None
    for i in range(ROUNDS):
        factor = torch.baddbmm(squares, squares, squares, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        product = factor if product is None else product @ factor
        if i + 1 < ROUNDS:
            squares = factor @ squares @ factor
    assert product is not None
    return product
