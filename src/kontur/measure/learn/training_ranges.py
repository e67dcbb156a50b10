"""Rows outside the ranges of the training: there a model extrapolates, and says nothing of it.

A recipe has the smallest and the largest value of each column in training (`low`, `high`; files
written before that have none). Of further rows like those of the training a few lie outside by
chance: of m rows after n, k or more in a column with probability q^k (1 + k (1 - q)), q = m / (m +
n), whatever its distribution, for each of the k must be among the extremes of all n + m. A column
is reported where chance does not explain its rows. How far out they lie is no criterion: in skewed
columns rows like those of the training lie far out, too, so that a single row proves nothing.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kontur.measure.recipe import invalid_of, read_columns, with_counts

if TYPE_CHECKING:
    import pandas as pd

CHANCE = 0.01  # probability that rows like those of the training have any column reported


def range_note(recipe: Mapping[str, Any], table: "pd.DataFrame", *, trained_on: int) -> str | None:
    """A sentence on the rows outside the ranges of a training of so many rows; None without.

    Raises `InputError` as `apply_recipe` does.
    """
    known = [
        column
        for column in recipe["columns"]
        if column["kind"] == "number" and "low" in column and not column["silent"]
    ]
    if not known or not len(table):
        return None
    values, _ = read_columns(known, table, **invalid_of(recipe))
    low, high = (np.array([column[end] for column in known]) for end in ("low", "high"))
    outside = (values < low) | (values > high)  # a missing value is not
    counts = outside.sum(axis=0)
    share = len(table) / (len(table) + trained_on)
    by_chance = share**counts * (1 + counts * (1 - share))
    reported = by_chance < CHANCE / len(known)
    if not reported.any():
        return None
    rows = int(outside[:, reported].any(axis=1).sum())
    order = [index for index in np.argsort(-counts, kind="stable") if reported[index]]
    by_column = {known[index]["name"]: int(counts[index]) for index in order}
    return (
        f"{rows:,} of {len(table):,} rows lie outside the range of the {trained_on:,} training "
        f"rows ({with_counts(by_column)}), where the model was never tested: check whether these "
        "are such objects, at the same magnification and brightness"
    )
