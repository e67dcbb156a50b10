"""The file of a model of tables: one `.safetensors` with its parameters and its card.

The arrays are the parameters; the card is JSON in the metadata. Nothing is unpickled, and a file is
checked as a whole before it is used.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from kontur.errors import InputError
from kontur.files import atomic
from kontur.measure.learn.trained.table_model import FORMAT, TableModel, TableModelCard
from kontur.measure.learn.trained.trees import Trees
from kontur.measure.tables.recipe import names_of_features
from kontur.measure.tabular.layers import ACTIVATIONS, Layer

ENDING = ".safetensors"
KEY = "kontur"  # of the card in the metadata
DIGESTS = ("training_rows", "training_values")  # arrays that earlier files have not
NUMBERS = ("fill", "mean", "scale", "silent")  # in the recipe of a column
RANGE = ("low", "high")  # so, too, but not in earlier files
# Raised by reading a card or arrays of other content.
_DAMAGE = (
    *(ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError),
    RecursionError,
)


def write_table_model(path: str | Path, model: TableModel, *, overwrite: bool = True) -> None:
    """Write one `.safetensors`, whole or not at all; the same model gives the same bytes."""
    place = Path(path)
    check_place(place, overwrite=overwrite)
    arrays = _arrays(model.parameters)
    for name in DIGESTS:
        if (digests := getattr(model, name)) is not None:
            arrays[name] = digests
    content = save(arrays, {KEY: model.card.model_dump_json()})
    atomic.write_bytes(place, content, overwrite=overwrite)


def check_place(path: Path, *, overwrite: bool) -> None:
    """Raise `InputError` before any work where the model cannot be written to `path`."""
    if path.suffix.lower() != ENDING:
        raise InputError(f"a model of a table is one file MODEL{ENDING}, got {path}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write in it")
    atomic.check_writable(path)
    atomic.refuse_existing([path], overwrite=overwrite)


def read_table_model(path: str | Path) -> TableModel:
    """A model from its file; `InputError` where it is missing, foreign, damaged or too new."""
    place = Path(path)
    if not place.is_file():
        raise InputError(
            f"there is no model {place}; wanted a file MODEL{ENDING} that kontur learn wrote"
        )
    try:
        with safe_open(place, framework="numpy") as file:
            card_text = (file.metadata() or {}).get(KEY)
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"{place} is no whole model of a table, a file MODEL{ENDING} that kontur learn wrote: "
            f"{str(error).splitlines()[0]}"
        ) from None
    if card_text is None:
        raise InputError(f"{place} is not from kontur learn: it has arrays, but no card of ours")
    try:
        values = json.loads(card_text)
        if int(values["format"]) > FORMAT:
            raise InputError(
                f"{place} was written by a newer Kontur ({values.get('version')}); install that "
                "version to use it"
            )
        card = TableModelCard.read(values, where=f"the card of {place}")
        digests = {name: arrays.pop(name) for name in DIGESTS if name in arrays}
        if any((array.ndim, array.dtype) != (1, np.uint64) for array in digests.values()):
            raise ValueError("its digests of training rows are of another type")
        parameters = _parameters(arrays)
        _check(card, parameters)
    except InputError:
        raise
    except _DAMAGE as error:
        raise InputError(f"{place} is damaged ({error!r}); copy or learn it again") from None
    return TableModel(card, parameters, **digests)


def _arrays(parameters: Sequence[Layer] | Trees) -> dict[str, np.ndarray]:
    if isinstance(parameters, Trees):
        named = {f"trees.{name}": array for name, array in parameters._asdict().items()}
    else:
        named = {}
        for number, layer in enumerate(parameters):
            named[f"layers.{number}.weights"] = layer.weights
            named[f"layers.{number}.bias"] = layer.bias
            named[f"layers.{number}.slope"] = np.array([layer.slope])
    return {name: np.ascontiguousarray(array) for name, array in named.items()}


def _parameters(arrays: Mapping[str, np.ndarray]) -> tuple[Layer, ...] | Trees:
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


def _check(card: TableModelCard, parameters: tuple[Layer, ...] | Trees) -> None:
    """Raise ValueError where the arrays are not those of the card or could not be applied."""
    features = len(names_of_features(card.recipe["columns"]))
    wanted = {1, 2} if len(card.classes) == 2 else {max(1, len(card.classes))}
    if len(set(card.classes)) < len(card.classes) or "invalid" not in card.recipe:
        raise ValueError("its card is incomplete")
    for column in card.recipe["columns"]:
        if column["kind"] == "number":
            values = np.array([column[name] for name in NUMBERS], float)
            if not (np.isfinite(values).all() and values[NUMBERS.index("scale")] > 0):
                raise ValueError(f"{column['name']} cannot be prepared")
            ends = np.array([column[name] for name in RANGE if name in column], float)
            if len(ends) == 1 or not (np.isfinite(ends).all() and (np.diff(ends) >= 0).all()):
                raise ValueError(f"{column['name']} has no range")
    if not all(np.isfinite(array).all() for array in _arrays(parameters).values()):
        raise ValueError("its parameters are infinite or NaN")
    if isinstance(parameters, Trees):
        own_index, nodes = np.arange(len(parameters.left)), len(parameters.left)
        children = np.stack([parameters.left, parameters.right])
        fits = (
            (children >= own_index).all()  # below their parent: every walk comes to an end
            and (children < nodes).all()
            and {
                len(array) for array in (parameters.feature, parameters.threshold, parameters.value)
            }
            == {nodes}
            and ((parameters.feature >= 0) & (parameters.feature < features)).all()
            and ((parameters.roots >= 0) & (parameters.roots < nodes)).all()
            and len(parameters.roots) == len(parameters.output)
            and parameters.start.shape[1] in wanted
        )
    else:
        sizes = [layer.weights.shape[0] for layer in parameters] + [parameters[-1].weights.shape[1]]
        fits = (
            sizes[0] == features
            and sizes[-1] in wanted
            and all(
                layer.weights.shape[1] == n for layer, n in zip(parameters, sizes[1:], strict=True)
            )
            and all(
                layer.bias.shape == (1, n) for layer, n in zip(parameters, sizes[1:], strict=True)
            )
            and card.activation in ACTIVATIONS
        )
    if not fits:
        raise ValueError("its parameters do not fit its card")
