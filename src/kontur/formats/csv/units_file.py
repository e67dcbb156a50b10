"""The units of a measured table, which lie beside its CSV as `NAME.units.csv`.

Outlines that take the place of such a table are in pixels: read with its units they would be of
another size, without a word.
"""

from pathlib import Path

from kontur.errors import InputError
from kontur.files import csv_dialect

HEADING = ("column", "unit", "meaning", "type")


def units_file(table: Path) -> Path:
    """The file of a table's units.

    >>> units_file(Path("cells.csv")).name
    'cells.units.csv'
    """
    return table.with_suffix(".units.csv")


def remove_units(table: Path) -> None:
    """Remove the units of a measured table that another took the place of; other files stay."""
    file = units_file(table)
    if file.is_file() and file != table and _heading(file) == HEADING:
        file.unlink()


def _heading(file: Path) -> tuple[str, ...]:
    try:
        _, heading = next(csv_dialect.rows(file), (0, []))
    except InputError:  # no table: the outlines are written, whatever lies beside them
        return ()
    return tuple(heading)
