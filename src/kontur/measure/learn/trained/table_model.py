"""A trained model of a table, which predicts without torch and scikit-learn.

It consists of the recipe that turns a table into numbers, and the parameters of the estimator: a
network's layers (a linear model is one layer) or boosted trees, as arrays. Predicting needs pandas
and numpy, and agrees with the fitted estimator to 1e-9.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pydantic
from jaxtyping import Float, Shaped

from kontur.errors import InputError
from kontur.measure.learn.trained.brightness_channels import (
    channels_note,
    channels_of,
    check_channels,
)
from kontur.measure.learn.trained.copies import copied_rows
from kontur.measure.learn.trained.training_ranges import range_note
from kontur.measure.learn.trained.training_rows import Digests, Overlap, overlap, row_digests
from kontur.measure.learn.trained.trees import Trees, tree_outputs, trees_of
from kontur.measure.tables.recipe import apply_recipe, gaps
from kontur.measure.tables.table_operations import ignored
from kontur.measure.tabular.layers import Layer, outputs, softmax
from kontur.settings import Settings
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1  # raised when an older Kontur could no longer read the file


class TableModelCard(Settings):
    """The description of a model of tables, sufficient to use it.

    Attributes:
        target: the column that is predicted.
        classes: its values, in the order of the probabilities; none where it is a number.
        unit: of a target that is a number.
        mean, scale: of such a target: the output is multiplied by `scale`, and `mean` is added.
        units: of the columns that the model uses, by name.
        recipe: the fitted preparation of these columns, see `Preparation.recipe`.
        family, settings: the kind of model and its settings.
        activation: of the network, if it is one.
        scores: those of cross-validation, by name.
        images, objects: the numbers of training images and objects.
        about: further information for people.
        version: of the Kontur that wrote the file.
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
        """Whether a class or a number is predicted."""
        return "classification" if self.classes else "regression"

    @property
    def columns(self) -> list[str]:
        """The columns that a table must have, in the order of the recipe."""
        return [column["name"] for column in self.recipe["columns"]]


@dataclass(frozen=True, eq=False)
class TableModel:
    """A card, the layers or the trees that it describes, and digests of the training rows."""

    card: TableModelCard
    parameters: tuple[Layer, ...] | Trees
    training_rows: Digests | None = None  # None where the file was written before there were any
    training_values: Digests | None = None  # so, too, and where values are too coarse to identify

    def predict(self, table: "pd.DataFrame") -> Shaped[np.ndarray, " n"]:
        """The class of every row, or its number in the unit of the target; empty without rows.

        Raises `InputError` where the table lacks columns that the model uses or has them in other
        units, and where they hold infinite values or text among numbers.
        """
        outputs = self._outputs(table)
        if self.card.classes:
            return np.array(self.card.classes)[outputs.argmax(axis=1)]
        return outputs[:, 0] * self.card.scale + self.card.mean

    def probabilities(self, table: "pd.DataFrame") -> Float[np.ndarray, "n classes"]:
        """The probability of each of `card.classes` in every row; errors as in `predict`."""
        if not self.card.classes:
            raise InputError(f"{self.card.target} is a number and has no probabilities")
        return softmax(self._outputs(table))

    def notes(self, table: "pd.DataFrame") -> list[str]:
        """Sentences for a user: gaps that were filled, rows of or unlike the training, units."""
        recipe, others = self.card.recipe, table[~ignored(table)]
        known = gaps(recipe, table)
        notes = []
        if (channels := channels_note(self.card.columns, table)) is not None:
            notes.append(channels)
            known = known.without(lambda name: bool(channels_of([name])))
        notes += [text] if (text := known.text()) else []
        if (outside := range_note(recipe, others, trained_on=self.card.objects)) is not None:
            notes.append(outside)
        notes += self._training_notes(table)
        return [*notes, *self._unit_notes(table.attrs.get("units", {}))]

    def _training_notes(self, table: "pd.DataFrame") -> list[str]:
        """Warnings of rows of the training, under their own name and under another."""
        notes: list[str] = []
        others = ~ignored(table)  # nothing learned from these, so no copy has them all
        if self.training_rows is not None:
            digests = row_digests(self.card.recipe, table)
            by_name = overlap(self.training_rows, digests)
            if by_name.known:
                what = "same image, id and values"
                notes.append(self._training_note(by_name, len(table), what))
            # Of a sample it is not known which of the other rows are known by their name.
            others &= ~np.isin(digests, self.training_rows) & (by_name.exact or not by_name.known)
        if self.training_values is not None and others.any():
            values = row_digests(self.card.recipe, table, identity=())
            images = table["image"] if "image" in table else np.full(len(table), "")
            by_values = copied_rows(self.training_values, values[others], images[others])
            if by_values.known:
                what = "same values under another image or id"
                notes.append(self._training_note(by_values, len(table), what))
        return notes

    def _unit_notes(self, units: Mapping[str, str]) -> list[str]:
        """A note where the table's units, or those of the training, are not known."""
        learned = {name: self.card.units.get(name, "") for name in self.card.columns}
        notes = []
        if unstated := [name for name, unit in learned.items() if unit and not units.get(name)]:
            notes.append(
                f"the table does not state its units; the model takes {unstated[0]} to be in "
                f"{learned[unstated[0]]}"
            )
        if unlearned := [name for name, unit in learned.items() if not unit and units.get(name)]:
            notes.append(
                f"the model learned from a table that did not state its units; it takes "
                f"{unlearned[0]}, here in {units[unlearned[0]]}, to be in those it learned from"
            )
        return notes

    def _training_note(self, training_overlap: Overlap, rows: int, what: str) -> str:
        """A warning that the model was trained on these rows, with its score on held-out rows."""
        number = (
            f"{training_overlap.known:,} of"
            if training_overlap.exact
            else f"about {100 * training_overlap.share:.0f} % of"
        )
        score = next(
            (
                f": {name} {value:.3f}"
                for name, value in self.card.scores.items()
                if value is not None
            ),
            "",
        )
        return (
            f"the model was trained on {number} these {rows:,} rows ({what}): "
            "scores on them do not hold for other objects; those on held-out rows do"
            f"{score}"
        )

    def _outputs(self, table: "pd.DataFrame") -> Float[np.ndarray, "n classes"]:
        """Logits, one a class, or the standardised number."""
        self._check_units(table.attrs.get("units", {}))
        check_channels(self.card.columns, map(str, table.columns))
        rows = apply_recipe(self.card.recipe, table)
        if isinstance(self.parameters, Trees):
            values = tree_outputs(rows, self.parameters)
        else:
            values = outputs(rows, self.parameters, self.card.activation)
        if self.card.classes and values.shape[1] == 1:  # the logit of the second of two classes
            values = np.hstack([np.zeros_like(values), values])
        return values

    def _check_units(self, units: Mapping[str, str]) -> None:
        mismatched = [
            name
            for name, unit in self.card.units.items()
            if unit and units.get(name) and units[name] != unit
        ]
        if not mismatched:
            return
        learned, given = self.card.units[mismatched[0]], units[mismatched[0]]
        more = f" and {plural(len(mismatched) - 1, 'more column')}" if len(mismatched) > 1 else ""
        side = "pixels" if "px" in learned else "UM"
        raise InputError(
            f"the model learned {mismatched[0]}{more} in other units, {learned}, than the table "
            f"has them in, {given}; measure again with --pixel-size {side}"
        )


def export_model(
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
) -> TableModel:
    """The model of a fitted `Preparation` and a fitted estimator of any of `families`.

    `units` are those of the table that was learned from, `table.attrs["units"]`; the others are
    as in `TableModelCard`.
    """
    import kontur

    recipe = preparation.recipe()
    features = [column["name"] for column in recipe["columns"]]
    parameters, more = _parameters(estimator)
    card = TableModelCard(
        target=target,
        classes=tuple(np.asarray(getattr(estimator, "classes_", ())).tolist()),
        unit=units.get(target, ""),
        units={name: units.get(name, "") for name in features},
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
    return TableModel(card, parameters)


def _parameters(estimator: Any) -> tuple[tuple[Layer, ...] | Trees, dict[str, Any]]:
    """The arrays of a fitted estimator, and the fields of the card that belong to them."""
    if hasattr(estimator, "regressor_"):  # of a target that was standardised for it
        scaler = estimator.transformer_
        parameters, _ = _parameters(estimator.regressor_)
        return parameters, {"mean": float(scaler.mean_[0]), "scale": float(scaler.scale_[0])}
    if hasattr(estimator, "layers_"):
        more = {"activation": estimator.activation}
        if hasattr(estimator, "target_mean_"):
            more |= {"mean": estimator.target_mean_, "scale": estimator.target_scale_}
        return tuple(estimator.layers_), more
    if hasattr(estimator, "estimators_"):
        return trees_of(estimator), {}
    weights = np.atleast_2d(estimator.coef_).T.astype(np.float64)
    bias = np.broadcast_to(np.atleast_2d(estimator.intercept_), (1, weights.shape[1]))
    return (Layer(weights, bias.astype(np.float64)),), {}


def _plain(value: Any) -> Any:
    """The value after a round trip through JSON: numbers of Python, lists for tuples."""
    return json.loads(json.dumps(value, default=lambda item: item.tolist()))
