"""The columns of a table that can be drawn along an axis, checked, with their labels and scales.

A column is checked before anything is drawn. Missing values are left out and counted; infinite
ones are refused, since they have no position on an axis.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from kontur.errors import InputError
from kontur.measure.columns import Column
from kontur.measure.extra import package
from kontur.measure.table import FORM, IDENTITY, OUTLINE, POSITION, column_of
from kontur.measure.tables.cells import unit_in
from kontur.measure.tables.column_selection import check_columns_exist, column_names
from kontur.measure.tables.recipe import as_numbers, numeric, type_of
from kontur.wording import counted

if TYPE_CHECKING:
    import pandas as pd

Scale = Literal["auto", "linear", "log"]

# Drawn by default: size, form, brightness, neighbours, in this order.
MAIN = (
    *("area", "axis_major_length", "axis_minor_length", "circularity", "solidity"),
    *("medial_length", "intensity_mean", "edge_contrast", "neighbour_distance"),
)
MOST = 12  # columns drawn by default
FILLED = 0.5  # least share of rows with a value in a column drawn by default
DECADES = 100.0  # ratio of the 99th to the 1st percentile from which an axis is logarithmic
NOISE = 1e6  # ratio of the largest to the smallest value from which small ones are rounding errors
WHOLE = 12  # largest range of whole numbers in a column of counts
EXAMPLES = 3  # rows that a sentence names


class Numbers(NamedTuple):
    """A column: its name, its label with the unit, a float per row (NaN is missing), its scale."""

    name: str
    label: str
    values: Float[np.ndarray, " n"]
    log: bool

    @property
    def has_value(self) -> Shaped[np.ndarray, " n"]:
        """Which rows have a value."""
        return np.isfinite(self.values)

    @property
    def counts(self) -> bool:
        """Whether the column is one of counts: whole numbers in a small range."""
        different = np.unique(self.values[self.has_value])
        whole = len(different) > 0 and bool((different == np.round(different)).all())
        return whole and not self.log and bool(different[-1] - different[0] < WHOLE)

    def on_axis(self, values: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
        """Values as distances along the axis: themselves, or their decimal logarithms."""
        return np.log10(values) if self.log else values


def numbers(table: "pd.DataFrame", name: str, *, scale: Scale = "auto") -> Numbers:
    """A column as numbers, checked.

    `scale="auto"` takes a logarithmic axis where all values are above 0 and the 99th percentile is
    at least 100 times the 1st, unless the smallest values are rounding errors. Raises `InputError`
    for a column that is not there, holds text, no value or infinite values, and for values up to 0
    on a logarithmic axis.
    """
    check_columns_exist(column_names(table), [name])
    column = table[name]
    if not holds_numbers(column):
        raise InputError(_no_numbers(table, name))
    values = as_numbers(column)
    if len(values) and np.isnan(values).all():
        raise InputError(
            f"column {name!r} has no value in any of {len(values):,} rows; choose another one"
        )
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise InputError(
            f"column {name!r} is infinite in {len(infinite):,} of {len(values):,} rows "
            f"({_which(table, infinite)}); remove those rows or leave them empty"
        )
    low = float(np.nanmin(values, initial=np.inf))
    if scale == "log" and low <= 0:
        raise InputError(
            f"a logarithmic axis shows values above 0, and column {name!r} reaches down to "
            f"{low:g}; use --scale linear"
        )
    log = scale == "log" or (scale == "auto" and low > 0 and _spans_decades(values))
    return Numbers(name, label(table, name), values, log)


def holds_numbers(column: "pd.Series") -> bool:
    """Whether a column holds numbers, also as text; booleans are not numbers."""
    try:
        number = type_of(column).kind == "number"
        return number and (numeric(column) or bool(column.notna().any()))
    except InputError:
        return False


def check_varies(column: Numbers) -> None:
    """Raise `InputError` where all values are the same."""
    values = column.values[column.has_value]
    if len(values) and values.min() == values.max():
        raise InputError(
            f"column {column.name!r} is {values[0]:g} in all {len(values):,} rows that have a "
            "value, so that a plot shows nothing; choose another one"
        )


def label(table: "pd.DataFrame", name: str) -> str:
    """The label of an axis: the name of a column with its unit, unless the name ends in it."""
    unit = table.attrs.get("units", {}).get(name, "")
    return f"{name} ({unit})" if unit and unit != unit_in(name) else name


def main_columns(table: "pd.DataFrame") -> tuple[list[str], list[str]]:
    """The columns to draw by default, and a sentence about each that is left out.

    Those of `MAIN`, of every channel; in a table of another program the first that hold numbers.
    """
    names = [str(name) for name in table.columns]
    candidates = [
        name for word in MAIN for name in names if word in (name, name.rpartition("-")[0])
    ]
    if not any(name in FORM for name in names):
        place = IDENTITY | POSITION | OUTLINE
        candidates = [name for name in names if name not in place and holds_numbers(table[name])]
    can, notes = drawable(table, candidates)
    full = [name for name in can if table[name].notna().mean() >= FILLED]
    sparse = [name for name in can if name not in full]
    notes += [
        f"not drawn: column {name!r}, being beyond {MOST}; --columns draws it"
        for name in full[MOST:]
    ]
    if sparse:
        notes.append(
            f"not drawn: {counted(sparse, 'column')}, most rows having no value; --columns draws "
            "what it names"
        )
    return full[:MOST], notes


def drawable(table: "pd.DataFrame", names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those of the columns that can be drawn, and a sentence about each that cannot."""
    can: list[str] = []
    notes: list[str] = []
    for name in names:
        try:
            check_varies(numbers(table, name))
        except InputError as error:
            notes.append(f"not drawn: {error}")
        else:
            can.append(name)
    return can, notes


def meaning(name: str) -> str:
    """The meaning of a column that `measure` makes, in a few words; "" for any other."""
    column: Column | None = column_of(name)
    return column.meaning if column else ""


def _no_numbers(table: "pd.DataFrame", name: str) -> str:
    pandas = package("pandas")
    column = table[name]
    if pandas.api.types.is_bool_dtype(column):
        return f"column {name!r} is true or false, no number to draw; use --by {name}"
    try:
        type_of(column)
    except InputError as error:  # numbers with other cells among them
        return table.attrs.get("non_numeric", {}).get(name, str(error))
    return f"column {name!r} holds no numbers to draw; to compare its values use --by {name}"


def _which(table: "pd.DataFrame", rows: Shaped[np.ndarray, " k"]) -> str:
    """The first rows, named by image and id where the table has them."""
    examples = table.iloc[rows[:EXAMPLES]]
    if {"image", "id"} <= set(table.columns):
        named = [f"{a} {b}" for a, b in zip(examples["image"], examples["id"], strict=True)]
    else:
        named = [f"row {index + 1}" for index in rows[:EXAMPLES]]
    more = len(rows) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")


def _spans_decades(values: Float[np.ndarray, " n"]) -> bool:
    low, first, last, high = np.nanpercentile(values, [0, 1, 99, 100])
    return bool(last >= DECADES * first and high < NOISE * low)
