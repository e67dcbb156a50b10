"""Training of a small network on a table, with torch.

The minimum sought is that of

    mean loss + l1 · Σ|W| + l2 / 2 · ΣW²

over the weights of all layers: l2 is the ridge penalty, l1 the lasso. Adam descends, and after each
of its steps the L1 term pulls every weight towards 0 by l1 times the length of the step there, but
not past it, so that weights do become exactly 0 (the proximal step; Parikh and Boyd 2014, section
4.2). Validation rows decide when training stops: the weights with the smallest loss on them are
kept, and `patience` epochs without improvement end it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pydantic
from jaxtyping import Bool, Float, Int

from kontur import extra
from kontur.errors import InputError
from kontur.measure.tabular.layers import Layer
from kontur.settings import Settings

if TYPE_CHECKING:
    import torch

    from kontur.nn.mlp import MLP

    Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

STEPS = 50  # of an epoch at most: of large tables the batches grow
BETTER = 1e-4  # by how much of itself a loss must fall to count as better


class NetworkSettings(Settings):
    """Settings of both networks.

    `learning_rate` is Adam's, `batch_size` how many rows there are in a batch at least, `epochs`
    how many there are at most, `validation` the share of rows that is held out.
    """

    hidden: tuple[pydantic.PositiveInt, ...]
    activation: Literal["relu", "leaky-relu", "prelu", "sigmoid", "tanh", "gelu"]
    initialiser: Literal["normal", "xavier", "kaiming"]
    dropout: float = pydantic.Field(ge=0, lt=1)
    batch_norm: bool
    l1: pydantic.NonNegativeFloat
    l2: pydantic.NonNegativeFloat
    learning_rate: pydantic.PositiveFloat
    batch_size: int = pydantic.Field(gt=1)  # one row alone has no variance to normalise by
    epochs: pydantic.PositiveInt
    patience: pydantic.PositiveInt
    validation: float = pydantic.Field(ge=0, lt=1)


class TrainedNetwork(NamedTuple):
    """The best layers, and the training and validation loss of each epoch."""

    layers: list[Layer]
    losses: list[float]
    validation_losses: list[float]
    best_epoch: int  # from 1


def train(
    rows: Float[np.ndarray, "b m"],
    targets: Int[np.ndarray, " b"] | Float[np.ndarray, "b 1"],
    validation: Bool[np.ndarray, " b"],
    settings: NetworkSettings,
    *,
    seed: int,
    weights: Float[np.ndarray, " n"] | None = None,
) -> TrainedNetwork:
    """Train a network, stopping early by the validation rows; integer targets are classes.

    The same on any number of threads: it takes one, which for small tables is the fastest, too.
    """
    _need_torch()
    import torch

    with _one_thread():
        x, y = torch.tensor(rows[~validation]), torch.tensor(targets[~validation])
        validation_x = torch.tensor(rows[validation])
        validation_y = torch.tensor(targets[validation])
        generator = torch.Generator().manual_seed(seed)
        network = _network(rows.shape[1], targets, settings, generator)
        descent = _Descent(network, _loss_function(targets, weights), settings)
        batches = max(1, min(len(x) // settings.batch_size, STEPS))  # so none has one row alone
        losses: list[float] = []
        validation_losses: list[float] = []
        best, best_epoch, layers = float("inf"), 0, _layers(network)
        for epoch in range(1, settings.epochs + 1):
            order = torch.randperm(len(x), generator=generator)
            losses.append(descent.epoch(x, y, order.tensor_split(batches)))
            if len(validation_x):
                validation_losses.append(descent.evaluate(validation_x, validation_y))
            current = (validation_losses or losses)[-1]
            if current < best * (1 - BETTER):
                best, best_epoch, layers = current, epoch, _layers(network)
            elif epoch - best_epoch >= settings.patience:
                break
    return TrainedNetwork(layers, losses, validation_losses, best_epoch)


class _Descent:
    """Adam on the weights of a network, with both penalties."""

    def __init__(self, network: "MLP", loss: "Loss", settings: NetworkSettings) -> None:
        import torch

        self.network, self.loss, self.settings = network, loss, settings
        self.matrices = network.matrices()
        self.adam = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, fused=True)

    def epoch(
        self, x: "torch.Tensor", y: "torch.Tensor", batches: "Sequence[torch.Tensor]"
    ) -> float:
        """A step for each batch of indices; the mean loss of the rows, without penalties."""
        self.network.train()
        total = 0.0
        for batch in batches:
            fit = self.loss(self.network(x[batch]), y[batch])
            self.adam.zero_grad()
            self._penalised(fit).backward()  # type: ignore[no-untyped-call]
            self.adam.step()
            if self.settings.l1:
                _shrink(self.matrices, self.adam, self.settings.l1)
            total += float(fit.detach()) * len(batch) / len(x)
        return total

    def evaluate(self, x: "torch.Tensor", y: "torch.Tensor") -> float:
        """The mean loss of rows that are not learned from."""
        import torch

        self.network.eval()
        with torch.no_grad():
            return float(self.loss(self.network(x), y))

    def _penalised(self, fit: "torch.Tensor") -> "torch.Tensor":
        """The loss with the ridge penalty, which has a gradient; the lasso's is a step."""
        import torch

        if not self.settings.l2:
            return fit
        squares = torch.stack([w.square().sum() for w in self.matrices])
        return fit + self.settings.l2 / 2 * squares.sum()


def _network(
    features: int, targets: np.ndarray, settings: NetworkSettings, generator: "torch.Generator"
) -> "MLP":
    """An untrained network, with an output for each class, or one for a number."""
    from kontur.nn.mlp import MLP

    outputs = int(targets.max()) + 1 if _are_classes(targets) else 1
    return MLP(
        (features, *settings.hidden, outputs),
        activation=settings.activation,
        dropout=settings.dropout,
        batch_norm=settings.batch_norm,
        initialiser=settings.initialiser,
        generator=generator,
    )


def _loss_function(targets: np.ndarray, weights: np.ndarray | None) -> "Loss":
    """Cross entropy with a weight for each class, or the squared error of a number."""
    import torch

    if not _are_classes(targets):
        return torch.nn.MSELoss()
    return torch.nn.CrossEntropyLoss(None if weights is None else torch.tensor(weights))


def _are_classes(targets: np.ndarray) -> bool:
    return targets.dtype.kind == "i"


def _shrink(matrices: Any, adam: "torch.optim.Adam", l1: float) -> None:
    """Pull weights towards 0 as far as Adam, whose steps differ by weight, would follow l1."""
    import torch

    group = adam.param_groups[0]
    with torch.no_grad():
        for w in matrices:
            state = adam.state[w]
            steady = 1 - group["betas"][1] ** state["step"]
            step = group["lr"] / (torch.sqrt(state["exp_avg_sq"] / steady) + group["eps"])
            w.copy_(w.sign() * torch.relu(w.abs() - l1 * step))


def _layers(network: Any) -> list[Layer]:
    """The network as it predicts, as arrays."""
    slopes = [_slope(hidden.activation) for hidden in network.hidden]
    return [
        Layer(weights.numpy().copy(), bias.numpy().copy(), slope)
        for (weights, bias), slope in zip(network.affines(), [*slopes, 0.0], strict=True)
    ]


def _slope(activation: Any) -> float:
    """Below zero: LeakyReLU's, or the one that PReLU learned."""
    learned = getattr(activation, "weight", None)
    if learned is not None:
        return float(learned.detach())
    return float(getattr(activation, "negative_slope", 0.0))


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _need_torch() -> None:
    if find_spec("torch") is None:
        raise InputError(
            "a network is trained with torch, which is not installed: install it with "
            f"{extra.install('train')}, or choose another family{extra.torch_size()}"
        )
