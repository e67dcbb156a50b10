"""Digits: how many of a measured number are worth writing, alone and in the cells of a table."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def short(value: float, digits: int = 4) -> str:
    """A number in a few digits, as people write it; `–` for none.

    >>> short(1234567.0), short(0.000012345), short(3.0), short(float("nan"))
    ('1,234,567', '1.234e-05', '3', '–')
    >>> short(132.51, 2), short(0.9288, 2)
    ('133', '0.93')
    """
    if value != value:
        return "–"
    if 10 ** (digits - 1) <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def cells(table: "pd.DataFrame") -> list[list[str]]:
    """The names of the columns, then every row as text; a table without rows gives the names."""

    def cell(value: object) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return short(float(value)) if number else str(value)  # type: ignore[arg-type]

    rows = table.to_numpy(dtype=object).tolist()
    return [list(map(str, table.columns)), *([cell(value) for value in row] for row in rows)]
