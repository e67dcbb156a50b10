"""Number format: measured numbers in a few significant digits, alone and in a table."""

from typing import TYPE_CHECKING

from kontur.measure.extra import package

if TYPE_CHECKING:
    import pandas as pd


def format_number(value: float, digits: int = 4) -> str:
    """A number in `digits` significant digits, thousands separated; `–` for NaN.

    >>> format_number(1234567.0), format_number(0.000012345), format_number(float("nan"))
    ('1,234,567', '1.234e-05', '–')
    >>> format_number(132.51, 2), format_number(0.9288, 2)
    ('133', '0.93')
    """
    if value != value:
        return "–"
    if 10 ** (digits - 1) <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def format_cells(table: "pd.DataFrame") -> list[list[str]]:
    """The names of the columns, then every row as text; only the names without rows."""

    pandas = package("pandas")

    def cell(value: object) -> str:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number:
            return format_number(float(value))  # type: ignore[arg-type]
        return "–" if pandas.isna(value) else str(value)

    rows = table.to_numpy(dtype=object).tolist()
    return [list(map(str, table.columns)), *([cell(value) for value in row] for row in rows)]
