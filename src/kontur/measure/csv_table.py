"""CSV as a table: the cells of a file as columns of numbers, booleans and text.

A column whose cells are all plain numbers is read as such in blocks; the others go through
`typed_column`, which parses every different text once. Both give the same. What is not as in a
plain CSV is reported: in `how` for the file, in `warnings` by column.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Int

from kontur.errors import InputError
from kontur.formats import csv_dialect
from kontur.measure.cells import Mark, unit_in
from kontur.measure.csv_rows import plain_columns, rows_below, rows_of_one_length
from kontur.measure.extra import package
from kontur.measure.text_columns import TextColumn, Type, non_numeric, typed_column, warnings_of
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = {";": "semicolons between cells", "\t": "tabs between cells", "|": "| between cells"}
ENCODINGS = {"utf-16": "letters in UTF-16", "cp1252": "letters of Windows-1252"}
THOUSANDS = {".": "points", ",": "commas", "'": "apostrophes", "’": "apostrophes"}
NUMBERS = (None, "number", "integer")  # types of columns that may be plain


class CsvTable(NamedTuple):
    """A table, how its file was read, and what to look at in it.

    Attributes:
        table: its columns.
        units: of the columns whose heading or cells have one.
        how: what is not as in a plain CSV, in a few words, "" for nothing.
        warnings: sentences on single columns.
        non_numeric: those among them, by column, on numbers with other cells.
    """

    table: "pd.DataFrame"
    units: dict[str, str]
    how: str
    warnings: list[str]
    non_numeric: dict[str, str]


def read_csv(path: Path, known: Callable[[str], Type | None]) -> CsvTable:
    """The table in a CSV file; `known` gives the type of a column that is known by its name.

    Raises `InputError` for a file that is no text, has no heading, or a row longer than it.
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
    found_marks = {
        c.mark for c, name in zip(plain, names, strict=True) if columns[name] is not None
    }
    left = [place for place, name in enumerate(names) if columns[name] is None]
    texts = [
        cells.rename(names[place])
        for place, cells in zip(left, rows.texts(left, full), strict=True)
    ]
    numbers = np.flatnonzero(full) + 2 if rows.numbers is None else rows.numbers
    read, decimal = _typed(texts, [types[place] for place in left], found_marks, dialect, numbers)
    columns |= {column.name: column.cells for column in read}
    empty = [name for name in notes if _says_nothing(columns[name], name == names[0])]
    how = _how(dialect, read, comma="," in found_marks, empty_rows=int((~full).sum()))
    if empty:
        how.append(f"{plural(len(empty), 'column')} without a name left out")
    units = {name: unit for name in names if (unit := unit_in(name))}
    return CsvTable(
        package("pandas").DataFrame({n: c for n, c in columns.items() if n not in empty}),
        units | {column.name: column.read.unit for column in read if column.read.unit},
        ", ".join(how),
        [*(note for name, note in notes.items() if name not in empty), *warnings_of(read, decimal)],
        non_numeric(read),
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
    """A plain column as pandas has it: whole numbers with gaps are floats unless known."""
    if column is None:
        return None
    if known == "integer" and column.null_count and str(column.type) == "int64":
        return package("pandas").Series(column.to_pandas(integer_object_nulls=True), dtype="Int64")
    made = column.to_pandas()
    return made.astype("float64") if known == "number" else made


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
            cells, known=known, decimal=decimal, place=lambda row: f"row {numbers[row]}"
        )

    read = [column(cells, known, None) for cells, known in zip(texts, types, strict=True)]
    certain = [
        each.read.decimal for each in read if each.read.kind == "number" and not each.read.ambiguous
    ]
    marks = [mark for mark in {*plain_marks, *certain} if mark]
    if not marks and dialect.delimiter == ",":
        marks = ["."]
    if len(marks) != 1:
        return read, None
    (decimal,) = marks
    for place, each in enumerate(read):
        if each.read.ambiguous:
            read[place] = column(texts[place], types[place], decimal)
    return read, decimal


def _how(
    dialect: csv_dialect.Dialect, texts: Sequence[TextColumn], *, comma: bool, empty_rows: int
) -> list[str]:
    """How the file is written, where that is not as in a plain CSV."""
    numbers = [column.read for column in texts if column.read.kind == "number"]
    how = [DELIMITERS.get(dialect.delimiter, ""), ENCODINGS.get(dialect.encoding, "")]
    if comma or any(
        read.decimal == "," and not (read.thousands and read.ambiguous) for read in numbers
    ):
        how.append("decimal commas")
    between = dict.fromkeys(THOUSANDS.get(r.thousands, "spaces") for r in numbers if r.thousands)
    if between:
        how.append(f"{' and '.join(between)} between thousands")
    if empty_rows:
        how.append(f"{plural(empty_rows, 'empty row')} left out")
    return [words for words in how if words]


def _says_nothing(cells: Any, first: bool) -> bool:
    """Whether a column is empty, or is the first and counts the rows, from 0 or 1."""
    if cells.isna().all():
        return True
    whole = first and cells.dtype.kind == "i"
    return whole and cells.iloc[0] in (0, 1) and bool((np.diff(cells.to_numpy()) == 1).all())
