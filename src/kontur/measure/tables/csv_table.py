"""CSV as a table: the cells of a file as columns of numbers, booleans and text.

A column whose cells are all plain numbers is read in blocks; the others go through `typed_column`,
which parses every different text once. Both give the same. Where a file differs from a plain CSV
(commas, decimal points, UTF-8), `format_note` describes it, and `warnings` its doubtful columns.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Int

from kontur.errors import InputError
from kontur.files import csv_dialect
from kontur.measure.extra import package
from kontur.measure.tables.cells import Mark, unit_in
from kontur.measure.tables.csv_rows import plain_columns, rows_below, rows_of_one_length
from kontur.measure.tables.text_columns import (
    TextColumn,
    Type,
    non_numeric,
    typed_column,
    warnings_of,
)
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = {";": "semicolons between cells", "\t": "tabs between cells", "|": "| between cells"}
ENCODINGS = {"utf-16": "letters in UTF-16", "cp1252": "letters of Windows-1252"}
THOUSANDS = {".": "points", ",": "commas", "'": "apostrophes", "’": "apostrophes"}
NUMBERS = (None, "number", "integer")  # types of columns that may be plain


class CsvTable(NamedTuple):
    """A table, the format of its file, and warnings on its columns.

    Attributes:
        table: its columns.
        units: of the columns whose heading or cells have one.
        format_note: how the file differs from a plain CSV, in a few words; "" if it does not.
        warnings: sentences on single columns.
        non_numeric: those among them, by column, on numbers with other cells.
    """

    table: "pd.DataFrame"
    units: dict[str, str]
    format_note: str
    warnings: list[str]
    non_numeric: dict[str, str]


def read_csv(path: Path, known: Callable[[str], Type | None]) -> CsvTable:
    """The table in a CSV file; `known(name)` is the type of a column, None where cells decide it.

    Raises `InputError` for a file that is not text, has no heading, or has a row longer than it.
    """
    dialect = csv_dialect.detect(path)
    _, heading = next(csv_dialect.rows(path, dialect), (0, []))
    if not heading:
        raise InputError(f"{path} is empty; wanted a table with a heading")
    names, notes = _names(heading)
    types = [known(name) for name in names]
    candidates = [kind in NUMBERS for kind in types]
    marks: list[Mark] = ["."] if dialect.delimiter == "," else [".", ","]
    rows = rows_below(path, dialect, len(names))
    try:
        plain, full = plain_columns(rows, candidates, marks)
    except package("pyarrow").ArrowInvalid:
        rows = rows_of_one_length(path, dialect, len(names))
        plain, full = plain_columns(rows, candidates, marks)
    columns: dict[str, pd.Series | None] = {}
    for name, column, kind in zip(names, plain, types, strict=True):
        columns[name] = _numbers(column.take(), kind)
    plain_marks = {
        c.mark for c, name in zip(plain, names, strict=True) if columns[name] is not None
    }
    remaining = [place for place, name in enumerate(names) if columns[name] is None]
    texts = [
        cells.rename(names[place])
        for place, cells in zip(remaining, rows.texts(remaining, full), strict=True)
    ]
    numbers = np.flatnonzero(full) + 2 if rows.numbers is None else rows.numbers
    text_columns, decimal = _typed(
        texts, [types[place] for place in remaining], plain_marks, dialect, numbers
    )
    columns |= {column.name: column.cells for column in text_columns}
    empty = [name for name in notes if _is_redundant(columns[name], first=name == names[0])]
    notable = _differences(
        dialect, text_columns, comma="," in plain_marks, empty_rows=int((~full).sum())
    )
    if empty:
        notable.append(f"{plural(len(empty), 'column')} without a name left out")
    units = {name: unit for name in names if (unit := unit_in(name))}
    return CsvTable(
        package("pandas").DataFrame({n: c for n, c in columns.items() if n not in empty}),
        units | {column.name: column.parsed.unit for column in text_columns if column.parsed.unit},
        ", ".join(notable),
        [
            *(note for name, note in notes.items() if name not in empty),
            *warnings_of(text_columns, decimal),
        ],
        non_numeric(text_columns),
    )


def _names(heading: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The names of the columns, each once, and by name a sentence where the heading lacks one."""
    names: list[str] = []
    about: dict[str, str] = {}
    for place, cell in enumerate(heading, 1):
        name = " ".join(cell.split())
        if not name:
            name = f"column {place}"
            about[name] = f"the heading of {name} is empty; it is called {name!r}"
        elif name in names:
            first = names.index(name) + 1
            name = f"{name} (column {place})"
            about[name] = (
                f"columns {first} and {place} have the same name; the second is called {name!r}"
            )
        names.append(name)
    return names, about


def _numbers(column: Any, known: Type | None) -> "pd.Series | None":
    """A plain column of Arrow as one of pandas; integers with gaps are floats unless `known`."""
    if column is None:
        return None
    if known == "integer" and column.null_count and str(column.type) == "int64":
        return package("pandas").Series(column.to_pandas(integer_object_nulls=True), dtype="Int64")
    numbers = column.to_pandas()
    return numbers.astype("float64") if known == "number" else numbers


def _typed(
    texts: Sequence["pd.Series"],
    types: Sequence[Type | None],
    plain_marks: Collection[Mark | None],
    dialect: csv_dialect.Dialect,
    numbers: Int[np.ndarray, " n"],
) -> tuple[list[TextColumn], Mark | None]:
    """The columns of texts, and the mark of decimals in the file, None if columns differ in it.

    Columns that leave no doubt decide for those that do.
    """

    def column(cells: "pd.Series", known: Type | None, decimal: Mark | None) -> TextColumn:
        return typed_column(
            cells, known=known, decimal=decimal, row_name=lambda row: f"row {numbers[row]}"
        )

    text_columns = [column(cells, known, None) for cells, known in zip(texts, types, strict=True)]
    certain = [
        text_column.parsed.decimal
        for text_column in text_columns
        if text_column.parsed.kind == "number" and not text_column.parsed.ambiguous
    ]
    marks = [mark for mark in {*plain_marks, *certain} if mark]
    if not marks and dialect.delimiter == ",":
        marks = ["."]
    if len(marks) != 1:
        return text_columns, None
    (decimal,) = marks
    for place, text_column in enumerate(text_columns):
        if text_column.parsed.ambiguous:
            text_columns[place] = column(texts[place], types[place], decimal)
    return text_columns, decimal


def _differences(
    dialect: csv_dialect.Dialect, texts: Sequence[TextColumn], *, comma: bool, empty_rows: int
) -> list[str]:
    """How the format of the file differs from a plain CSV, each difference in a few words."""
    numbers = [column.parsed for column in texts if column.parsed.kind == "number"]
    notable = [DELIMITERS.get(dialect.delimiter, ""), ENCODINGS.get(dialect.encoding, "")]
    if comma or any(
        parsed.decimal == "," and not (parsed.thousands and parsed.ambiguous) for parsed in numbers
    ):
        notable.append("decimal commas")
    between = dict.fromkeys(THOUSANDS.get(r.thousands, "spaces") for r in numbers if r.thousands)
    if between:
        notable.append(f"{' and '.join(between)} between thousands")
    if empty_rows:
        notable.append(f"{plural(empty_rows, 'empty row')} left out")
    return [words for words in notable if words]


def _is_redundant(cells: Any, *, first: bool) -> bool:
    """Whether a column is empty, or is the first and counts the rows, from 0 or 1."""
    if cells.isna().all():
        return True
    whole = first and cells.dtype.kind == "i"
    return whole and cells.iloc[0] in (0, 1) and bool((np.diff(cells.to_numpy()) == 1).all())
