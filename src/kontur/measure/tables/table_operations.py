"""Operations on tables: fewer rows, other names, another order, counts, one row per group.

Each gives a new table and leaves the old one as it is; units go along in `attrs`.
"""

import ast
import keyword
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool

from kontur.errors import InputError
from kontur.measure.extra import package
from kontur.measure.tables.cells import boolean_of
from kontur.measure.tables.column_selection import (
    check_columns_exist,
    check_groups_exist,
    column_names,
    suggest_names,
)
from kontur.measure.tables.recipe import numeric, without_attrs
from kontur.wording import nearest, plural

if TYPE_CHECKING:
    import pandas as pd

STATISTICS = {
    "mean": "mean of {}",
    "median": "median of {}",
    "std": "standard deviation of {}",
    "min": "smallest {}",
    "max": "largest {}",
    "count": "how many have {}",
}
TEXT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
RESERVED = {"and", "or", "not", "in", "is", "True", "False", "None"}  # columns only in backticks
# The methods and the syntax that a condition may use; functions cannot be called.
METHODS = {"isin", "isna", "isnull", "notna", "notnull", "between", "abs", "str"}
METHODS |= {"contains", "startswith", "endswith", "lower", "upper", "len"}
NODES = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Invert, ast.USub),
    *(ast.UAdd, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod, ast.FloorDiv),
    *(ast.BitAnd, ast.BitOr, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
    *(ast.In, ast.NotIn, ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple, ast.Call),
    *(ast.Attribute, ast.keyword),
)


def where(table: "pd.DataFrame", condition: str) -> "pd.DataFrame":
    """The rows for which the condition holds, in their order; a missing value holds for none.

    The condition has the syntax of `DataFrame.query`: `state == 'live' and area > 50`,
    `stain in ['HE', 'PAS']`, `score.isnull()`. Names of columns are written as they are, also
    `class` and `intensity_mean-1`; text in backticks is always a name. Raises `InputError` where
    it cannot be understood, names a column that is not there, compares text with numbers, or is
    neither true nor false for a row.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"class": ["a", "b"], "area": [60.0, 40.0]})
    >>> where(table, "class == 'a' and area > 50")["area"].tolist()
    [60.0]
    """
    plain, renamed = _plain(condition, table)
    _check(plain, condition, list(renamed.columns), column_names(table))
    pandas = package("pandas")
    try:
        holds = renamed.eval(plain, engine="python", local_dict={}, global_dict={})
    except Exception as error:  # whatever pandas raises is about the condition
        raise InputError(f"the condition {condition!r} cannot be used: {_line(error)}") from None
    if not (isinstance(holds, pandas.Series) and pandas.api.types.is_bool_dtype(holds.dtype)):
        raise InputError(
            f"the condition {condition!r} is neither true nor false for a row; compare a column "
            "with something, such as area > 50"
        )
    return table[holds.fillna(False).to_numpy(dtype=bool)]


def without_ignored(table: "pd.DataFrame") -> tuple["pd.DataFrame", int]:
    """The rows that are objects, and how many are regions to ignore (`ignore` is true)."""
    out = ignored(table)
    return (table[~out], int(out.sum())) if out.any() else (table, 0)


def ignored(table: "pd.DataFrame") -> Bool[np.ndarray, " n"]:
    """Which rows are regions to ignore; without a column `ignore`, or where it is empty, none.

    The column holds booleans, 1 and 0, or words for them; others raise `InputError`.
    """
    if "ignore" not in table:
        return np.zeros(len(table), dtype=bool)
    if table["ignore"].dtype == bool:
        return table["ignore"].to_numpy()
    cells = table["ignore"].astype(object).where(table["ignore"].notna(), "")
    flags = cells.map(lambda cell: boolean_of(str(cell)) if str(cell).strip() else False)
    invalid = cells[flags.isna()]
    if len(invalid):
        raise InputError(
            f"the column 'ignore' is true or false, 1 or 0, but not in "
            f"{plural(len(invalid), 'row')}, such as {invalid.iloc[0]!r}; correct or rename it"
        )
    return flags.to_numpy(dtype=bool)


def renamed(table: "pd.DataFrame", names: Mapping[str, str]) -> "pd.DataFrame":
    """The table with other names of columns, their units with them.

    Raises `InputError` for a column that is not there and for a name that another one has.
    """
    check_columns_exist(column_names(table), list(names))
    result = table.rename(columns=dict(names))
    units = table.attrs.get("units", {})
    result.attrs = {
        **table.attrs,
        "units": {names.get(name, name): unit for name, unit in units.items()},
    }
    column_names(result)
    return result


def ordered(table: "pd.DataFrame", by: Sequence[str]) -> "pd.DataFrame":
    """The rows sorted by columns, `-area` the largest first; equal rows keep their order.

    Missing values come last. Raises `InputError` for a column that is not there.

    >>> import pandas as pd
    >>> ordered(pd.DataFrame({"area": [2, 3, 1]}), ["-area"])["area"].tolist()
    [3, 2, 1]
    """
    names = column_names(table)
    falling = [word.startswith("-") and word not in names for word in by]
    columns = [word[1:] if down else word for word, down in zip(by, falling, strict=True)]
    check_columns_exist(names, columns)
    if not columns:
        return table
    try:
        return table.sort_values(columns, ascending=[not down for down in falling], kind="stable")
    except TypeError:
        raise InputError(
            f"the rows cannot be sorted by {', '.join(columns)}: it holds words and numbers"
        ) from None


def counted(table: "pd.DataFrame", column: str) -> "pd.DataFrame":
    """How often each value of a column occurs, the commonest first, missing ones too.

    Columns: `value`, `count`, and `share` of all rows, 0 to 1. No row gives no row.
    """
    check_columns_exist(column_names(table), [column])
    counts = without_attrs(table)[column].value_counts(dropna=False)
    result = counts.rename_axis("value").reset_index(name="count")
    result["share"] = result["count"] / max(len(table), 1)
    return result


def grouped(
    table: "pd.DataFrame",
    by: Sequence[str],
    *,
    statistics: Sequence[str] = ("mean", "median", "std"),
) -> "pd.DataFrame":
    """One row per group, such as an image or a well, in the order of the groups' names.

    Columns: those of `by`; `images`, where there may be several, and `objects`, their numbers;
    columns with one value in every group (joined metadata) as they are, `metadata_objects` where
    the name is taken; then for each column of numbers its statistics, `area_mean` … (of booleans a
    share: `on_border_mean`), and for text the number of different values, `class_different`. Rows
    without a group are a group of their own. A standard deviation is that of a sample, missing for
    one object. No row gives no group.

    Raises `InputError` for columns that are not there, unknown statistics, and where two columns
    of the summary would have one name.
    """
    if not by:
        raise InputError("a summary needs a column to group by, such as image")
    check_groups_exist(table, by)
    for word in statistics:
        if word not in STATISTICS:
            raise InputError(f"there is no statistic {word!r}; {nearest(word, STATISTICS)}")
    pandas, plain = package("pandas"), without_attrs(table)
    taken = {name: f"metadata_{name}" for name in ("images", "objects") if name in plain}
    plain, by = plain.rename(columns=taken), [taken.get(name, name) for name in by]
    column_names(plain)  # raises where a column has the new name already
    numbers = [name for name in plain if numeric(plain[name]) and name not in _OF_ONE]
    floats = plain.astype({name: float for name in numbers if plain[name].dtype == bool})
    groups = floats.groupby(by, dropna=False, observed=True)
    first = {"images": groups["image"].nunique()} if "image" in {*plain} - {*by} else {}
    parts: list[Any] = [pandas.DataFrame({**first, "objects": groups.size()})]
    others = [name for name in plain if name not in {*by, *_OF_ONE, "image"}]
    try:
        same = groups[others].nunique(dropna=False).le(1).all() if others else {}
    except TypeError:
        raise InputError(
            "a column holds values that are neither numbers nor text, such as lists; leave it out"
        ) from None
    kept = [name for name in others if same[name] and not _measured(name)]
    parts.append(groups[kept].first())
    measured = [name for name in numbers if name not in {*by, *kept}]
    if measured:
        aggregated = groups[measured].agg(list(statistics))
        aggregated.columns = [f"{name}_{word}" for name, word in aggregated.columns]
        parts.append(aggregated)
    words = [name for name in others if name not in {*numbers, *kept}]
    parts.append(groups[words].nunique().add_suffix("_different"))
    summary = pandas.concat(parts, axis=1).copy().reset_index()  # in one piece
    summary.attrs = _summary_attrs(table, summary, measured, statistics)
    return summary


# Columns that have no meaning for a group.
_OF_ONE = ("id", "score", "ignore", "x", "y", "left", "top", "right", "bottom")


def _measured(name: str) -> bool:
    """Whether a column is measured: that it is the same in each group is then chance."""
    from kontur.measure.table import column_of

    return column_of(name) is not None and name != "class"


def _summary_attrs(
    table: "pd.DataFrame",
    summary: "pd.DataFrame",
    measured: Sequence[str],
    statistics: Sequence[str],
) -> dict[str, Any]:
    """Units and meanings of the columns of a summary."""
    units = table.attrs.get("units", {})
    unit = {name: units.get(name, "") for name in column_names(summary)}
    meanings = {"images": "how many images", "objects": "how many objects"}
    for name in measured:
        for word in statistics:
            unit[f"{name}_{word}"] = "" if word == "count" else units.get(name, "")
            meanings[f"{name}_{word}"] = STATISTICS[word].format(name)
    side = table.attrs.get("pixel_size")
    return {"units": unit, "meanings": meanings, "pixel_size": side}


def _plain(condition: str, table: "pd.DataFrame") -> tuple[str, "pd.DataFrame"]:
    """The condition and the table with names that Python can read in place of those it cannot."""
    names = column_names(table)
    stand_in = {name: f"column_{k}_" for k, name in enumerate(names) if not _is_word(name)}
    patterns = [f"`{re.escape(name)}`" for name in names]
    bare = [name for name in stand_in if re.match(r"[^\W\d]", name) and name not in RESERVED]
    bare.sort(key=len, reverse=True)
    patterns += [rf"(?<![\w.]){re.escape(name)}(?!\w)" for name in bare]
    name_of_column = re.compile("|".join(patterns) or "$^")

    def put(match: re.Match[str]) -> str:
        name = match[0].strip("`")
        return stand_in.get(name, name)

    parts = TEXT.split(condition)  # what stands in quotation marks is no name
    plain = "".join(
        part if place % 2 else name_of_column.sub(put, part) for place, part in enumerate(parts)
    )
    bare_table = without_attrs(table)
    bare_table.columns = [stand_in.get(name, name) for name in names]
    return plain.strip(), bare_table


def _is_word(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _check(plain: str, condition: str, columns: Sequence[str], names: Sequence[str]) -> None:
    """Raise `InputError` unless the condition is made of columns, values and comparisons."""
    wanted = f"the condition {condition!r} cannot be used"
    try:
        tree = ast.parse(plain, mode="eval")
    except (SyntaxError, ValueError):
        equals = re.search(r"[^=<>!]=[^=]", TEXT.sub("", plain))
        hint = "== compares" if equals else "one is such as state == 'live' and area > 50"
        raise InputError(f"{wanted}; {hint}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in columns:
            raise InputError(
                f"{wanted}: there is no column {node.id!r}; {suggest_names(node.id, names)}; words "
                "to compare with stand in quotation marks"
            )
        if isinstance(node, ast.Attribute) and node.attr not in METHODS:
            raise InputError(
                f"{wanted}: {node.attr!r} is not known; {nearest(node.attr, sorted(METHODS))}"
            )
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Attribute):
            raise InputError(f"{wanted}: functions cannot be called in it")
        if isinstance(node, ast.Compare) and not all(
            isinstance(right, ast.List | ast.Tuple)
            for how, right in zip(node.ops, node.comparators, strict=True)
            if isinstance(how, ast.In | ast.NotIn)
        ):
            raise InputError(f"{wanted}: in wants a list, such as state in ['live', 'dead']")
        if not isinstance(node, NODES):
            raise InputError(f"{wanted}: it may compare columns, joined by and, or, not")


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
