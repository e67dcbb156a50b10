"""Rows outside the ranges of the training: there a model extrapolates, and says nothing of it.

A recipe has the smallest and the largest value of each column in training (`low`, `high`; files
written before that have none). Of further rows like those of the training a few lie outside by
chance: of m rows after n, k or more in a column with probability q^k (1 + k (1 - q)), q = m / (m +
n), whatever its distribution, for each of the k must be among the extremes of all n + m. A column
is reported where chance does not explain its rows. How far out they lie in one is no criterion: in
skewed columns rows like those of the training lie far out, too. A row that lies far out in several
columns at once, and in a quarter of them, is reported all the same: of a single object nothing else
could tell.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kontur.measure.tables.recipe import invalid_of, read_columns, with_counts
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

CHANCE = 0.01  # probability that rows like those of the training have any column reported
FAR = 1.0  # of the width of a range, beyond its end,
FAR_COLUMNS, FAR_SHARE = 3, 0.25  # and in how many columns at least a row lies there, also of all


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
    width = FAR * (high - low)
    far = ((values < low - width) | (values > high + width)).sum(axis=1)
    odd = far >= max(FAR_COLUMNS, FAR_SHARE * len(known))
    reported_cells = outside & (reported | odd[:, None])
    if not reported_cells.any():
        return None
    rows, counts = int(reported_cells.any(axis=1).sum()), reported_cells.sum(axis=0)
    order = [index for index in np.argsort(-counts, kind="stable") if counts[index]]
    by_column = {known[index]["name"]: int(counts[index]) for index in order}
    lie = "lies" if rows == 1 else "lie"
    return (
        f"{rows:,} of {plural(len(table), 'row')} {lie} outside the range of the {trained_on:,} "
        f"training rows ({with_counts(by_column)}), where the model was never tested: check "
        "whether these are such objects, at the same magnification and brightness"
    )
