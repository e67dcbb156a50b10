"""Recipe: how a table becomes numbers, as plain values that JSON keeps; applied without learning.

`kontur.measure.prepare.Preparation` learns a recipe from the training part of a table. Applying it
needs pandas and numpy only, so that a model can be used where scikit-learn is not. One entry a
column says what it is: a number (what fills a missing one, what is taken off and divided by) or a
word (the words that were known).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.errors import InputError
from kontur.measure.choose import check_there, names_of
from kontur.measure.extra import package
from kontur.measure.many import NUMBER
from kontur.wording import listed

if TYPE_CHECKING:
    import pandas as pd

# What stands in a cell where nothing is known; upper and lower case are the same.
INVALID = ("invalid", "missing", "nan", "na", "n/a", "#n/a", "<na>", "null", "-", "?", "")
LARGEST = 1e100  # numbers beyond it have no finite variance
SHOWN = 3  # of words or columns, in an error
MANY = 10  # different numbers: a column of so many is one of numbers, with slips of the pen


class Gaps(NamedTuple):
    """What a table holds that has to be filled: how many cells, by column.

    `missing` counts empty and invalid cells, `unseen` words that the training part did not have.
    """

    missing: dict[str, int]
    unseen: dict[str, int]

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
    """The features of every row, as `Preparation.transform` gives them, to the last digit.

    No row gives `(0, f)`. Raises `InputError` for columns that are not there, infinite values, and
    words in a column of numbers.
    """
    numbers, codes = read_columns(recipe["columns"], table, invalid=recipe["invalid"])
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
    """What the features are called: numbers, flags of missing ones, a column for each word.

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
    """How much of the table is missing or was never seen; errors as in `apply_recipe`."""
    numbers, codes = read_columns(recipe["columns"], table, invalid=recipe["invalid"])
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
    columns: Sequence[Mapping[str, Any]], table: "pd.DataFrame", *, invalid: Sequence[str]
) -> tuple[Float[np.ndarray, "n a"], Int[np.ndarray, "n w"]]:
    """The columns of numbers, NaN where missing, and those of words as codes.

    A code is the place of the word among the known ones; then come missing and unseen.
    """
    check_there(names_of(table), [column["name"] for column in columns])
    table = without_attrs(table)
    labels = dict(zip(names_of(table), table.columns, strict=True))
    numbers, codes = [], []
    for column in columns:
        cells = table[labels[column["name"]]]
        if column["kind"] == "number":
            numbers.append(as_numbers(cells, invalid=invalid))
        else:
            words, known = as_words(cells, invalid=invalid), column["words"]
            places = {word: place for place, word in enumerate(known)} | {None: len(known)}
            found, uniques = package("pandas").factorize(words, use_na_sentinel=False)
            of = [places.get(_none(word), len(known) + 1) for word in uniques]
            codes.append(np.array(of, dtype=np.int64)[found])
    n = len(table)
    made = np.column_stack(numbers) if numbers else np.empty((n, 0))
    names = [column["name"] for column in columns if column["kind"] == "number"]
    check_finite(made, names)
    return made, np.column_stack(codes) if codes else np.empty((n, 0), dtype=np.int64)


def without_attrs(table: "pd.DataFrame") -> "pd.DataFrame":
    """The same table without what it says of itself, which pandas copies with every column."""
    bare = table.copy(deep=False)
    bare.attrs = {}
    return bare


def numeric(cells: "pd.Series") -> bool:
    """Whether pandas holds a column as numbers; true and false are 1 and 0."""
    return bool(package("pandas").api.types.is_numeric_dtype(cells.dtype))


def kind_of(cells: "pd.Series", *, invalid: Sequence[str]) -> str:
    """Whether a column is one of numbers or of words, judged by what it holds.

    Booleans are the numbers 0 and 1. A column of pandas' type category is one of words. Raises
    `InputError` for dates and other things, and for many numbers with a few words among them.
    """
    if isinstance(cells.dtype, package("pandas").CategoricalDtype):
        return "word"
    if numeric(cells):
        return "number"
    _, uniques = _unique(cells, invalid=invalid)
    read = [_number(value) for value in uniques]
    words = [str(v) for v, number in zip(uniques, read, strict=True) if number is None]
    if words and len(uniques) - len(words) >= max(MANY, len(words)):
        raise InputError(
            f"the column {str(cells.name)!r} holds numbers and {_shown(words)}; correct them or "
            "name them among the invalid words"
        )
    return "word" if words else "number"


def as_numbers(cells: "pd.Series", *, invalid: Sequence[str]) -> Float[np.ndarray, " n"]:
    """A column as numbers, NaN where a cell is empty or holds an invalid word."""
    if numeric(cells):
        if package("pandas").api.types.is_complex_dtype(cells.dtype):
            raise InputError(f"the column {str(cells.name)!r} holds complex numbers; leave it out")
        return cells.to_numpy(dtype=np.float64, na_value=np.nan)
    codes, uniques = _unique(cells, invalid=invalid)
    read = [_number(value) for value in uniques]
    words = [str(v) for v, number in zip(uniques, read, strict=True) if number is None]
    if words:
        raise InputError(
            f"the column {str(cells.name)!r} is one of numbers but holds {_shown(words)}; correct "
            "them or name them among the invalid words"
        )
    return np.array([*read, np.nan], dtype=np.float64)[codes]  # -1, missing, is the last


def as_words(cells: "pd.Series", *, invalid: Sequence[str]) -> np.ndarray:
    """A column as an array of words, None where a cell is empty or holds an invalid word."""
    codes, uniques = _unique(cells, invalid=invalid)
    words = np.empty(len(uniques) + 1, dtype=object)
    words[:-1] = [_word(value) for value in uniques]
    return words[codes]


def _unique(cells: "pd.Series", *, invalid: Sequence[str]) -> tuple[np.ndarray, list[Any]]:
    """Code of each cell and the values behind the codes, texts stripped; −1 is missing."""
    pandas = package("pandas")
    types = pandas.api.types
    if types.is_datetime64_any_dtype(cells.dtype) or types.is_timedelta64_dtype(cells.dtype):
        raise InputError(f"the column {str(cells.name)!r} holds dates or times; leave it out")
    try:
        codes, uniques = pandas.factorize(cells)
    except TypeError:
        raise InputError(
            f"the column {str(cells.name)!r} holds something that is neither number nor word"
        ) from None
    nothing = {word.strip().casefold() for word in invalid}
    values = [value.strip() if isinstance(value, str) else value for value in uniques]
    gone = [isinstance(v, str) and v.casefold() in nothing for v in values]
    place = np.where(gone, -1, np.cumsum(np.logical_not(gone)) - 1)
    kept = [value for value, out in zip(values, gone, strict=True) if not out]
    return np.append(place, -1)[codes].astype(np.int64), kept


def _number(value: Any) -> float | None:
    """A cell as a number, None where it is none; `007` is a name."""
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) and value[-1:].isdigit() else None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _word(value: Any) -> str:
    """A cell as a word; 2.0 is the word 2, for a column of whole numbers may have had a gap."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _none(word: Any) -> str | None:
    return word if isinstance(word, str) else None


def _shown(words: Sequence[str]) -> str:
    return listed(map(repr, words), most=SHOWN)


def check_finite(numbers: Float[np.ndarray, "n a"], names: Sequence[str]) -> None:
    """Raise `InputError` naming all columns with infinite or unusably large numbers."""
    beyond = np.abs(numbers) > LARGEST  # NaN compares false
    if not beyond.any():
        return
    counts = zip(names, beyond.sum(axis=0).tolist(), strict=True)
    bad = [f"{name} ({count:,})" for name, count in counts if count]
    raise InputError(
        f"infinite values, or numbers beyond {LARGEST:g}, in the columns {listed(bad)}; "
        "correct them or leave the columns out"
    )
