"""Tables as files: Parquet and CSV, read and written, with the unit of every column.

A Parquet column carries its `unit` and `meaning` in the schema, and the table's `attrs` come back
in pandas. A CSV has no place for them: they stand beside it in `NAME.units.csv`.
"""

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kontur.errors import InputError
from kontur.formats import atomic
from kontur.measure.extra import package
from kontur.measure.table import column_of

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".parquet", ".csv")
FOREIGN = "of metadata.csv"  # what a column means that is not ours
TEXTS = {"image": "str"}  # columns of a CSV that are no numbers, whatever they look like
DECIMAL_COMMA = re.compile(r'(?:^|[;\t])"?[+-]?\d*,\d+"?(?=[;\t\r\n]|$)', re.MULTILINE)
MARK = "\ufeff"  # without it spreadsheets misread letters beyond ASCII


def read_table(path: str | Path) -> "pd.DataFrame":
    """A table from its file, with `attrs["units"]` and `attrs["pixel_size"]` as `measure` has them.

    Tables of other programs are read as well; what they do not say has no unit. Names of images
    stay text, even where they look like numbers (`007`). Raises `InputError` where there is no
    such file or it is no table.
    """
    pandas = package("pandas")
    place = Path(path)
    if place.suffix.lower() not in ENDINGS:
        raise InputError(f"wanted a table, TABLE.parquet or TABLE.csv, got {place}")
    if not place.is_file():
        raise InputError(f"there is no table {place}")
    try:
        if place.suffix.lower() == ".parquet":
            arrow = package("pyarrow.parquet").read_table(place)
            table = arrow.to_pandas()
            for field in arrow.schema:
                if package("pyarrow").types.is_nested(
                    field.type
                ):  # lists: nothing can compare them
                    cells = arrow.column(field.name).to_pylist()
                    table[field.name] = [None if cell is None else str(cell) for cell in cells]
            table = table.reset_index(drop=table.index.names == [None])
            units = {field.name: _told(field, "unit") for field in arrow.schema}
        else:
            table = pandas.read_csv(place, dtype=TEXTS, low_memory=False, **_marks(place))
            if not isinstance(table.index, pandas.RangeIndex):
                raise ValueError("its rows have more cells than its heading has names")
            units = _units_beside(place, table)
    except UnicodeDecodeError:
        raise InputError(f"{place} is not UTF-8 text; save it as CSV in UTF-8") from None
    except (ValueError, OSError) as error:  # what pandas and Arrow raise for what they cannot read
        raise InputError(f"{place} is no table that can be read: {_first_line(error)}") from None
    known = {name: units.get(name, "") for name in map(str, table.columns)}
    table.attrs = {"pixel_size": None, **table.attrs, "units": known}
    return table


def check_target(path: Path, *, overwrite: bool, source: Path | None = None) -> None:
    """Raise `InputError` before any work where the table could not be written there.

    `source` is the table that is read: it is never written over.
    """
    if source is not None and path.resolve() == source.resolve():
        raise InputError(f"{path} is the table that is read; name another file to write")
    if path.suffix.lower() not in ENDINGS:
        raise InputError(
            f"the ending says the format: wanted TABLE.parquet or TABLE.csv, got {path}"
        )
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file to write in it")
    atomic.check_writable(path)
    for file in targets(path):
        if file.exists() and not overwrite:
            raise InputError(f"{file} exists already; overwrite it with --force or name another")


def targets(path: Path) -> tuple[Path, ...]:
    """The files that a table becomes: itself, and beside a CSV its units."""
    if path.suffix.lower() == ".csv":
        return path, path.with_suffix(".units.csv")
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
    _, beside_it = targets(place)
    atomic.write_text(beside_it, MARK + _units_text(table), overwrite=overwrite)
    with (
        atomic.replacing(place, overwrite=overwrite) as beside,
        beside.open("wb") as file,
    ):
        file.write(MARK.encode() if not _is_ascii(table) else b"")
        comma = package("pyarrow.csv")
        # Its own heading would stand in quotation marks; names of columns may need them, though.
        csv.writer(heading := io.StringIO(), lineterminator="\n").writerow(table.columns)
        file.write(heading.getvalue().encode())
        truth = dict.fromkeys(table.select_dtypes("bool").columns, "Int64")  # 0 and 1, as in R
        comma.write_csv(_arrow(table.astype(truth)), file, comma.WriteOptions(include_header=False))


def _arrow(table: "pd.DataFrame") -> Any:
    """The table as Arrow has it, unit and meaning with each field."""
    arrow = package("pyarrow")
    made = arrow.Table.from_pandas(table, preserve_index=False)
    fields = [
        field.with_metadata({"unit": unit, "meaning": meaning})
        for field, (_, unit, meaning) in zip(made.schema, _about(table), strict=True)
    ]
    return made.cast(arrow.schema(fields, metadata=made.schema.metadata))


def _about(table: "pd.DataFrame") -> list[tuple[str, str, str]]:
    """Name, unit and meaning of every column."""
    units, meanings = (table.attrs.get(word, {}) for word in ("units", "meanings"))
    rows = []
    for name in map(str, table.columns):
        column = column_of(name)
        meaning = meanings.get(name, column.meaning if column else FOREIGN)
        rows.append((name, units.get(name, ""), meaning))
    return rows


def _units_text(table: "pd.DataFrame") -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["column", "unit", "meaning"])
    writer.writerows(_about(table))
    return text.getvalue()


def _is_ascii(table: "pd.DataFrame") -> bool:
    texts = [*map(str, table.columns)]
    for name in table.columns:
        if table[name].dtype.kind not in "biuf":
            texts += [str(value) for value in table[name].dropna().unique()]
    return all(text.isascii() for text in texts)


def _units_beside(path: Path, table: "pd.DataFrame") -> dict[str, str]:
    """The units that stand beside a CSV, none where there is no such file."""
    _, beside_it = targets(path)
    if not beside_it.is_file():
        return {}
    told = package("pandas").read_csv(
        beside_it, dtype=str, keep_default_na=False, **_marks(beside_it)
    )
    if not {"column", "unit"} <= {*told}:
        raise ValueError(f"beside it, {beside_it.name} lacks the columns column and unit")
    rows = dict(zip(told["column"], told["unit"], strict=True))
    return {name: rows.get(name, "") for name in map(str, table.columns)}


def _marks(path: Path) -> dict[str, str]:
    """What parts the cells of a CSV, and the whole of a number from the rest, as pandas wants it.

    Spreadsheets of much of Europe write semicolons, and then `1,5` for 1.5.
    """
    text = path.read_text(encoding="utf-8-sig")
    mark = max(",;\t", key=text.partition("\n")[0].count)
    comma = mark != "," and DECIMAL_COMMA.search(text)
    return {"encoding": "utf-8-sig", "sep": mark, "decimal": "," if comma else "."}


def _told(field: Any, key: str) -> str:
    """What the schema says of a column."""
    return ((field.metadata or {}).get(key.encode()) or b"").decode()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
