"""Description of a table, column by column: type, unit, range, missing share, values, histogram.

Rows to ignore are left out and counted separately. Text that is numbers but for words such as
"invalid" is described as numbers, as `prepare` reads it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.errors import InputError
from kontur.measure.extra import package
from kontur.measure.learn.trained.copies import copied_images
from kontur.measure.table import IDENTITY, OUTLINE, POSITION, column_of
from kontur.measure.tables.column_selection import KINDS, column_names
from kontur.measure.tables.empty_images import empty_images_notes
from kontur.measure.tables.recipe import as_numbers, as_text, type_of, without_attrs
from kontur.measure.tables.table_operations import without_ignored
from kontur.wording import listed, plural

if TYPE_CHECKING:
    import pandas as pd

BARS = 40  # of a histogram
KEYS = ("image", "id")  # the same objects of a copy have others
MOST_COPIES = 3  # that a note names
COMMONEST = 8  # values of a column of text that are listed
MARGIN = 0.25  # of a histogram beyond the middle 98 % of the values, as a share of their range
QUANTILES = {"p05": 0.05, "median": 0.5, "p95": 0.95}


class Histogram(NamedTuple):
    """Counts between edges, and the number of values below the first and above the last edge."""

    counts: Int[np.ndarray, " bars"]
    edges: Float[np.ndarray, " edges"]
    below: int
    above: int


@dataclass(frozen=True, eq=False)
class ColumnSummary:
    """Summary of one column.

    Attributes:
        name: of the column.
        group: identity, position, form, intensity, neighbours or other.
        kind: number, boolean, text, date or other; empty where every value is missing.
        dtype: pandas' type.
        unit, meaning: as in the table; "" for a column that `measure` does not make.
        missing: the number of missing values, invalid words among them.
        infinite: the number of infinite values, which the statistics leave out.
        different: the number of different values.
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

    @property
    def type(self) -> str:
        """The kind, and of numbers whether all are whole: what a reader calls the type."""
        return "integer" if self.kind == "number" and "int" in self.dtype else self.kind


@dataclass(frozen=True, eq=False)
class Description:
    """Description of a table.

    Attributes:
        rows: the number of rows, without those to ignore.
        ignored: the number of rows to ignore.
        images: the number of images; None for a table without the column.
        pixel_size: in µm; None where it is not known.
        columns: a summary of every column, in their order.
        format_note: how the CSV file differs from a plain one, in a few words; "" if it does not.
        notes: sentences about what looks wrong or carries no information.
    """

    rows: int
    ignored: int
    images: int | None
    pixel_size: float | None
    columns: tuple[ColumnSummary, ...]
    format_note: str
    notes: tuple[str, ...]

    def table(self) -> "pd.DataFrame":
        """One row per column: name, unit, type, missing, different, statistics, values."""
        rows = [
            {
                "column": column.name,
                "unit": column.unit,
                "kind": column.kind,
                "dtype": column.dtype,
                "missing": column.missing,
                "missing_share": column.missing / self.rows if self.rows else np.nan,
                "infinite": column.infinite,
                "different": column.different,
                **{name: column.statistics.get(name, np.nan) for name in STATISTICS},
                "values": ", ".join(f"{word} ({n})" for word, n in column.values.items()),
            }
            for column in self.columns
        ]
        summary = package("pandas").DataFrame(rows)
        summary.attrs = {
            "units": {},
            "meanings": dict.fromkeys(summary, "of a column of the table"),
        }
        return summary


STATISTICS = ("mean", "std", "min", "p05", "median", "p95", "max")


def describe(table: "pd.DataFrame") -> Description:
    """Describe a table; without rows every column is empty."""
    table, ignored = without_ignored(table)
    names = column_names(table)
    units = table.attrs.get("units", {})
    plain = without_attrs(table)
    columns = tuple(
        _summary(plain.iloc[:, place], name, units.get(name, ""))
        for place, name in enumerate(names)
    )
    images = int(plain["image"].nunique()) if "image" in plain else None
    side = table.attrs.get("pixel_size")
    warnings, format_note = table.attrs.get("warnings", []), table.attrs.get("format_note", "")
    known = table.attrs.get("non_numeric", {})
    notes = (*warnings, *empty_images_notes(table), *_notes(plain, columns, known))
    return Description(len(table), ignored, images, side, columns, format_note, notes)


def group_of(name: str) -> str:
    """The group of a column: identity, position, form, intensity, neighbours or other.

    >>> group_of("area"), group_of("texture_asm-0"), group_of("state")
    ('form', 'intensity', 'other')
    """
    if column_of(name) is None:
        return "other"
    plain = name if name in POSITION | IDENTITY | OUTLINE else name.rpartition("-")[0] or name
    kinds = {"identity": IDENTITY, "position": POSITION | OUTLINE, **KINDS}
    return next(kind for kind, columns in kinds.items() if plain in columns)


def histogram(values: Float[np.ndarray, " n"]) -> Histogram | None:
    """Counts of sorted finite numbers in equal bars; None without a number.

    Whole numbers get bars of whole width around them. Where a few values lie far from all others,
    the bars cover the others, and the far ones are counted below or above.

    >>> histogram(np.array([1.0, 2, 2, 4])).counts.tolist()
    [1, 2, 0, 1]
    """
    if len(values) == 0:
        return None
    low, high = float(values[0]), float(values[-1])
    first, last = np.quantile(values, [0.01, 0.99])
    if room := MARGIN * float(last - first):
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


def _summary(cells: Any, name: str, unit: str) -> ColumnSummary:
    known_column = column_of(name)
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
        texts = as_text(cells)
        counts = package("pandas").Series(texts, dtype=object).value_counts()
        missing, different = int(len(texts) - counts.sum()), len(counts)
        values = {str(word): int(n) for word, n in counts.head(COMMONEST).items()}
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
        meaning=known_column.meaning if known_column else "",
        missing=missing,
        infinite=infinite,
        different=different,
        statistics=statistics,
        values=values,
        histogram=bars,
        note=note,
    )


def _kind(cells: Any) -> tuple[Any, str]:
    """The kind of a column, and a sentence on what looks wrong about it."""
    types = package("pandas").api.types
    if types.is_datetime64_any_dtype(cells.dtype) or types.is_timedelta64_dtype(cells.dtype):
        return "date", ""
    try:
        return type_of(cells).kind, ""
    except InputError as error:  # numbers with a few other cells among them
        note = str(error)
    try:
        as_text(cells)
        return "text", note
    except InputError as error:  # such as lists
        return "other", str(error)


def _statistics(values: Float[np.ndarray, " n"]) -> dict[str, float]:
    """Of sorted finite numbers; the deviation is that of a sample, NaN of one number."""
    spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    middle = np.quantile(values, list(QUANTILES.values())).tolist()
    middles = dict(zip(QUANTILES, middle, strict=True))
    outer = {"min": float(values[0]), "max": float(values[-1])}
    statistics = {"mean": float(values.mean()), "std": spread, **outer, **middles}
    return {name: statistics[name] for name in STATISTICS}


def _copies(table: "pd.DataFrame", columns: Sequence[ColumnSummary]) -> dict[str, str]:
    """The images that repeat an earlier one, each with the first, by what was measured.

    A table without a column of ours is compared by all of its numbers.
    """
    numbers = [column for column in columns if column.kind == "number" and column.name not in KEYS]
    measured = [column for column in numbers if column.group != "other"] or numbers
    if not measured:
        return {}
    values = {
        column.name: as_numbers(table[column.name]).astype(np.float32) + np.float32(0)  # -0 is 0
        for column in measured
    }
    frame = package("pandas").DataFrame(values)
    digests = package("pandas").util.hash_pandas_object(frame, index=False).to_numpy()
    return copied_images(digests, table["image"]) or {}


def _notes(
    table: "pd.DataFrame", columns: Sequence[ColumnSummary], known: Collection[str]
) -> list[str]:
    """Sentences on what looks wrong or carries no information; `known` columns have one already."""
    notes: list[str] = []
    if len(table) == 0:
        return ["the table has no row"]
    empty = [column.name for column in columns if column.kind == "empty"]
    same = [
        column.name
        for column in columns
        if column.kind != "empty"
        and column.different == 1
        and not column.missing
        and len(table) > 1
    ]
    infinite = [f"{column.name} ({column.infinite:,})" for column in columns if column.infinite]
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
    copies = _copies(table, columns) if "image" in table else {}
    if copies:
        pairs = (f"{copy} is {original}" for copy, original in copies.items())
        notes.append(
            f"{plural(len(copies), 'image')} with the same values as another under another name "
            f"({listed(pairs, most=MOST_COPIES)}): leave the copies out, or scores are too good "
            "where one is learned from and another held out"
        )
    return notes + [column.note for column in columns if column.note and column.name not in known]
