"""Text columns: texts as a column of numbers, booleans or text, and warnings of doubtful cells.

`parse_column` decides the type of a column; here its values become a column of pandas, and doubtful
cells become warnings: sentences with the cells and their rows.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Int

from kontur.errors import InputError
from kontur.measure.extra import package
from kontur.measure.tables.cells import Kind, Mark, ParsedColumn, boolean_of, parse_column
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

Type = Literal["number", "integer", "boolean", "text", "category", "date"]
KINDS: dict[Type, Kind] = {
    **{"number": "number", "integer": "number", "boolean": "boolean"},
    **{"text": "text", "category": "text", "date": "text"},
}
DATES = "datetime64[us]"
LIKE_MISSING = ("na", "n/a", "nan", "none", "null", "<na>")  # words that may mean a missing value
CELLS, COLUMNS = 3, 6  # at most in a sentence: cells of a column, columns


class TextColumn(NamedTuple):
    """A column of a table that was text.

    Attributes:
        name: of the column.
        cells: its values, in the type that they have.
        parsed: its different texts, parsed.
        cells_of: for each different text the number of cells that hold it, and the first row.
        row_name: the name of a row in a sentence, by its index from 0.
    """

    name: str
    cells: "pd.Series"
    parsed: ParsedColumn
    cells_of: dict[str, tuple[int, int]]
    row_name: Callable[[int], str]


def typed_column(
    texts: "pd.Series",
    *,
    known: Type | None = None,
    decimal: Mark | None = None,
    row_name: Callable[[int], str] = lambda row: f"row {row + 1}",
) -> TextColumn:
    """A column of texts in the type that its cells, or `known`, give it.

    Args:
        texts: the cells; space around them does not count, and an empty one is missing.
        known: the type of the column, if known; it stays text if a cell does not have that type.
        decimal: the mark of decimals elsewhere in the file.
        row_name: the name of a row in a sentence, by its index from 0.
    """
    codes, values = unique_values(texts)
    counts = np.bincount(codes + 1, minlength=len(values) + 1)[1:].tolist()
    parsed = parse_column(values, counts, kind=KINDS[known] if known else None, decimal=decimal)
    if known == "boolean" and parsed.kind != "boolean":
        booleans = [boolean_of(text) for text in values]
        if None not in booleans:
            parsed = ParsedColumn("boolean", [*booleans])
    firsts = np.full(len(values) + 1, -1)
    firsts[codes[::-1]] = np.arange(len(codes))[::-1]  # of rows with the same code the first stays
    cells_of = dict(zip(values, zip(counts, firsts.tolist(), strict=False), strict=True))
    cells = _cells(parsed, codes, known).set_axis(texts.index)
    return TextColumn(str(texts.name), cells, parsed, cells_of, row_name)


def type_name(cells: "pd.Series") -> Type:
    """The type of a column of pandas."""
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
            f"the column {str(cells.name)!r} holds values that are neither numbers nor text"
        ) from None
    places: dict[Any, int] = {"": -1}  # texts that differ by space only are one
    of = [places.setdefault(_stripped(value), len(places) - 1) for value in uniques]
    return np.append(np.array(of, dtype=np.int64), -1)[codes], [*places][1:]


def warnings_of(columns: Sequence[TextColumn], decimal: Mark | None = None) -> list[str]:
    """Sentences on doubtful cells of columns that were text; none where nothing is in doubt.

    `decimal` is the mark of decimals elsewhere in the file, which settles ambiguous columns.
    """
    warnings = [*non_numeric(columns).values()]
    for column in columns:
        if column.parsed.ambiguous and column.parsed.kind == "number" and not decimal:
            text = next(text for text in column.cells_of if "." in text or "," in text)
            warnings.append(
                f"the column {column.name!r} leaves open whether {text} is more or less than a "
                f"thousand; it is read as {_value(column, text):g}: if that is wrong, save the "
                "table without marks between thousands"
            )
        if column.parsed.unit:
            warnings.append(
                f"the numbers of the column {column.name!r} are read without the "
                f"{column.parsed.unit!r} beside them, which is taken as their unit"
            )
    words = [(column, [*column.parsed.missing]) for column in columns if column.parsed.missing]
    if words:
        warnings.append(
            f"words between numbers, read as missing values: {_examples_by_column(words)}"
        )
    words = [(column, _like_missing(column)) for column in columns if _like_missing(column)]
    if words:
        warnings.append(
            "words that are names here, for among words only an empty cell is missing: "
            f"{_examples_by_column(words)}"
        )
    return warnings


def non_numeric(columns: Sequence[TextColumn]) -> dict[str, str]:
    """By name of a column of numbers with other cells, a sentence with those cells."""
    sentences = {}
    for column in columns:
        if texts := column.parsed.non_numeric:
            count = sum(column.cells_of[text][0] for text in texts)
            sentences[column.name] = (
                f"the column {column.name!r} is numbers but for {plural(count, 'cell')}: "
                f"{_examples(column, texts)}; it is read as words: correct those cells, or empty "
                "them"
            )
    return sentences


def _cells(parsed: ParsedColumn, codes: Int[np.ndarray, " n"], known: Type | None) -> Any:
    """The parsed values in their rows, as a column of the type that they have."""
    pandas = package("pandas")
    values = np.empty(len(parsed.values) + 1, dtype=object)
    values[:-1] = parsed.values
    cells = values[codes]  # -1, missing, is the last: None
    gaps = any(value is None for value in cells)
    if parsed.kind == "boolean":
        return pandas.Series(cells, dtype="boolean" if gaps else "bool")
    if parsed.kind == "text":
        texts = pandas.Series(cells, dtype="str")
        if known == "date":
            dates = pandas.to_datetime(texts, errors="coerce", format="ISO8601")
            return texts if (dates.isna() & texts.notna()).any() else dates.astype(DATES)
        return texts.astype("category") if known == "category" else texts
    whole = known != "number" and all(isinstance(value, int | None) for value in parsed.values)
    if whole and not gaps:
        return pandas.Series(cells, dtype="int64")
    if whole and known == "integer":
        return pandas.Series(cells, dtype="Int64")
    return pandas.Series(cells, dtype="float64")


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _like_missing(column: TextColumn) -> list[str]:
    """The words of a column of text that may stand for missing values."""
    if column.parsed.kind != "text" or column.parsed.non_numeric:
        return []
    like_missing = [text for text in column.cells_of if text.casefold() in LIKE_MISSING]
    numbers = (
        like_missing and parse_column([*column.cells_of]).kind == "number"
    )  # text that is read as such
    return [] if numbers else like_missing


def _examples(column: TextColumn, texts: Sequence[str]) -> str:
    """A few cells with their rows: 'oops' (row 3), 'NA' (4 cells, the first in row 7)."""
    cells = []
    for text in texts:
        count, row = column.cells_of[text]
        name = column.row_name(row)
        where = name if count == 1 else f"{plural(count, 'cell')}, the first in {name}"
        cells.append(f"{text!r} ({where})")
    return _joined(cells, CELLS, ", ")


def _examples_by_column(columns: Sequence[tuple[TextColumn, Sequence[str]]]) -> str:
    """Cells of several columns, each with the name of its column."""
    cells = [f"{column.name} {_examples(column, texts)}" for column, texts in columns]
    return _joined(cells, COLUMNS, "; ")


def _joined(texts: Sequence[str], most: int, mark: str) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return mark.join(texts[:most]) + more


def _value(column: TextColumn, text: str) -> float:
    return float(column.parsed.values[[*column.cells_of].index(text)])  # type: ignore[arg-type]
