"""Recipe: a fitted preparation of tables as plain values that JSON keeps, and its application.

`kontur.measure.learn.prepare.Preparation` learns a recipe from the training part of a table.
Applying it needs pandas and numpy only, so that a model can be used without scikit-learn. For each
column it has the kind: `number`, with the value that fills gaps (`fill`), the mean and scale to
standardise by, whether gaps are flagged, whether the column is constant (`silent`) and becomes 0,
and the smallest and largest value in training (`low`, `high`; not in older files, nor of no value);
or `word`, with the `words` that occurred in training, which are one-hot encoded. These names are
those of model files, which earlier versions read too.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.errors import InputError
from kontur.measure.extra import package
from kontur.measure.tables.cells import MISSING, Kind, Mark, parse_column, text_of
from kontur.measure.tables.column_selection import check_columns_exist, column_names, is_measurement
from kontur.measure.tables.text_columns import unique_values
from kontur.wording import listed

if TYPE_CHECKING:
    import pandas as pd

INVALID = MISSING  # words that mean a missing value in a column of numbers; in text they are names
LARGEST = 1e100  # numbers beyond it have no finite variance
EXAMPLES = 3  # cells in an error
MANY = 10  # different numbers from which a column with a few other cells is one of numbers


class Gaps(NamedTuple):
    """Cells of a table that have to be filled: their number, by column.

    `missing` counts empty and invalid cells, `unseen` words that do not occur in the training part.
    """

    missing: dict[str, int]
    unseen: dict[str, int]

    def without(self, left_out: Callable[[str], bool]) -> "Gaps":
        """Those of other columns."""
        return Gaps(*({n: c for n, c in part.items() if not left_out(n)} for part in self))

    def text(self) -> str:
        """One line, for a caller to print; empty where there is no gap."""
        lines = []
        for counts, what in ((self.missing, "missing"), (self.unseen, "never seen in training")):
            if counts:
                lines.append(f"values {what}: {with_counts(counts)}")
        return "; ".join(lines)


def with_counts(counts: Mapping[str, int]) -> str:
    """A few names with their counts, and how many more.

    >>> with_counts({"area": 1200, "dose": 1})
    'area 1,200, dose 1'
    """
    return listed(f"{name} {count:,}" for name, count in counts.items())


def apply_recipe(recipe: Mapping[str, Any], table: "pd.DataFrame") -> Float[np.ndarray, "n f"]:
    """The features of every row, equal to those of `Preparation.transform`.

    Without rows `(0, f)`. Raises `InputError` for columns that are not there, infinite values, and
    text in a column of numbers.
    """
    numbers, codes = read_columns(recipe["columns"], table, **invalid_of(recipe))
    of_numbers = [column for column in recipe["columns"] if column["kind"] == "number"]
    of_words = [column for column in recipe["columns"] if column["kind"] == "word"]
    parts: list[np.ndarray] = []
    for column, values in zip(of_numbers, numbers.T, strict=True):
        filled = np.where(np.isnan(values), column["fill"], values)
        scaled = (filled - column["mean"]) / column["scale"]
        parts.append(np.zeros(len(table)) if column["silent"] else scaled)
    parts += [
        np.isnan(values).astype(float)
        for column, values in zip(of_numbers, numbers.T, strict=True)
        if column["flag"]
    ]
    for column, code in zip(of_words, codes.T, strict=True):
        parts += [(code == word).astype(float) for word in range(len(column["words"]) + 2)]
    return np.column_stack(parts) if parts else np.empty((len(table), 0))


def names_of_features(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the features: numbers, flags of missing values, one feature for each word.

    >>> area = {"name": "area", "kind": "number", "flag": True}
    >>> names_of_features([{"name": "stain", "kind": "word", "words": ["HE"]}, area])
    ['area', 'area (missing)', 'stain=HE', 'stain (missing)', 'stain (unseen)']
    """
    numbers = [column for column in columns if column["kind"] == "number"]
    names = [column["name"] for column in numbers]
    names += [f"{column['name']} (missing)" for column in numbers if column["flag"]]
    for column in columns:
        if column["kind"] == "word":
            name = column["name"]
            names += [f"{name}={word}" for word in column["words"]]
            names += [f"{name} (missing)", f"{name} (unseen)"]
    return names


def gaps(recipe: Mapping[str, Any], table: "pd.DataFrame") -> Gaps:
    """The missing and the unseen values of a table, by column; errors as in `apply_recipe`."""
    numbers, codes = read_columns(recipe["columns"], table, **invalid_of(recipe))
    missing, unseen = {}, {}
    empty, place = np.isnan(numbers).sum(axis=0), {"number": 0, "word": 0}
    for column in recipe["columns"]:
        at = place[column["kind"]]
        place[column["kind"]] += 1
        if column["kind"] == "number":
            missing[column["name"]] = int(empty[at])
        else:
            known = len(column["words"])
            missing[column["name"]] = int((codes[:, at] == known).sum())
            unseen[column["name"]] = int((codes[:, at] == known + 1).sum())
    return Gaps(*({name: n for name, n in counts.items() if n} for counts in (missing, unseen)))


def read_columns(
    columns: Sequence[Mapping[str, Any]],
    table: "pd.DataFrame",
    *,
    invalid: Sequence[str],
    invalid_words: Sequence[str],
) -> tuple[Float[np.ndarray, "n a"], Int[np.ndarray, "n w"]]:
    """The columns of numbers, NaN where missing, and those of text as codes.

    A code is the index of the word among the known ones; then follow one for missing and one for
    unseen. `invalid` are the words that mean a missing value in a column of numbers,
    `invalid_words` those in a column of text.
    """
    check_columns_exist(column_names(table), [column["name"] for column in columns])
    table = without_attrs(table)
    labels = dict(zip(column_names(table), table.columns, strict=True))
    numbers, codes = [], []
    for column in columns:
        cells = table[labels[column["name"]]]
        if column["kind"] == "number":
            mark = column.get("decimal")
            numbers.append(as_numbers(cells, invalid=invalid, decimal=mark))
        else:
            words, known = as_text(cells, invalid=invalid_words), column["words"]
            code_of = {word: code for code, word in enumerate(known)} | {None: len(known)}
            indices, uniques = package("pandas").factorize(words, use_na_sentinel=False)
            unique_codes = [code_of.get(_none(word), len(known) + 1) for word in uniques]
            codes.append(np.array(unique_codes, dtype=np.int64)[indices])
    n = len(table)
    numeric_columns = np.column_stack(numbers) if numbers else np.empty((n, 0))
    names = [column["name"] for column in columns if column["kind"] == "number"]
    check_finite(numeric_columns, names)
    return numeric_columns, np.column_stack(codes) if codes else np.empty((n, 0), dtype=np.int64)


def without_attrs(table: "pd.DataFrame") -> "pd.DataFrame":
    """The same table without its `attrs`, which pandas copies with every column."""
    bare = table.copy(deep=False)
    bare.attrs = {}
    return bare


def numeric(cells: "pd.Series") -> bool:
    """Whether the dtype of a column is numeric or boolean."""
    return bool(package("pandas").api.types.is_numeric_dtype(cells.dtype))


class ColumnType(NamedTuple):
    """The kind of a column, and the mark of decimals where its numbers are text with one."""

    kind: Kind
    decimal: Mark | None = None


def type_of(cells: "pd.Series", *, invalid: Sequence[str] = INVALID) -> ColumnType:
    """Whether a column is one of numbers, booleans or text, by its dtype and its values.

    A column of pandas' dtype category is text. Raises `InputError` for dates and other values, for
    a measurement that is text, and for many numbers with a few words among them.
    """
    types = package("pandas").api.types
    if isinstance(cells.dtype, package("pandas").CategoricalDtype):
        return ColumnType("text")
    if types.is_bool_dtype(cells.dtype):
        return ColumnType("boolean")
    if numeric(cells):
        return ColumnType("number")
    measured = is_measurement(str(cells.name))
    _, values = unique_values(cells)
    texts, others = _texts_and_others(values)
    column = parse_column(texts, kind="number" if measured else None, missing=invalid)
    numbers = [_number(value) for value in others]
    if others and column.kind == "text" and not column.non_numeric:  # of texts that are all missing
        column = parse_column(texts, kind="number", missing=invalid)
    not_numbers = [
        *column.non_numeric,
        *(str(v) for v, n in zip(others, numbers, strict=True) if n is None),
    ]
    if not_numbers and (measured or len(values) - len(not_numbers) >= max(MANY, len(not_numbers))):
        raise _not_numbers(cells, not_numbers)
    if column.non_numeric or None in numbers or (texts and column.kind == "text"):
        return ColumnType("text")
    boolean = column.kind == "boolean" or (others and all(isinstance(v, bool) for v in others))
    return ColumnType("boolean" if boolean else "number", column.decimal or None)


def as_numbers(
    cells: "pd.Series", *, invalid: Sequence[str] = INVALID, decimal: Mark | None = None
) -> Float[np.ndarray, " n"]:
    """A column as numbers, NaN where a cell is empty or holds an invalid word.

    `decimal` is the mark of decimals where the cells leave it open. True and false are 1 and 0.
    """
    if numeric(cells):
        if package("pandas").api.types.is_complex_dtype(cells.dtype):
            raise InputError(f"the column {str(cells.name)!r} holds complex numbers; leave it out")
        return cells.to_numpy(dtype=np.float64, na_value=np.nan)
    codes, values = unique_values(cells)
    texts, others = _texts_and_others(values)
    column = parse_column(texts, missing=invalid, decimal=decimal)
    if column.kind == "text":
        column = parse_column(texts, kind="number", missing=invalid, decimal=decimal)
    known = dict(zip(texts, column.values, strict=True))
    numbers = [known[v] if isinstance(v, str) else _number(v) for v in values]
    not_numbers = [*column.non_numeric, *(str(v) for v in others if _number(v) is None)]
    if not_numbers:
        raise _not_numbers(cells, not_numbers)
    return np.array([*numbers, None], dtype=np.float64)[codes]  # -1, missing, is the last


def as_text(cells: "pd.Series", *, invalid: Sequence[str] = ()) -> np.ndarray:
    """A column as an array of texts, None where a cell is empty or holds an invalid word.

    The errors of a spreadsheet, such as `#DIV/0!`, are missing as well.
    """
    codes, values = unique_values(cells)
    texts, _ = _texts_and_others(values)
    invalid_texts = {word.strip().casefold() for word in invalid}
    known = dict(zip(texts, parse_column(texts, kind="text").values, strict=True))
    result = np.empty(len(values) + 1, dtype=object)
    result[:-1] = [known[v] if isinstance(v, str) else text_of(v) for v in values]
    result[:-1] = [None if t and t.casefold() in invalid_texts else t for t in result[:-1]]
    return result[codes]


def _texts_and_others(values: Sequence[Any]) -> tuple[list[str], list[Any]]:
    """The values that are text, and the others."""
    texts = [value for value in values if isinstance(value, str)]
    return texts, [value for value in values if not isinstance(value, str)]


def _not_numbers(cells: "pd.Series", examples: Sequence[str]) -> InputError:
    expected = "is a measurement" if is_measurement(str(cells.name)) else "is one of numbers"
    row = next(row for row, cell in enumerate(cells, 1) if str(cell).strip() == examples[0])
    return InputError(
        f"the column {str(cells.name)!r} {expected} but holds {_quoted(examples)}, first in row "
        f"{row} of the table; correct such cells, empty them, or name them among the invalid words"
    )


def _number(value: Any) -> float | None:
    """A cell that is not text as a number, None where it is not a number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def invalid_of(recipe: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The words that mean a missing value, in numbers and in text; older recipes have one list."""
    words = recipe.get("invalid_words", recipe["invalid"])
    return {"invalid": recipe["invalid"], "invalid_words": words}


def _none(word: Any) -> str | None:
    return word if isinstance(word, str) else None


def _quoted(words: Sequence[str]) -> str:
    return listed(map(repr, words), most=EXAMPLES)


def check_finite(numbers: Float[np.ndarray, "n a"], names: Sequence[str]) -> None:
    """Raise `InputError` naming all columns with infinite or unusably large numbers."""
    too_large = np.abs(numbers) > LARGEST  # NaN compares false
    if not too_large.any():
        return
    counts = zip(names, too_large.sum(axis=0).tolist(), strict=True)
    bad = [f"{name} ({count:,})" for name, count in counts if count]
    raise InputError(
        f"infinite values, or numbers beyond {LARGEST:g}, in the columns {listed(bad)}; "
        "correct them or leave the columns out"
    )
