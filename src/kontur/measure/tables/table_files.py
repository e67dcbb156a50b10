"""Tables as files: Parquet and CSV, read and written, with the unit and type of every column.

A Parquet column carries its `unit` and `meaning` in the schema, and the table's `attrs` come back
in pandas. A CSV has no place for them: they are in `NAME.units.csv` beside it, with the type, so
that both files of a table are read alike. The columns of a CSV alone are typed by their cells.
"""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kontur.errors import InputError
from kontur.files import atomic, csv_dialect
from kontur.formats.csv.units_file import HEADING, units_file
from kontur.measure.extra import package
from kontur.measure.outlines.shape import INTEGERS
from kontur.measure.table import column_of
from kontur.measure.tables import csv_table
from kontur.measure.tables.cells import LARGEST, text_of
from kontur.measure.tables.column_selection import column_names, is_measurement
from kontur.measure.tables.text_columns import (
    DATES,
    KINDS,
    TextColumn,
    Type,
    type_name,
    typed_column,
    warnings_of,
)

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".parquet", ".csv")  # of tables that are written
CSV_ENDINGS = (".csv", ".tsv", ".txt")  # of tables that spreadsheets write as text
READ_ENDINGS = (".parquet", *CSV_ENDINGS)
SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
FOREIGN = "of metadata.csv"  # the meaning of a column that is not measured
TEXTS = ("image", "class", "outline")  # text even where all cells look like numbers
BOOLEANS = ("ignore", "on_border")
WHOLE_NUMBERS = (*INTEGERS, "touching_count", "track", "z", "t")
PARSING_ATTRS = ("format_note", "warnings", "non_numeric")  # about the file, not about the table
MARK = "\ufeff"  # without it spreadsheets misread letters beyond ASCII


def read_table(path: str | Path) -> "pd.DataFrame":
    """A table from its file, with `attrs["units"]` and `attrs["pixel_size"]` as `measure` has them.

    Tables of other programs and of spreadsheets are read as well; the type of a column follows
    from all of its cells. Of a CSV with another format than commas and decimal points,
    `attrs["format_note"]` describes it in a few words; `attrs["warnings"]` has sentences on
    doubtful cells, `attrs["non_numeric"]` those, by column, on numbers with a few other cells.
    Names of images and classes stay text, even where they look like numbers (`007`). Raises
    `InputError` where there is no such file or it is not a table.
    """
    place = Path(path)
    ending = place.suffix.lower()
    if ending in SPREADSHEETS:
        raise InputError(
            f"{place} is a spreadsheet; save its sheet as CSV (UTF-8) and give that file"
        )
    if ending not in READ_ENDINGS:
        raise InputError(f"wanted a table, TABLE.parquet or TABLE.csv, got {place}")
    if not place.is_file():
        raise InputError(f"there is no table {place}")
    try:
        return _read_parquet(place) if ending == ".parquet" else _read_csv(place)
    except (ValueError, OSError) as error:  # what pandas and Arrow raise for what they cannot read
        raise InputError(f"{place} is no table that can be read: {_first_line(error)}") from None


def _read_csv(path: Path) -> "pd.DataFrame":
    described = _read_units_file(path)

    def known(name: str) -> Type | None:
        kind = described.get(name, {}).get("type")
        return kind if kind in KINDS and name not in TEXTS else _type_by_name(name)

    parsed = csv_table.read_csv(path, known)
    table = parsed.table
    units = {name: described[name]["unit"] for name in table if name in described}
    units = {name: units.get(name, parsed.units.get(name, "")) for name in table}
    about = {name: getattr(parsed, name) for name in PARSING_ATTRS}
    table.attrs = {"pixel_size": None, "units": units} | {k: v for k, v in about.items() if v}
    return table


def _type_by_name(name: str) -> Type | None:
    """The type of a column that `measure` makes, None for others."""
    if name in TEXTS:
        return "text"
    if name in BOOLEANS:
        return "boolean"
    if name in WHOLE_NUMBERS:
        return "integer"
    return "number" if is_measurement(name) else None


def _read_parquet(path: Path) -> "pd.DataFrame":
    arrow, types = package("pyarrow.parquet").read_table(path), package("pyarrow").types
    for place, field in enumerate(arrow.schema):
        if types.is_decimal(field.type):
            number = arrow.column(place).cast(package("pyarrow").float64())
            arrow = arrow.set_column(place, field.with_type(number.type), number)
    table = arrow.to_pandas()
    for field in arrow.schema:
        if types.is_nested(field.type):  # lists: nothing can compare them
            cells = arrow.column(field.name).to_pylist()
            table[field.name] = [None if cell is None else str(cell) for cell in cells]
    table = table.reset_index(drop=table.index.names == [None])
    attrs = table.attrs
    table = with_file_types(table)
    attrs |= table.attrs
    units = {field.name: _of_field(field, "unit") for field in arrow.schema}
    known = {name: units.get(name, "") for name in map(str, table.columns)}
    table.attrs = {"pixel_size": None, **attrs, "units": known}
    return table


def with_file_types(table: "pd.DataFrame") -> "pd.DataFrame":
    """A table with the types that its columns have when they are read from a file, CSV or Parquet.

    Numbers have 64 bits, texts no space around them; an empty text and a spreadsheet's error are
    missing values. `attrs["warnings"]` has a sentence on words that look like missing ones.
    """
    plain = table.copy(deep=False)
    plain.attrs = {}
    typed = {name: _with_file_type(plain[name]) for name in column_names(plain)}
    words = [column for column in typed.values() if isinstance(column, TextColumn)]
    columns = {n: c.cells if isinstance(c, TextColumn) else c for n, c in typed.items()}
    result = package("pandas").DataFrame(columns, index=plain.index)
    if warnings := warnings_of(words):
        result.attrs = {"warnings": warnings}
    return result


def _with_file_type(cells: "pd.Series") -> "pd.Series | TextColumn":
    kind, gaps = type_name(cells), bool(cells.isna().any())
    if cells.name in TEXTS:
        kind = "text"
    if kind in ("text", "category"):
        texts = cells.astype("object").map(text_of, na_action="ignore").astype("str")
        return typed_column(texts, known=kind)
    if kind == "boolean":
        return cells.astype("boolean" if gaps else "bool")
    if kind == "integer" and not (cells > LARGEST).any():
        return cells.astype("Int64" if gaps else "int64")
    if kind == "date" and cells.dt.tz is None:
        return cells.astype(DATES)
    return cells.astype("float64") if kind == "number" else cells


def check_target(path: Path, *, overwrite: bool, source: Path | None = None) -> None:
    """Raise `InputError` before any work where the table could not be written there.

    `source` is the table that is read: it is never written over.
    """
    if source is not None and path.resolve() == source.resolve():
        raise InputError(f"{path} is the table that is read; name another file to write")
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"the ending is the format: wanted TABLE.parquet or TABLE.csv, got {path}")
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write in it")
    atomic.check_writable(path)
    atomic.refuse_existing(targets(path), overwrite=overwrite)


def targets(path: Path) -> tuple[Path, ...]:
    """The files that a table becomes: itself, and beside a CSV its units."""
    if path.suffix.lower() == ".csv":
        return path, units_file(path)
    return (path,)


def write_table(path: str | Path, table: "pd.DataFrame", *, overwrite: bool = True) -> None:
    """Write a measured table by the ending of its name; errors as in `check_target`."""
    place = Path(path)
    check_target(place, overwrite=overwrite)
    if place.suffix.lower() == ".parquet":
        parquet = package("pyarrow.parquet")
        with atomic.replacing(place, overwrite=overwrite) as beside:
            parquet.write_table(_arrow(table), beside)
        return
    _, units_file = targets(place)
    atomic.write_text(units_file, MARK + _units_text(table), overwrite=overwrite)
    with (
        atomic.replacing(place, overwrite=overwrite) as beside,
        beside.open("wb") as file,
    ):
        file.write(MARK.encode() if not _is_ascii(table) else b"")
        arrow_csv = package("pyarrow.csv")
        # Arrow would put its heading in quotation marks, which only some names of columns need.
        csv.writer(heading := io.StringIO(), lineterminator="\n").writerow(table.columns)
        file.write(heading.getvalue().encode())
        plain = with_file_types(table)
        booleans = [name for name in plain if type_name(plain[name]) == "boolean"]
        plain = plain.astype(dict.fromkeys(booleans, "Int64"))  # 0 and 1
        arrow_csv.write_csv(_arrow(plain), file, arrow_csv.WriteOptions(include_header=False))


def _arrow(table: "pd.DataFrame") -> Any:
    """The table as one of Arrow, unit and meaning in the metadata of each field."""
    arrow = package("pyarrow")
    plain = table.copy(deep=False)
    plain.attrs = {k: v for k, v in table.attrs.items() if k not in PARSING_ATTRS}
    arrow_table = arrow.Table.from_pandas(plain, preserve_index=False)
    fields = [
        field.with_metadata({"unit": unit, "meaning": meaning})
        for field, (_, unit, meaning, _) in zip(arrow_table.schema, _about(table), strict=True)
    ]
    return arrow_table.cast(arrow.schema(fields, metadata=arrow_table.schema.metadata))


def _about(table: "pd.DataFrame") -> list[tuple[str, str, str, str]]:
    """Name, unit, meaning and type of every column."""
    units, meanings = (table.attrs.get(word, {}) for word in ("units", "meanings"))
    rows: list[tuple[str, str, str, str]] = []
    for place, name in enumerate(map(str, table.columns)):
        column = column_of(name)
        meaning = meanings.get(name, column.meaning if column else FOREIGN)
        rows.append((name, units.get(name, ""), meaning, type_name(table.iloc[:, place])))
    return rows


def _units_text(table: "pd.DataFrame") -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADING)
    writer.writerows(_about(table))
    return text.getvalue()


def _is_ascii(table: "pd.DataFrame") -> bool:
    texts = [*map(str, table.columns)]
    for name in table.columns:
        if table[name].dtype.kind not in "biuf":
            texts += [str(value) for value in table[name].dropna().unique()]
    return all(text.isascii() for text in texts)


def _read_units_file(path: Path) -> dict[str, dict[str, str]]:
    """Unit, meaning and type of the columns of a CSV by name; empty without `NAME.units.csv`."""
    file = units_file(path)
    if not file.is_file() or file == path:
        return {}
    rows = csv_dialect.rows(file)
    _, heading = next(rows, (0, []))
    if not {"column", "unit"} <= {*heading}:
        raise InputError(f"beside {path}, {file.name} lacks the columns column and unit")
    known = [dict(zip(heading, cells, strict=False)) for _, cells in rows]
    return {row["column"]: {"unit": "", **row} for row in known}


def _of_field(field: Any, key: str) -> str:
    """A key of the metadata of a column."""
    return ((field.metadata or {}).get(key.encode()) or b"").decode()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
