"""Frozen: what was learned from a table, in one file, used without torch and scikit-learn.

A decision is the recipe that makes a table numbers, and the model that makes numbers an answer: a
network's layers (a linear model is one layer) or the trees of a boosting, as arrays. The file is
one `.safetensors`: those arrays, and as its metadata the card, in JSON. Nothing is unpickled.
Predicting is pandas and numpy, and agrees with the fitted estimator to 1e-9.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pydantic
from jaxtyping import Float, Shaped
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from kontur.errors import InputError
from kontur.formats import atomic
from kontur.measure.learn.trees import Trees, tree_outputs, trees_of
from kontur.measure.recipe import apply_recipe, gaps, names_of_features
from kontur.measure.tabular.layers import ACTIVATIONS, Layer, outputs, softmax
from kontur.settings import Settings
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

ENDING = ".safetensors"
FORMAT = 1  # raised when an older Kontur could no longer read the file
KEY = "kontur"  # of the metadata


class DecisionCard(Settings):
    """What was learned from what, and how well: enough to use it with nothing else.

    Attributes:
        target: the column that is told.
        classes: what it can be, in the order of the probabilities; none: it is a number.
        unit: of a target that is a number.
        mean, scale: of such a target: what the model says is multiplied and added.
        units: of the columns that the model reads, by name.
        recipe: how they become numbers, as `Preparation.recipe` has it.
        family, settings: which kind of model, and how it was set.
        activation: of the network, if it is one.
        scores: what was reached in cross-validation, by name.
        images, objects: how many were learned from.
        about: anything else, for people to read.
        version: the Kontur that wrote the file.
    """

    format: int = FORMAT
    target: str
    classes: tuple[str | bool | int | float, ...] = ()
    unit: str = ""
    mean: float = 0.0
    scale: float = 1.0
    units: dict[str, str] = pydantic.Field({})
    recipe: dict[str, Any]
    family: str
    settings: dict[str, Any] = pydantic.Field({})
    activation: str = "relu"
    scores: dict[str, float | None] = pydantic.Field({})
    images: int
    objects: int
    about: dict[str, Any] = pydantic.Field({})
    version: str

    @property
    def task(self) -> Literal["classification", "regression"]:
        """Whether a class is told or a number."""
        return "classification" if self.classes else "regression"

    @property
    def columns(self) -> list[str]:
        """The columns that a table must have."""
        return [column["name"] for column in self.recipe["columns"]]


@dataclass(frozen=True, eq=False)
class Decision:
    """A card, and the layers or the trees that it speaks of."""

    card: DecisionCard
    model: tuple[Layer, ...] | Trees

    def predict(self, table: "pd.DataFrame") -> Shaped[np.ndarray, " n"]:
        """The class of every row, or its number in the unit of the target; no row gives none.

        Raises `InputError` where the table lacks columns that the model reads or has them in
        other units, and where they hold infinite values or words for numbers.
        """
        said = self._outputs(table)
        if self.card.classes:
            return np.array(self.card.classes)[said.argmax(axis=1)]
        return said[:, 0] * self.card.scale + self.card.mean

    def probabilities(self, table: "pd.DataFrame") -> Float[np.ndarray, "n classes"]:
        """The probability of each of `card.classes` in every row; errors as in `predict`."""
        if not self.card.classes:
            raise InputError(f"{self.card.target} is a number and has no probabilities")
        return softmax(self._outputs(table))

    def notes(self, table: "pd.DataFrame") -> list[str]:
        """What a user should know of the rows: gaps that were filled, units that are not said."""
        notes = [text] if (text := gaps(self.card.recipe, table).text()) else []
        told = table.attrs.get("units", {})
        silent = [name for name, unit in self.card.units.items() if unit and not told.get(name)]
        if silent:
            notes.append(
                f"the table does not say its units; the model takes {silent[0]} for "
                f"{self.card.units[silent[0]]}"
            )
        return notes

    def _outputs(self, table: "pd.DataFrame") -> Float[np.ndarray, "n classes"]:
        """Logits, one a class, or the standardised number."""
        self._check_units(table.attrs.get("units", {}))
        rows = apply_recipe(self.card.recipe, table)
        if isinstance(self.model, Trees):
            said = tree_outputs(rows, self.model)
        else:
            said = outputs(rows, self.model, self.card.activation)
        if self.card.classes and said.shape[1] == 1:  # of two classes, how much more the second
            said = np.hstack([np.zeros_like(said), said])
        return said

    def _check_units(self, told: Mapping[str, str]) -> None:
        other = [
            name
            for name, unit in self.card.units.items()
            if unit and told.get(name) and told[name] != unit
        ]
        if not other:
            return
        learned, here = self.card.units[other[0]], told[other[0]]
        more = f" and {plural(len(other) - 1, 'more column')}" if len(other) > 1 else ""
        side = "pixels" if "px" in learned else "UM"
        raise InputError(
            f"the model learned {other[0]}{more} in other units, {learned}, than the table has "
            f"them in, {here}; measure again with --pixel-size {side}"
        )


def freeze(
    preparation: Any,
    estimator: Any,
    *,
    target: str,
    family: str,
    units: Mapping[str, str],
    images: int,
    objects: int,
    settings: Mapping[str, Any] | None = None,
    scores: Mapping[str, float | None] | None = None,
    about: Mapping[str, Any] | None = None,
) -> Decision:
    """A fitted `Preparation` and the fitted estimator behind it, of any of `families`.

    `units` are those of the table that was learned from, `table.attrs["units"]`; the others are
    as in `DecisionCard`.
    """
    import kontur

    recipe = preparation.recipe()
    read = [column["name"] for column in recipe["columns"]]
    model, more = _model(estimator)
    card = DecisionCard(
        target=target,
        classes=tuple(np.asarray(getattr(estimator, "classes_", ())).tolist()),
        unit=units.get(target, ""),
        units={name: units.get(name, "") for name in read},
        recipe=_plain(recipe),
        family=family,
        settings=_plain(settings or {}),
        scores=_plain(scores or {}),
        images=images,
        objects=objects,
        about=_plain(about or {}),
        version=kontur.__version__,
        **more,
    )
    return Decision(card, model)


def write_decision(path: str | Path, decision: Decision, *, overwrite: bool = True) -> None:
    """Write one `.safetensors`, whole or not at all; the same decision gives the same bytes."""
    place = Path(path)
    check_place(place, overwrite=overwrite)
    content = save(_arrays(decision.model), {KEY: decision.card.model_dump_json()})
    atomic.write_bytes(place, content, overwrite=overwrite)


def check_place(path: Path, *, overwrite: bool) -> None:
    """Raise `InputError` before any work where the model could not be written there."""
    if path.suffix.lower() != ENDING:
        raise InputError(f"a model of a table is one file MODEL{ENDING}, got {path}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write in it")
    atomic.check_writable(path)
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists already; overwrite it with --force or name another")


def read_decision(path: str | Path) -> Decision:
    """A decision from its file; `InputError` where it is missing, foreign, damaged or too new."""
    place = Path(path)
    if not place.is_file():
        raise InputError(
            f"there is no model {place}; wanted a file MODEL{ENDING} that kontur learn wrote"
        )
    try:
        with safe_open(place, framework="numpy") as file:
            told = (file.metadata() or {}).get(KEY)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"{place} is no whole model of a table, a file MODEL{ENDING} that kontur learn wrote: "
            f"{str(error).splitlines()[0]}"
        ) from None
    if told is None:
        raise InputError(f"{place} is not from kontur learn: it has arrays, but no card of ours")
    try:
        values = json.loads(told)
        if int(values["format"]) > FORMAT:
            raise InputError(
                f"{place} was written by a newer Kontur ({values.get('version')}); install that "
                "version to use it"
            )
        card = DecisionCard.read(values, where=f"the card of {place}")
        model = _of_arrays(arrays)
        _check(card, model)
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(f"{place} is damaged ({error!r}); copy or learn it again") from None
    return Decision(card, model)


def _model(estimator: Any) -> tuple[tuple[Layer, ...] | Trees, dict[str, Any]]:
    """The arrays of a fitted estimator, and what the card must know to use them."""
    if hasattr(estimator, "regressor_"):  # of a target that was standardised for it
        scaler = estimator.transformer_
        model, _ = _model(estimator.regressor_)
        return model, {"mean": float(scaler.mean_[0]), "scale": float(scaler.scale_[0])}
    if hasattr(estimator, "layers_"):
        told = {"activation": estimator.activation}
        if hasattr(estimator, "target_mean_"):
            told |= {"mean": estimator.target_mean_, "scale": estimator.target_scale_}
        return tuple(estimator.layers_), told
    if hasattr(estimator, "estimators_"):
        return trees_of(estimator), {}
    weights = np.atleast_2d(estimator.coef_).T.astype(np.float64)
    bias = np.broadcast_to(np.atleast_2d(estimator.intercept_), (1, weights.shape[1]))
    return (Layer(weights, bias.astype(np.float64)),), {}


def _arrays(model: Sequence[Layer] | Trees) -> dict[str, np.ndarray]:
    if isinstance(model, Trees):
        named = {f"trees.{name}": array for name, array in model._asdict().items()}
    else:
        named = {}
        for number, layer in enumerate(model):
            named[f"layers.{number}.weights"] = layer.weights
            named[f"layers.{number}.bias"] = layer.bias
            named[f"layers.{number}.slope"] = np.array([layer.slope])
    return {name: np.ascontiguousarray(array) for name, array in named.items()}


def _of_arrays(arrays: Mapping[str, np.ndarray]) -> tuple[Layer, ...] | Trees:
    if "trees.left" in arrays:
        return Trees(**{name: arrays[f"trees.{name}"] for name in Trees._fields})
    count = sum(name.endswith(".weights") for name in arrays)
    return tuple(
        Layer(
            arrays[f"layers.{number}.weights"],
            arrays[f"layers.{number}.bias"],
            float(arrays[f"layers.{number}.slope"][0]),
        )
        for number in range(count)
    )


def _check(card: DecisionCard, model: tuple[Layer, ...] | Trees) -> None:
    """Raise ValueError where the arrays are not those of the card or could not be applied."""
    features = len(names_of_features(card.recipe["columns"]))
    wanted = {1, 2} if len(card.classes) == 2 else {max(1, len(card.classes))}
    if len(set(card.classes)) < len(card.classes) or "invalid" not in card.recipe:
        raise ValueError("a card that is not whole")
    for column in card.recipe["columns"]:
        if column["kind"] == "number":
            told = np.array([column[name] for name in ("fill", "mean", "scale", "silent")], float)
            if not (np.isfinite(told).all() and told[2] > 0):
                raise ValueError(f"no numbers to prepare {column['name']} by")
    if not all(np.isfinite(array).all() for array in _arrays(model).values()):
        raise ValueError("numbers that are infinite or none")
    if isinstance(model, Trees):
        here, nodes = np.arange(len(model.left)), len(model.left)
        children = np.stack([model.left, model.right])
        fits = (
            (children >= here).all()  # below their parent: every walk comes to an end
            and (children < nodes).all()
            and {len(each) for each in (model.feature, model.threshold, model.value)} == {nodes}
            and ((model.feature >= 0) & (model.feature < features)).all()
            and ((model.roots >= 0) & (model.roots < nodes)).all()
            and len(model.roots) == len(model.output)
            and model.start.shape[1] in wanted
        )
    else:
        sizes = [layer.weights.shape[0] for layer in model] + [model[-1].weights.shape[1]]
        fits = (
            sizes[0] == features
            and sizes[-1] in wanted
            and all(layer.weights.shape[1] == n for layer, n in zip(model, sizes[1:], strict=True))
            and all(layer.bias.shape == (1, n) for layer, n in zip(model, sizes[1:], strict=True))
            and card.activation in ACTIVATIONS
        )
    if not fits:
        raise ValueError("the arrays are not those that the card tells of")


def _plain(value: Any) -> Any:
    """As JSON would give it back: numpy's numbers as Python's, tuples as lists."""
    return json.loads(json.dumps(value, default=lambda item: item.tolist()))
