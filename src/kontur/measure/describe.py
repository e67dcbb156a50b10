"""What a table holds, column by column: type, unit, range, missing share, values, histogram.

Every row counts but those to ignore, which are counted apart. Strings that are numbers but for
words such as "invalid" are described as numbers, as `prepare` reads them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.errors import InputError
from kontur.measure.column_selection import KINDS, column_names
from kontur.measure.extra import package
from kontur.measure.recipe import as_numbers, as_words, type_of, without_attrs
from kontur.measure.table import IDENTITY, OUTLINE, POSITION, column_of
from kontur.measure.table_operations import without_ignored
from kontur.wording import listed, plural

if TYPE_CHECKING:
    import pandas as pd

BARS = 40  # of a histogram
WORDS = 8  # of the commonest values that are listed
FAR = 0.25  # beyond the middle 98 %, in ranges of it: as far as a histogram reaches
QUANTILES = {"p05": 0.05, "median": 0.5, "p95": 0.95}


class Histogram(NamedTuple):
    """Counts between edges, and how many values lie below the first and above the last edge."""

    counts: Int[np.ndarray, " bars"]
    edges: Float[np.ndarray, " edges"]
    below: int
    above: int


@dataclass(frozen=True, eq=False)
class ColumnSummary:
    """What one column holds.

    Attributes:
        name: of the column.
        group: what it is of: identity, position, form, intensity, neighbours or other.
        kind: number, truth, word, date, other; empty where every value is missing.
        dtype: pandas' type.
        unit, meaning: as in the table; no meaning for columns that are not ours.
        missing: how many values are missing, invalid words among them.
        infinite: how many are infinite; no statistic counts them.
        different: how many different values.
        statistics: mean, std, min, p05, median, p95, max of numbers; empty for others.
        values: the commonest values with their counts; empty for numbers.
        histogram: of numbers; None for others.
        note: a sentence where something looks wrong.
    """

    name: str
    group: str
    kind: Literal["number", "boolean", "text", "date", "other", "empty"]
    dtype: str
    unit: str
    meaning: str
    missing: int
    infinite: int
    different: int
    statistics: dict[str, float]
    values: dict[str, int]
    histogram: Histogram | None
    note: str


@dataclass(frozen=True, eq=False)
class Description:
    """What a table holds.

    Attributes:
        rows: how many, without those to ignore.
        ignored: how many rows are to be ignored.
        images: how many images; None for a table without the column.
        pixel_size: in µm; None where it is not known.
        columns: one a column, in their order.
        reading: how its file was read, in a few words; "" for a plain one.
        notes: sentences about what looks wrong or holds no information.
    """

    rows: int
    ignored: int
    images: int | None
    pixel_size: float | None
    columns: tuple[ColumnSummary, ...]
    reading: str
    notes: tuple[str, ...]

    def table(self) -> "pd.DataFrame":
        """One row a column: name, unit, type, missing, different, statistics, commonest values."""
        rows = [
            {
                "column": facts.name,
                "unit": facts.unit,
                "kind": facts.kind,
                "dtype": facts.dtype,
                "missing": facts.missing,
                "missing_share": facts.missing / self.rows if self.rows else np.nan,
                "infinite": facts.infinite,
                "different": facts.different,
                **{name: facts.statistics.get(name, np.nan) for name in STATISTICS},
                "values": ", ".join(f"{word} ({n})" for word, n in facts.values.items()),
            }
            for facts in self.columns
        ]
        made = package("pandas").DataFrame(rows)
        made.attrs = {"units": {}, "meanings": dict.fromkeys(made, "of a column of the table")}
        return made


STATISTICS = ("mean", "std", "min", "p05", "median", "p95", "max")


def describe(table: "pd.DataFrame") -> Description:
    """What the table holds; no row gives columns of which everything is missing."""
    table, ignored = without_ignored(table)
    names = column_names(table)
    units = table.attrs.get("units", {})
    plain = without_attrs(table)
    columns = tuple(
        _facts(plain.iloc[:, place], name, units.get(name, "")) for place, name in enumerate(names)
    )
    images = int(plain["image"].nunique()) if "image" in plain else None
    side = table.attrs.get("pixel_size")
    warnings, reading = table.attrs.get("warnings", []), table.attrs.get("reading", "")
    known = table.attrs.get("non_numeric", {})
    notes = (*warnings, *_notes(plain, columns, known))
    return Description(len(table), ignored, images, side, columns, reading, notes)


def group_of(name: str) -> str:
    """What a column is of: identity, position, form, intensity, neighbours or other.

    >>> group_of("area"), group_of("texture_asm-0"), group_of("state")
    ('form', 'intensity', 'other')
    """
    if column_of(name) is None:
        return "other"
    plain = name if name in POSITION | IDENTITY | OUTLINE else name.rpartition("-")[0] or name
    kinds = {"identity": IDENTITY, "position": POSITION | OUTLINE, **KINDS}
    return next(kind for kind, columns in kinds.items() if plain in columns)


def histogram(values: Float[np.ndarray, " n"]) -> Histogram | None:
    """Counts of sorted finite numbers in equal bars; None of no number.

    Whole numbers get bars of whole width around them. Where a few values lie far from all others
    the bars cover the others, and those beyond are counted.

    >>> histogram(np.array([1.0, 2, 2, 4])).counts.tolist()
    [1, 2, 0, 1]
    """
    if len(values) == 0:
        return None
    low, high = float(values[0]), float(values[-1])
    first, last = np.quantile(values, [0.01, 0.99])
    if room := FAR * float(last - first):
        low, high = max(low, float(first) - room), min(high, float(last) + room)
    whole = bool((values == np.rint(values)).all()) and high - low < 2**31
    whole = whole and max(abs(low), abs(high)) < 2**52  # beyond it there are no halves between
    if whole:
        step = max(1, int(np.ceil((np.floor(high) - np.ceil(low) + 1) / BARS)))
        edges = np.arange(np.ceil(low) - 0.5, np.floor(high) + 0.5 + step, step)
    else:
        edges = np.linspace(low, high, BARS + 1)
        if not (np.diff(edges) > 0).all():  # too near to one another for bars
            room = max(0.5, abs(low) * 1e-9)
            edges = np.array([low - room, high + room])
    places = np.searchsorted(values, edges)
    places[-1] = np.searchsorted(values, edges[-1], side="right")
    return Histogram(np.diff(places), edges, int(places[0]), int(len(values) - places[-1]))


def _facts(cells: Any, name: str, unit: str) -> ColumnSummary:
    about = column_of(name)
    kind, note = _kind(cells)
    statistics: dict[str, float] = {}
    values: dict[str, int] = {}
    bars: Histogram | None = None
    infinite = different = 0
    missing = int(cells.isna().sum())
    if kind == "number":
        numbers = np.sort(as_numbers(cells))  # NaN last
        missing = int(np.isnan(numbers).sum())
        known = numbers[: len(numbers) - missing]
        finite = known[np.isfinite(known)]
        infinite = len(known) - len(finite)
        different = int((np.diff(known) != 0).sum()) + 1 if len(known) else 0
        if len(finite):
            with np.errstate(over="ignore", invalid="ignore"):  # of numbers near the largest
                statistics, bars = _statistics(finite), histogram(finite)
    elif kind in ("text", "boolean"):
        words = as_words(cells)
        counts = package("pandas").Series(words, dtype=object).value_counts()
        missing, different = int(len(words) - counts.sum()), len(counts)
        values = {str(word): int(n) for word, n in counts.head(WORDS).items()}
    elif kind == "date":
        known_dates = cells.dropna()
        different = int(known_dates.nunique())
        if len(known_dates):
            values = {f"{known_dates.min()} to {known_dates.max()}": len(known_dates)}
    if missing == len(cells):
        kind = "empty"
    return ColumnSummary(
        name=name,
        group=group_of(name),
        kind=kind,
        dtype=str(cells.dtype),
        unit=unit,
        meaning=about.meaning if about else "",
        missing=missing,
        infinite=infinite,
        different=different,
        statistics=statistics,
        values=values,
        histogram=bars,
        note=note,
    )


def _kind(cells: Any) -> tuple[Any, str]:
    """What a column is read as, and what looks wrong about it."""
    types = package("pandas").api.types
    if types.is_datetime64_any_dtype(cells.dtype) or types.is_timedelta64_dtype(cells.dtype):
        return "date", ""
    try:
        return type_of(cells).kind, ""
    except InputError as error:  # numbers with slips among them
        note = str(error)
    try:
        as_words(cells)
        return "text", note
    except InputError as error:  # lists, say
        return "other", str(error)


def _statistics(values: Float[np.ndarray, " n"]) -> dict[str, float]:
    """Of sorted finite numbers; the deviation is that of a sample, NaN of one number."""
    spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    middle = np.quantile(values, list(QUANTILES.values())).tolist()
    middles = dict(zip(QUANTILES, middle, strict=True))
    outer = {"min": float(values[0]), "max": float(values[-1])}
    found = {"mean": float(values.mean()), "std": spread, **outer, **middles}
    return {name: found[name] for name in STATISTICS}


def _notes(
    table: "pd.DataFrame", columns: Sequence[ColumnSummary], known: Collection[str]
) -> list[str]:
    """What looks wrong or holds no information, in sentences; `known` columns have one already."""
    notes: list[str] = []
    if len(table) == 0:
        return ["the table has no row"]
    empty = [facts.name for facts in columns if facts.kind == "empty"]
    same = [
        facts.name
        for facts in columns
        if facts.kind != "empty" and facts.different == 1 and not facts.missing and len(table) > 1
    ]
    infinite = [f"{facts.name} ({facts.infinite:,})" for facts in columns if facts.infinite]
    for names, what in (
        (empty, "without any value"),
        (same, "with the same value in every row"),
        (infinite, "with infinite values"),
    ):
        if names:
            notes.append(f"{plural(len(names), 'column')} {what}: {listed(names, most=12)}")
    if {"image", "id"} <= {*table}:
        twice = int(table.duplicated(["image", "id"]).sum())
        if twice:
            notes.append(f"image and id of another row again in {plural(twice, 'row')}")
    return notes + [facts.note for facts in columns if facts.note and facts.name not in known]
