"""Gradient flow: how the loss's gradient and the activations change from layer to layer.

The gradient of a layer's output is that of the last layer's times the Jacobians between them,
diag(σ'(z)) Wᵀ each, so that it vanishes where their product is small (sigmoid, whose slope is at
most 1/4) and explodes where it is large (ReLU with large weights). Measured are the norms of these
gradients, the variances of the activations, and the units without gradient: ReLUs that are 0 for
the whole batch, and saturated sigmoids and tanhs. A recurrent cell is a layer for each of its
steps: the gradient of its memory after step t is the product of the Jacobians of all later steps.
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
from kontur.nn.recurrent import Cell
from kontur.train.logger import RunLogger
from kontur.train.validation import evenly_spaced

SATURATED = 0.99  # share of the distance from the middle of a sigmoid or tanh to its limits
RECTIFIERS = (nn.ReLU, nn.ReLU6)  # exactly 0 on one side, where the gradient is 0, too
LOWEST = 1e-20  # smaller norms are drawn as this one, for 0 has no logarithm
SHOWN = 6  # measurements in the figure, evenly spaced
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
        name: of the module, as in the network's state; of a recurrent cell, with the step.
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


def measure_flow(network: nn.Module, loss: Callable[[Any], Tensor]) -> list[Layer]:
    """The layers in the network's order, measured in one forward and backward pass of `loss`.

    A layer is a module with a weight matrix, an activation, or a step of a recurrent cell. A copy
    is measured, so that the gradients and running statistics of the network do not change.
    """
    copied = copy.deepcopy(network)
    copied.zero_grad(set_to_none=True)
    layers = {name: module for name, module in copied.named_modules() if _is_layer(module)}
    outputs: dict[str, list[Tensor]] = {name: [] for name in layers}

    def keep(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            if output.requires_grad:
                output.retain_grad()
            outputs[name].append(output)

        return hook

    handles = [module.register_forward_hook(keep(name)) for name, module in layers.items()]
    try:
        torch.autograd.backward(loss(copied))
    finally:
        for handle in handles:
            handle.remove()
    return [
        layer for name, module in layers.items() for layer in _layers(name, module, outputs[name])
    ]


def _layers(name: str, module: nn.Module, outputs: Sequence[Tensor]) -> list[Layer]:
    if not isinstance(module, Cell):
        return [_measure(name, module, outputs)]
    steps = [output for output in outputs if output.requires_grad]  # not of a look at predictions
    return [_measure(f"{name} step {t}", module, [step]) for t, step in enumerate(steps, start=1)]


def _is_layer(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    matrix = isinstance(weight, Tensor) and weight.ndim >= 2
    return matrix or isinstance(module, (*RECTIFIERS, nn.Sigmoid, nn.Tanh, Cell))


def _measure(name: str, module: nn.Module, outputs: Sequence[Tensor]) -> Layer:
    weight = getattr(module, "weight", None)
    present = [output.detach().double() for output in outputs if output.numel()]
    numbers = torch.cat([output.flatten() for output in present]) if present else torch.empty(0)
    dead = saturated = math.nan
    if present and isinstance(module, RECTIFIERS):
        channels = torch.stack([_by_channel(output).amax(dim=1) for output in present]).amax(dim=0)
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
    known = [gradient.double() for gradient in gradients if gradient is not None]
    return float(torch.stack([g.square().sum() for g in known]).sum().sqrt()) if known else math.nan


def scalars(layers: Sequence[Layer]) -> dict[str, float]:
    """The quantities that have a value, by `quantity/layer`, for the log and TensorBoard."""
    return {
        f"{quantity}/{layer.name}": value
        for layer in layers
        for quantity, value in zip(QUANTITIES, layer[1:], strict=True)
        if not math.isnan(value)
    }


def flow_summary(layers: Sequence[Layer]) -> str:
    """The weakest and the strongest gradient of a weight matrix, and the share of dead units."""
    reached = [layer for layer in layers if not math.isnan(layer.weight_gradient)]
    if not reached:
        return "no gradient reached any layer"
    weakest, strongest = (f(reached, key=lambda layer: layer.weight_gradient) for f in (min, max))
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
    """Every quantity by layer at a few of the logged steps; None where none was logged."""
    rows = [row for row in logger.rows if any(name.startswith("gradient/") for name in row)]
    rows = [rows[i] for i in evenly_spaced(len(rows), SHOWN)]
    names = list(dict.fromkeys(n.partition("/")[2] for row in rows for n in row if "/" in n))
    figures = []
    for quantity in QUANTITIES:
        keys = [f"{quantity}/{name}" for name in names]
        places = [i for i, key in enumerate(keys) if any(key in row for row in rows)]
        share = quantity in ("dead", "saturated")
        curves: dict[str, tuple[list[float], list[float]]] = {}
        for row in rows:
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
