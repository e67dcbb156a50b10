"""CSV as a table: the cells of a file as columns of numbers, truth values and words.

A column whose cells are all plain numbers is read as such in blocks; the others go through `typed`,
which looks at every different text. Both give the same. What is not as in a plain CSV is said: in
`how` for the file, in `doubts` by column.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kontur.errors import InputError
from kontur.formats import csv_dialect
from kontur.measure.cells import Mark, unit_in
from kontur.measure.csv_rows import (
    PlainColumn,
    plain_columns,
    rows_below,
    rows_of_one_length,
)
from kontur.measure.extra import package
from kontur.measure.text_columns import TextColumn, Type, doubts, odd_cells, typed
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = {";": "semicolons between cells", "\t": "tabs between cells", "|": "| between cells"}
ENCODINGS = {"utf-16": "letters in UTF-16", "cp1252": "letters of Windows-1252"}
THOUSANDS = {".": "points", ",": "commas", "'": "apostrophes", "’": "apostrophes"}
NUMBERS = (None, "number", "whole number")  # types of columns that may be plain


class CsvTable(NamedTuple):
    """A table, how its file was read, and what to look at in it.

    Attributes:
        table: its columns.
        units: of the columns whose heading or cells have one.
        how: what is not as in a plain CSV, in a few words, "" for nothing.
        doubts: sentences on single columns.
        odd_cells: those among them, by column, on numbers with other cells.
    """

    table: "pd.DataFrame"
    units: dict[str, str]
    how: str
    doubts: list[str]
    odd_cells: dict[str, str]


def read_csv(path: Path, known: Callable[[str], Type | None]) -> CsvTable:
    """The table in a CSV file; `known` gives the type of a column that is known by its name.

    Raises `InputError` for a file that is no text, has no heading, or a row longer than it.
    """
    dialect = csv_dialect.detect(path)
    _, heading = next(csv_dialect.rows(path, dialect), (0, []))
    if not heading:
        raise InputError(f"{path} is empty; wanted a table with a heading")
    names, about = _names(heading)
    types = [known(name) for name in names]
    marks: list[Mark] = ["."] if dialect.delimiter == "," else [".", ","]
    candidates = [kind in NUMBERS for kind in types]
    rows = rows_below(path, dialect, len(names))
    try:
        plain, full = plain_columns(rows, candidates, marks)
    except package("pyarrow").ArrowInvalid:
        rows = rows_of_one_length(path, dialect, len(names))
        plain, full = plain_columns(rows, candidates, marks)
    numbers = np.flatnonzero(full) + 2 if rows.numbers is None else rows.numbers
    cells = {place: column.cells() for place, column in enumerate(plain)}
    left = [place for place, column in cells.items() if column is None]
    plain = [column for place, column in enumerate(plain) if cells[place] is not None]

    def as_typed(texts: "pd.Series", place: int, decimal: Mark | None) -> TextColumn:
        texts = texts.rename(names[place])
        where = lambda row: f"row {numbers[row]}"  # noqa: E731
        return typed(texts, known=types[place], decimal=decimal, place=where)

    texts = dict(zip(left, rows.texts(left, full), strict=True))
    found = {place: as_typed(column, place, None) for place, column in texts.items()}
    decimal = _decimal(plain, list(found.values()), dialect.delimiter)
    if decimal:
        found |= {
            place: as_typed(texts[place], place, decimal)
            for place, column in found.items()
            if column.read.open
        }
    made = {
        names[place]: found[place].cells if place in found else _numbers(column, types[place])
        for place, column in cells.items()
    }
    table = package("pandas").DataFrame(made)
    units = {name: unit for name in names if (unit := unit_in(name))}
    units |= {column.name: column.read.unit for column in found.values() if column.read.unit}
    how = [*_how(dialect, plain, list(found.values()))]
    if empty := int((~full).sum()):
        how.append(f"{plural(empty, 'empty row')} left out")
    out = [name for name in names if name in about and _says_nothing(table[name], name == names[0])]
    if out:
        table = table.drop(columns=out)
        how.append(f"{plural(len(out), 'column')} without a name left out, which says nothing")
    notes = [about[name] for name in names if name in about and name not in out]
    texts_ = list(found.values())
    notes += doubts(texts_, decimal)
    return CsvTable(table, units, ", ".join(how), notes, odd_cells(texts_))


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


def _numbers(column: Any, known: Type | None) -> "pd.Series":
    """A plain column as pandas has it: whole numbers with gaps are floats unless known."""
    if known == "whole number" and column.null_count and str(column.type) == "int64":
        return package("pandas").Series(column.to_pandas(integer_object_nulls=True), dtype="Int64")
    made = column.to_pandas()
    return made.astype("float64") if known == "number" else made


def _decimal(
    plain: Sequence[PlainColumn], texts: Sequence[TextColumn], delimiter: str
) -> Mark | None:
    """The mark of decimals in the file, by the columns that leave no doubt; None if they differ."""
    marks = {column.mark for column in plain if column.mark}
    for column in texts:
        if column.read.kind == "number" and column.read.decimal and not column.read.open:
            marks.add(column.read.decimal)
    if delimiter == "," and not marks:
        return "."
    return marks.pop() if len(marks) == 1 else None


def _how(
    dialect: csv_dialect.Dialect, plain: Sequence[PlainColumn], texts: Sequence[TextColumn]
) -> list[str]:
    """How the file is written, where that is not as in a plain CSV."""
    numbers = [column.read for column in texts if column.read.kind == "number"]
    how = [DELIMITERS.get(dialect.delimiter, ""), ENCODINGS.get(dialect.encoding, "")]
    if any(column.mark == "," for column in plain) or any(
        read.decimal == "," and not (read.thousands and read.open) for read in numbers
    ):
        how.append("decimal commas")
    between = dict.fromkeys(THOUSANDS.get(r.thousands, "spaces") for r in numbers if r.thousands)
    if between:
        how.append(f"{' and '.join(between)} between thousands")
    return [words for words in how if words]


def _says_nothing(cells: "pd.Series", first: bool) -> bool:
    """Whether a column is empty, or is the first and counts the rows, from 0 or 1."""
    if cells.isna().all():
        return True
    whole = first and cells.dtype.kind == "i"
    return whole and cells.iloc[0] in (0, 1) and bool((np.diff(cells.to_numpy()) == 1).all())
