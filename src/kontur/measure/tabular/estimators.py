"""Small networks on tables: a multilayer perceptron as scikit-learn's estimators.

`NetworkClassifier` and `NetworkRegressor` fit, predict and are searched over like any other of
scikit-learn. torch is needed to fit only: the fitted network is a list of arrays (`layers_`), and
predicting is numpy. Columns should be standardised (`measure.prepare` does); the target of a
regression is standardised inside. The minimum sought is that of

    mean loss + l1 · Σ|W| + l2 / 2 · ΣW²

over the weights of all layers: l2 is the notes' ridge, l1 their lasso. Adam walks towards it, and
after each of its steps the L1 pulls every weight towards 0 by l1 times the length of the step
there, but not past it, so that weights do become exactly 0 (the proximal step; Parikh and Boyd
2014, section 4.2).

A part of the rows is held out while fitting, whole groups of them if groups are given; the weights
that did best there are kept, and when `patience` epochs brought nothing better it ends.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np
import pydantic
from jaxtyping import Bool, Float, Int, Shaped
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from kontur.errors import InputError
from kontur.measure.tabular.layers import Layer, outputs, softmax
from kontur.measure.tabular.validation import held_rows
from kontur.settings import Settings

if TYPE_CHECKING:
    import torch

STEPS = 50  # of an epoch at most: of large tables the batches grow
BETTER = 1e-4  # by how much of itself a loss must fall to count as better
Setting = Any  # of an estimator: anything may be given and is checked by `fit`, as is the custom


class NetworkSettings(Settings):
    """What both networks can be told.

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


class Fitted(NamedTuple):
    """The layers that were best, and the losses of each epoch: learned from, and held out."""

    layers: list[Layer]
    losses: list[float]
    held_losses: list[float]
    best_epoch: int  # from 1


class _Network(BaseEstimator):
    """What the classifier and the regressor have in common: their settings and their fit."""

    def __init__(
        self,
        *,
        hidden: Setting = (64,),
        activation: Setting = "relu",
        initialiser: Setting = "kaiming",
        dropout: Setting = 0.0,
        batch_norm: Setting = False,
        l1: Setting = 0.0,
        l2: Setting = 1e-3,
        learning_rate: Setting = 3e-3,
        batch_size: Setting = 64,
        epochs: Setting = 300,
        patience: Setting = 20,
        validation: Setting = 0.15,
        random_state: Setting = 0,
    ):
        self.hidden = hidden
        self.activation = activation
        self.initialiser = initialiser
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.l1 = l1
        self.l2 = l2
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.validation = validation
        self.random_state = random_state

    def _settings(self) -> NetworkSettings:
        told = {name: getattr(self, name) for name in NetworkSettings.model_fields}
        plain = {key: _plain(value) for key, value in told.items()}
        return NetworkSettings.read(plain, where=type(self).__name__)

    def _fit(
        self,
        rows: Float[np.ndarray, "b m"],
        targets: Int[np.ndarray, " b"] | Float[np.ndarray, "b 1"],
        *,
        labels: Shaped[np.ndarray, " b"] | None,
        groups: Any,
        weights: Float[np.ndarray, " n"] | None,
    ) -> None:
        settings = self._settings()
        # numpy's global generator where `random_state` is None, as scikit-learn has it
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        held = held_rows(len(rows), settings.validation, seed, labels, groups)
        fitted = train(rows, targets, held, settings, seed=seed, weights=weights)
        self.layers_ = fitted.layers
        self.losses_, self.held_losses_ = fitted.losses, fitted.held_losses
        self.best_epoch_ = fitted.best_epoch

    def _outputs(self, X: Any) -> Float[np.ndarray, "b n"]:
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return outputs(rows, self.layers_, self.activation)


class NetworkClassifier(ClassifierMixin, _Network):
    """A multilayer perceptron with one output a class and the cross-entropy.

    `class_weight` is None, "balanced" or a dict, as in scikit-learn; the other settings are those
    of `NetworkSettings`. After `fit`: `classes_`, `layers_`, `losses_` and `held_losses_` by
    epoch, `best_epoch_`.
    """

    def __init__(
        self,
        *,
        hidden: Setting = (64,),
        activation: Setting = "relu",
        initialiser: Setting = "kaiming",
        dropout: Setting = 0.0,
        batch_norm: Setting = False,
        l1: Setting = 0.0,
        l2: Setting = 1e-3,
        learning_rate: Setting = 3e-3,
        batch_size: Setting = 64,
        epochs: Setting = 300,
        patience: Setting = 20,
        validation: Setting = 0.15,
        class_weight: Setting = None,
        random_state: Setting = 0,
    ):
        super().__init__(
            hidden=hidden,
            activation=activation,
            initialiser=initialiser,
            dropout=dropout,
            batch_norm=batch_norm,
            l1=l1,
            l2=l2,
            learning_rate=learning_rate,
            batch_size=batch_size,
            epochs=epochs,
            patience=patience,
            validation=validation,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn from rows X (b, m) and their classes y (b,); rows of a group stay together.

        Raises `InputError` for settings that are none, one class only, and a missing torch;
        ValueError for anything else that scikit-learn refuses.
        """
        rows, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            only = self.classes_.tolist()[0]
            raise InputError(
                f"the target has one class only, {only!r}, and there is nothing to tell apart; "
                "wanted two or more"
            )
        weights = None
        if self.class_weight is not None:
            weights = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        labels = labels.astype(np.int64)
        self._fit(rows, labels, labels=labels, groups=groups, weights=weights)
        return self

    def predict_proba(self, X: Any) -> Float[np.ndarray, "b n"]:
        """The probability of each of `classes_`, in their order; rows sum to 1."""
        return softmax(self._outputs(X))

    def predict(self, X: Any) -> Shaped[np.ndarray, " b"]:
        """The most probable class of each row."""
        said = self._outputs(X)  # before `classes_`, which an unfitted one does not have
        return self.classes_[said.argmax(axis=1)]


class NetworkRegressor(RegressorMixin, _Network):
    """A multilayer perceptron with one output and the squared error.

    The settings are those of `NetworkSettings`. After `fit`: `layers_` (of the standardised
    target), `target_mean_` and `target_scale_`, `losses_`, `held_losses_`, `best_epoch_`.
    """

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn from rows X (b, m) and their numbers y (b,); rows of a group stay together.

        Errors as in `NetworkClassifier.fit`; one number for all rows is predicted as it is.
        """
        rows, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2, y_numeric=True)
        y = column_or_1d(y, warn=True).astype(np.float64)
        self.target_mean_ = float(y.mean())
        self.target_scale_ = float(y.std())  # 0 of a constant, which is then what is predicted
        standard = ((y - self.target_mean_) / (self.target_scale_ or 1.0))[:, None]
        self._fit(rows, standard, labels=None, groups=groups, weights=None)
        return self

    def predict(self, X: Any) -> Float[np.ndarray, " b"]:
        """The target of each row, in its own unit."""
        return self._outputs(X)[:, 0] * self.target_scale_ + self.target_mean_


def train(
    rows: Float[np.ndarray, "b m"],
    targets: Int[np.ndarray, " b"] | Float[np.ndarray, "b 1"],
    held: Bool[np.ndarray, " b"],
    settings: NetworkSettings,
    *,
    seed: int,
    weights: Float[np.ndarray, " n"] | None = None,
) -> Fitted:
    """Train a network on the rows that are not held out; whole numbers as targets are classes.

    The same on any number of threads: it takes one, which for small tables is the fastest, too.
    """
    _need_torch()
    import torch

    from kontur.nn.mlp import MLP

    classes = targets.dtype.kind == "i"
    size = int(targets.max()) + 1 if classes else 1
    weight = None if weights is None else torch.tensor(weights)

    def loss(said: "torch.Tensor", truth: "torch.Tensor") -> "torch.Tensor":
        if classes:
            return torch.nn.functional.cross_entropy(said, truth, weight=weight)
        return torch.nn.functional.mse_loss(said, truth)

    with _one_thread():
        x, y = torch.tensor(rows[~held]), torch.tensor(targets[~held])
        held_x, held_y = torch.tensor(rows[held]), torch.tensor(targets[held])
        generator = torch.Generator().manual_seed(seed)
        network = MLP(
            (rows.shape[1], *settings.hidden, size),
            activation=settings.activation,
            dropout=settings.dropout,
            batch_norm=settings.batch_norm,
            initialiser=settings.initialiser,
            generator=generator,
        )
        matrices = network.matrices()
        adam = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, fused=True)
        parts = max(1, min(len(x) // settings.batch_size, STEPS))  # so none has one row alone
        losses: list[float] = []
        held_losses: list[float] = []
        best, best_epoch, layers = float("inf"), 0, _layers(network)
        for epoch in range(1, settings.epochs + 1):
            network.train()
            total = 0.0
            for batch in torch.randperm(len(x), generator=generator).tensor_split(parts):
                fit = loss(network(x[batch]), y[batch])
                whole = fit
                if settings.l2:
                    squares = torch.stack([w.square().sum() for w in matrices])
                    whole = fit + settings.l2 / 2 * squares.sum()
                adam.zero_grad()
                whole.backward()  # type: ignore[no-untyped-call]
                adam.step()
                if settings.l1:
                    _shrink(matrices, adam, settings.l1)
                total += float(fit.detach()) * len(batch) / len(x)
            losses.append(total)
            judged = total
            if len(held_x):
                network.eval()
                with torch.no_grad():
                    judged = float(loss(network(held_x), held_y))
                held_losses.append(judged)
            if judged < best * (1 - BETTER):
                best, best_epoch, layers = judged, epoch, _layers(network)
            elif epoch - best_epoch >= settings.patience:
                break
    return Fitted(layers, losses, held_losses, best_epoch)


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


def _plain(value: Any) -> Any:
    """numpy's numbers, as searches over a grid give them, as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return tuple(_plain(each) for each in value)
    return value


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
            "a network learns with torch, which is not installed: pip install 'kontur[train]' "
            "brings it, and the other families do without"
        )
