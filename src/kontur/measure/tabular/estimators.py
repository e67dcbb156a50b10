"""Small networks on tables: a multilayer perceptron as scikit-learn's estimators.

`NetworkClassifier` and `NetworkRegressor` fit, predict and are searched over like any other of
scikit-learn. torch is needed to fit only: the fitted network is a list of arrays (`layers_`), and
predicting is numpy. Columns should be standardised (`measure.learn.prepare` does); the target of a
regression is standardised inside. A share of the rows is held out for validation while fitting,
whole groups of them if groups are given.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from kontur.errors import InputError
from kontur.measure.tabular.layers import outputs, softmax
from kontur.measure.tabular.training import NetworkSettings, train
from kontur.measure.tabular.validation import validation_rows

Setting = Any  # of an estimator: anything may be given and is checked by `fit`, as is the custom


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
        given = {name: getattr(self, name) for name in NetworkSettings.model_fields}
        plain = {key: _plain(value) for key, value in given.items()}
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
        validation = validation_rows(len(rows), settings.validation, seed, labels, groups)
        fitted = train(rows, targets, validation, settings, seed=seed, weights=weights)
        self.layers_ = fitted.layers
        self.losses_, self.validation_losses_ = fitted.losses, fitted.validation_losses
        self.best_epoch_ = fitted.best_epoch

    def _outputs(self, X: Any) -> Float[np.ndarray, "b n"]:
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return outputs(rows, self.layers_, self.activation)


class NetworkClassifier(ClassifierMixin, _Network):
    """A multilayer perceptron with one output per class and the cross-entropy.

    `class_weight` is None, "balanced" or a dict, as in scikit-learn; the other settings are those
    of `NetworkSettings`. After `fit`: `classes_`, `layers_`, `losses_` and `validation_losses_` by
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

        Raises `InputError` for invalid settings, a single class, and a missing torch;
        ValueError for anything else that scikit-learn refuses.
        """
        rows, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            only = self.classes_.tolist()[0]
            raise InputError(
                f"the target has one class only, {only!r}, and there is nothing to distinguish; "
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
        logits = self._outputs(X)  # before `classes_`, which an unfitted one does not have
        return self.classes_[logits.argmax(axis=1)]


class NetworkRegressor(RegressorMixin, _Network):
    """A multilayer perceptron with one output and the squared error.

    The settings are those of `NetworkSettings`. After `fit`: `layers_` (of the standardised
    target), `target_mean_` and `target_scale_`, `losses_`, `validation_losses_`, `best_epoch_`.
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


def _plain(value: Any) -> Any:
    """NumPy scalars, which grid searches pass, as Python numbers."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return tuple(_plain(item) for item in value)
    return value
