"""Gradient flow: how the loss's gradient and the activations change from layer to layer.

The notes: the gradient of a layer's output is that of the last one times the Jacobians between,
diag(σ'(z)) Wᵀ each, so that it vanishes where their product is small (sigmoid, whose slope is at
most 1/4) and explodes where it is large (ReLU with large weights). What is measured here are the
norms of these gradients, the variances of the activations, and the units that pass nothing on:
ReLUs that are 0 for everything in the batch, sigmoids and tanhs that are flat at their ends.
"""

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn

from kontur.evaluate import draw_lines
from kontur.evaluate.figure import stacked
from kontur.train.logger import RunLogger
from kontur.train.validation import evenly

SATURATED = 0.99  # of the way from the middle of a sigmoid or tanh to its ends
RECTIFIERS = (nn.ReLU, nn.ReLU6)  # what is exactly 0 on one side, and then passes no gradient
LOWEST = 1e-20  # a smaller norm is drawn as this one: there is no logarithm of 0
SHOWN = 6  # looks in the figure, evenly chosen
TITLES = {
    "gradient": "Norm of the gradient of each layer's output",
    "weight gradient": "Norm of the gradient of each layer's weights",
    "variance": "Variance of each layer's output",
    "dead": "ReLU channels that are 0 throughout",
    "saturated": "Outputs of sigmoid and tanh at their ends",
}
QUANTITIES = tuple(TITLES)  # in the order of `Layer`


class Layer(NamedTuple):
    """One module of a network as a batch went through it; NaN where a quantity has no meaning.

    Attributes:
        name: of the module, as in the network's state.
        gradient: norm of the loss's gradient with respect to the layer's output.
        weight_gradient: the same with respect to its weight matrix.
        variance: of all numbers of the output.
        dead: share of a ReLU's channels that are 0 everywhere in the batch.
        saturated: share of a sigmoid's or tanh's outputs at its ends.
    """

    name: str
    gradient: float
    weight_gradient: float
    variance: float
    dead: float
    saturated: float


def flow(network: nn.Module, loss: Callable[[Any], Tensor]) -> list[Layer]:
    """The layers in the network's order, measured in one forward and backward pass of `loss`.

    A layer is a module with a weight matrix, or an activation. The network itself is left as it
    is, gradients and running statistics too: a copy is measured.
    """
    copied = copy.deepcopy(network)
    copied.zero_grad(set_to_none=True)
    layers = {name: each for name, each in copied.named_modules() if _counts(each)}
    outputs: dict[str, list[Tensor]] = {name: [] for name in layers}

    def keep(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            if output.requires_grad:
                output.retain_grad()
            outputs[name].append(output)

        return hook

    handles = [each.register_forward_hook(keep(name)) for name, each in layers.items()]
    try:
        torch.autograd.backward(loss(copied))
    finally:
        for handle in handles:
            handle.remove()
    return [_measure(name, each, outputs[name]) for name, each in layers.items()]


def _counts(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    matrix = isinstance(weight, Tensor) and weight.ndim >= 2
    return matrix or isinstance(module, (*RECTIFIERS, nn.Sigmoid, nn.Tanh))


def _measure(name: str, module: nn.Module, outputs: Sequence[Tensor]) -> Layer:
    weight = getattr(module, "weight", None)
    present = [output.detach().double() for output in outputs if output.numel()]
    numbers = torch.cat([each.flatten() for each in present]) if present else torch.empty(0)
    dead = saturated = math.nan
    if present and isinstance(module, RECTIFIERS):
        channels = torch.stack([_by_channel(each).amax(dim=1) for each in present]).amax(dim=0)
        dead = float((channels <= 0).double().mean())
    if present and isinstance(module, (nn.Sigmoid, nn.Tanh)):
        ends = 2 * numbers - 1 if isinstance(module, nn.Sigmoid) else numbers
        saturated = float((ends.abs() > SATURATED).double().mean())
    return Layer(
        name,
        gradient=_norm([output.grad for output in outputs]),
        weight_gradient=_norm([weight.grad] if isinstance(weight, Tensor) else []),
        variance=float(numbers.var(correction=0)) if present else math.nan,
        dead=dead,
        saturated=saturated,
    )


def _by_channel(output: Tensor) -> Tensor:
    """`(c, rest)`: images and points have their channels second, tokens last."""
    return output.movedim(1 if output.ndim in (2, 4) else -1, 0).flatten(1)


def _norm(gradients: Sequence[Tensor | None]) -> float:
    """The norm of all numbers together; NaN where there is no gradient at all."""
    there = [gradient.double() for gradient in gradients if gradient is not None]
    return float(torch.stack([g.square().sum() for g in there]).sum().sqrt()) if there else math.nan


def scalars(layers: Sequence[Layer]) -> dict[str, float]:
    """What is there as `quantity/layer`, for a log and TensorBoard."""
    return {
        f"{quantity}/{layer.name}": value
        for layer in layers
        for quantity, value in zip(QUANTITIES, layer[1:], strict=True)
        if not math.isnan(value)
    }


def flow_summary(layers: Sequence[Layer]) -> str:
    """The weakest and the strongest gradient of a weight matrix, and what passes nothing on."""
    reached = [layer for layer in layers if not math.isnan(layer.weight_gradient)]
    if not reached:
        return "no gradient reached any layer"
    weakest, strongest = (f(reached, key=lambda each: each.weight_gradient) for f in (min, max))
    line = (
        f"gradients from {weakest.weight_gradient:.1e} ({weakest.name}) to "
        f"{strongest.weight_gradient:.1e} ({strongest.name})"
    )
    for quantity, what in (("dead", "ReLU channels dead"), ("saturated", "outputs saturated")):
        shares = [getattr(layer, quantity) for layer in layers]
        shares = [share for share in shares if not math.isnan(share)]
        line += f", {100 * sum(shares) / len(shares):.1f} % of {what}" if shares else ""
    return line


def draw_flow(logger: RunLogger) -> Image.Image | None:
    """Every quantity by layer at a few of the looks in a log; None where there was no look."""
    looks = [row for row in logger.rows if any(name.startswith("gradient/") for name in row)]
    looks = [looks[i] for i in evenly(len(looks), SHOWN)]
    names = list(dict.fromkeys(n.partition("/")[2] for row in looks for n in row if "/" in n))
    figures = []
    for quantity in QUANTITIES:
        keys = [f"{quantity}/{name}" for name in names]
        places = [i for i, key in enumerate(keys) if any(key in row for row in looks)]
        share = quantity in ("dead", "saturated")
        curves: dict[str, tuple[list[float], list[float]]] = {}
        for row in looks:
            values = [row.get(keys[i]) for i in places]
            numbers = [math.nan if value is None else value for value in values]
            drawn = numbers if share else [math.log10(max(v, LOWEST)) for v in numbers]
            curves[f"step {row['step']}"] = ([float(i) for i in places], drawn)
        if places:
            title = f"{TITLES[quantity]}, {'share' if share else 'powers of ten'}"
            span = (0.0, 1.0) if share else None
            label = "layer, from the image on"
            figures.append(draw_lines(curves, title=title, x_label=label, y_range=span))
    return stacked(figures) if figures else None
