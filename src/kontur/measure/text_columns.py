"""Text columns: texts as a column of numbers, booleans or text, and warnings of doubtful cells.

`parse_column` decides what a column is; here its values become a column of pandas, and what a
reader of the table should look at becomes sentences, with the cells and their places.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Int

from kontur.errors import InputError
from kontur.measure.cells import Kind, Mark, ParsedColumn, boolean_of, parse_column
from kontur.measure.extra import package
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

Type = Literal["number", "integer", "boolean", "text", "category", "date"]
KINDS: dict[Type, Kind] = {
    **{"number": "number", "integer": "number", "boolean": "boolean"},
    **{"text": "text", "category": "text", "date": "text"},
}
DATES = "datetime64[us]"
NAMES = ("na", "n/a", "nan", "none", "null", "<na>")  # words that a reader may mean as missing
SHOWN = 3  # cells of a column that a sentence shows
COLUMNS = 6  # columns that a sentence names


class TextColumn(NamedTuple):
    """A column of a table that was text.

    Attributes:
        name: of the column.
        cells: what it holds, as pandas has it.
        read: what its texts are.
        cells_of: of each different text how many cells hold it, and the row of the first.
        place: what the place of a row is called, from 0.
    """

    name: str
    cells: "pd.Series"
    read: ParsedColumn
    cells_of: dict[str, tuple[int, int]]
    place: Callable[[int], str]


def typed_column(
    texts: "pd.Series",
    *,
    known: Type | None = None,
    decimal: Mark | None = None,
    place: Callable[[int], str] = lambda row: f"row {row + 1}",
) -> TextColumn:
    """A column of texts as what it is, or as what it is known to be.

    Args:
        texts: the cells; space around them does not count, and an empty one is missing.
        known: what the column is, where that is known; it stays text if a cell cannot be that.
        decimal: the mark of decimals elsewhere in the file.
        place: what the place of a row is called, from 0.
    """
    codes, values = unique_values(texts)
    counts = np.bincount(codes + 1, minlength=len(values) + 1)[1:].tolist()
    read = parse_column(values, counts, kind=KINDS[known] if known else None, decimal=decimal)
    if known == "boolean" and read.kind != "boolean":
        booleans = [boolean_of(text) for text in values]
        if None not in booleans:
            read = ParsedColumn("boolean", [*booleans])
    firsts = np.full(len(values) + 1, -1)
    firsts[codes[::-1]] = np.arange(len(codes))[::-1]  # of rows with the same code the first stays
    cells_of = dict(zip(values, zip(counts, firsts.tolist(), strict=False), strict=True))
    cells = _cells(read, codes, known).set_axis(texts.index)
    return TextColumn(str(texts.name), cells, read, cells_of, place)


def type_name(cells: "pd.Series") -> Type:
    """The type of a column as pandas has it."""
    pandas = package("pandas")
    types = pandas.api.types
    if isinstance(cells.dtype, pandas.CategoricalDtype):
        return "category"
    if types.is_bool_dtype(cells.dtype):
        return "boolean"
    if types.is_integer_dtype(cells.dtype):
        return "integer"
    if types.is_numeric_dtype(cells.dtype):
        return "number"
    return "date" if types.is_datetime64_any_dtype(cells.dtype) else "text"


def unique_values(cells: "pd.Series") -> tuple[Int[np.ndarray, " n"], list[Any]]:
    """Code of each cell and the values behind the codes, texts stripped; −1 is missing or empty.

    Raises `InputError` for values that cannot be compared, and for dates and times.
    """
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
    places: dict[Any, int] = {"": -1}  # texts that differ by space only are one
    of = [places.setdefault(_stripped(value), len(places) - 1) for value in uniques]
    return np.append(np.array(of, dtype=np.int64), -1)[codes], [*places][1:]


def warnings_of(columns: Sequence[TextColumn], decimal: Mark | None = None) -> list[str]:
    """Sentences on what should be looked at in columns that were text, with the cells.

    `decimal` is the mark of decimals elsewhere in the file, which leaves less open.
    """
    found = [*non_numeric(columns).values()]
    for column in columns:
        if column.read.ambiguous and column.read.kind == "number" and not decimal:
            text = next(text for text in column.cells_of if "." in text or "," in text)
            found.append(
                f"the column {column.name!r} leaves open whether {text} is more or less than a "
                f"thousand; it is read as {_value(column, text):g}: if that is wrong, save the "
                "table without marks between thousands"
            )
        if column.read.unit:
            found.append(
                f"the numbers of the column {column.name!r} are read without the "
                f"{column.read.unit!r} beside them, which is taken as their unit"
            )
    words = [(column, [*column.read.missing]) for column in columns if column.read.missing]
    if words:
        found.append(f"words between numbers, read as missing values: {_of_columns(words)}")
    words = [(column, _like_missing(column)) for column in columns if _like_missing(column)]
    if words:
        found.append(
            "words that are names here, for among words only an empty cell is missing: "
            f"{_of_columns(words)}"
        )
    return found


def non_numeric(columns: Sequence[TextColumn]) -> dict[str, str]:
    """By name of a column of numbers with other cells, a sentence with those cells."""
    found = {}
    for column in columns:
        if odd := column.read.non_numeric:
            count = sum(column.cells_of[text][0] for text in odd)
            found[column.name] = (
                f"the column {column.name!r} is numbers but for {plural(count, 'cell')}: "
                f"{_shown(column, odd)}; it is read as words: correct those cells, or empty them"
            )
    return found


def _cells(read: ParsedColumn, codes: Int[np.ndarray, " n"], known: Type | None) -> Any:
    """The values at their places, in the type of their kind."""
    pandas = package("pandas")
    values = np.empty(len(read.values) + 1, dtype=object)
    values[:-1] = read.values
    cells = values[codes]  # -1, missing, is the last: None
    gaps = any(value is None for value in cells)
    if read.kind == "boolean":
        return pandas.Series(cells, dtype="boolean" if gaps else "bool")
    if read.kind == "text":
        made = pandas.Series(cells, dtype="str")
        if known == "date":
            dates = pandas.to_datetime(made, errors="coerce", format="ISO8601")
            return made if (dates.isna() & made.notna()).any() else dates.astype(DATES)
        return made.astype("category") if known == "category" else made
    whole = known != "number" and all(isinstance(value, int | None) for value in read.values)
    if whole and not gaps:
        return pandas.Series(cells, dtype="int64")
    if whole and known == "integer":
        return pandas.Series(cells, dtype="Int64")
    return pandas.Series(cells, dtype="float64")


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _like_missing(column: TextColumn) -> list[str]:
    """The words of a column that its writer may have meant as missing."""
    if column.read.kind != "text" or column.read.non_numeric:
        return []
    found = [text for text in column.cells_of if text.casefold() in NAMES]
    numbers = (
        found and parse_column([*column.cells_of]).kind == "number"
    )  # text that is read as such
    return [] if numbers else found


def _shown(column: TextColumn, texts: Sequence[str]) -> str:
    """A few cells with their places: 'oops' (row 3), 'NA' (4 cells, the first in row 7)."""
    shown = []
    for text in texts:
        count, row = column.cells_of[text]
        place = column.place(row)
        where = place if count == 1 else f"{plural(count, 'cell')}, the first in {place}"
        shown.append(f"{text!r} ({where})")
    return _first(shown, SHOWN, ", ")


def _of_columns(columns: Sequence[tuple[TextColumn, Sequence[str]]]) -> str:
    """Cells of several columns."""
    cells = [f"{column.name} {_shown(column, texts)}" for column, texts in columns]
    return _first(cells, COLUMNS, "; ")


def _first(texts: Sequence[str], most: int, mark: str) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return mark.join(texts[:most]) + more


def _value(column: TextColumn, text: str) -> float:
    return float(column.read.values[[*column.cells_of].index(text)])  # type: ignore[arg-type]
