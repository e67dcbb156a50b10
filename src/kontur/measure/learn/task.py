"""Learning task: which column is predicted from which others, and the groups of the rows.

The table is checked here, once. A task that cannot be learned raises an error; rows and columns
that are left out are counted in `notes`, which every report repeats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from jaxtyping import Shaped

from kontur.errors import InputError
from kontur.measure.tables.column_selection import learnable, select_columns, suggest_metadata
from kontur.measure.tables.recipe import check_finite, numeric, type_of
from kontur.measure.tables.table_operations import ignored
from kontur.wording import listed, nearest, plural

TaskKind = Literal["classify", "regress"]

FEW = 10  # largest number of different whole numbers that are taken as classes, not as an amount
COPY = 0.98  # rank correlation with the target, either sign, beyond which a column is a copy of it
NAMED = 4  # columns that a note names; the rest are counted


@dataclass(frozen=True)
class LearningTask:
    """Rows to learn from, all with a target and a group, in the order of the table."""

    table: pd.DataFrame
    target: str
    group: str | None  # None: every row is a group of its own
    columns: tuple[str, ...]
    classes: tuple[Any, ...]  # in ascending order, values of the table; none for an amount
    truth: Shaped[np.ndarray, " n"]  # index of the class, or the amount
    groups: Shaped[np.ndarray, " n"]  # name of the group, text
    notes: tuple[str, ...]

    @property
    def kind(self) -> TaskKind:
        """Whether a class or an amount is predicted."""
        return "classify" if self.classes else "regress"

    @property
    def unit(self) -> str:
        """Unit of the target, "" where it has none."""
        return self.table.attrs.get("units", {}).get(self.target, "")

    @property
    def images(self) -> int | None:
        """The number of images; None where the table has no column image."""
        return int(self.table["image"].nunique()) if "image" in self.table else None

    @property
    def image_names(self) -> Shaped[np.ndarray, " n"]:
        """The image of each row, "" where it is missing; its group in a table without images."""
        if "image" not in self.table:
            return self.groups
        return self.table["image"].astype(object).fillna("").astype(str).to_numpy()

    @property
    def split_images(self) -> int:
        """The number of images with rows in several groups, which folds may split."""
        return _split_images(self.table["image"], self.groups) if "image" in self.table else 0

    @property
    def resampling_units(self) -> tuple[Shaped[np.ndarray, " n"], str]:
        """The units that intervals resample, a name per row, and what a unit is: group, or image.

        Images are resampled where groups split them.
        """
        if self.split_images:
            return self.image_names, "image"
        return self.groups, self.group or "row"

    @property
    def constant_within_groups(self) -> bool:
        """Whether each group has a single class, and there are groups of several rows."""
        names = pd.Series(self.groups)
        differing = pd.Series(self.truth).groupby(names).nunique()
        return bool(self.classes and differing.max() == 1 and names.duplicated().any())


def make_task(
    table: pd.DataFrame,
    target: str,
    *,
    group: str | None = "image",
    columns: Sequence[str] | None = None,
    without: Sequence[str] = (),
    classes: Sequence[str] | None = None,
    kind: TaskKind | None = None,
) -> LearningTask:
    """Check a table and turn it into a task.

    Args:
        table: one row per object, as `kontur measure` makes it.
        target: the column to predict.
        group: the column of the groups that are held out whole; None where every row is a group.
        columns: the features, in the words of `select_columns`; by default every measurement and
            nothing else.
        without: features to leave out, in the same words.
        classes: those to distinguish; rows of others are left out.
        kind: by default text, booleans and up to ten different whole numbers are classes, other
            numbers an amount.

    Rows to ignore, without target or without group are left out and counted. Raises `InputError`
    for columns that are missing, infinite or all constant, for a target that has one class, is the
    group, or is text where an amount is wanted, and for a class that only one group has.
    """
    _check_names(table, target, group)
    if kind != "regress":
        table = table.assign(**{target: _counts(table[target])})
    wanted = _columns(table, target, group, columns)
    out = select_columns(table, without)
    wanted = [name for name in wanted if name not in out]
    if not wanted:
        raise InputError(f"no column is left without {', '.join(without)}; leave out fewer")
    _check_cells(table, wanted)
    kept, notes = _rows(table, target, group, classes)
    notes = [*table.attrs.get("warnings", []), *notes]
    if not len(kept):
        raise InputError(f"no row is left to learn {target!r} from: {'; '.join(notes)}")
    kind = kind or _kind(kept[target])
    groups = (
        np.arange(len(kept)).astype(str) if group is None else kept[group].astype(str).to_numpy(str)
    )
    names: tuple[Any, ...] = ()
    if kind == "classify":
        names, truth = _classes(kept[target], target)
        _check_groups(names, truth, groups, group)
    else:
        truth = _amount(kept[target], target)
    useful, left_out = _useful(kept, wanted)
    if "image" in kept and (number := _split_images(kept["image"], groups)):
        notes.append(
            f"{plural(number, 'image')} split by the folds: objects are predicted by models that "
            "learned from others of the same image, so scores may be too high"
        )
    if kind == "regress":
        left_out += _copies(kept, target, useful)
    return LearningTask(
        kept, target, group, useful, names, truth, groups.astype(object), (*notes, *left_out)
    )


def _check_names(table: pd.DataFrame, target: str, group: str | None) -> None:
    if not len(table):
        raise InputError("the table has no rows; measure images with objects in them")
    for what, name in (("target", target), ("group", group)):
        if name is not None and name not in table:
            hint = "; or none, where rows do not belong together" if what == "group" else ""
            near = suggest_metadata(name, [str(column) for column in table.columns])
            raise InputError(f"the table has no column {name!r} for the {what}; {near}{hint}")
    if target == group:
        raise InputError(
            f"{target!r} is the target and the group: held-out groups would have classes that "
            "nothing was learned about; group by what the target varies over, such as image"
        )


def _check_cells(table: pd.DataFrame, columns: Sequence[str]) -> None:
    """Raise `InputError` for columns of numbers with a few other cells, naming their rows."""
    known = table.attrs.get("non_numeric", {})
    for name in columns:
        try:
            type_of(table[name])
        except InputError as error:
            raise InputError(known.get(name, str(error))) from None


def _columns(
    table: pd.DataFrame, target: str, group: str | None, words: Sequence[str] | None
) -> list[str]:
    if words is None:
        measurements = learnable(table, target=target, group=group)
        if not measurements:
            raise InputError(
                "the table has no measurement columns; name those to learn from with --columns"
            )
        return measurements
    for what, name in (("target", target), ("group", group)):
        if name in words:
            raise InputError(f"{name!r} is the {what} and cannot be learned from; leave it out")
    return [name for name in select_columns(table, words) if name not in (target, group)]


def _rows(
    table: pd.DataFrame, target: str, group: str | None, classes: Sequence[str] | None
) -> tuple[pd.DataFrame, list[str]]:
    """The rows that can be learned from, and notes on how many are left out and why."""
    reasons: list[tuple[str, pd.Series]] = []
    if "ignore" in table and target != "ignore":
        reasons.append(("to ignore", pd.Series(ignored(table), table.index)))
    reasons.append((f"without {target}", table[target].isna()))
    if group is not None:
        reasons.append((f"without {group}", table[group].isna()))
    if classes is not None:
        names = table[target].dropna().astype(str).unique()
        unknown = [name for name in classes if name not in names]
        if unknown:
            raise InputError(
                f"{target!r} has no class {unknown[0]!r}; {nearest(unknown[0], names)}"
            )
        of_others = ~table[target].astype(str).isin(list(classes))
        reasons.append((f"of other classes than {', '.join(classes)}", of_others))
    out = pd.Series(False, index=table.index)
    notes = []
    for reason, rows in reasons:
        number = int((rows & ~out).sum())
        out |= rows
        if number:
            notes.append(f"{plural(number, 'row')} {reason} left out")
    kept = table.loc[~out].reset_index(drop=True)
    kept.attrs = table.attrs
    return kept, notes


def _counts(values: pd.Series) -> pd.Series:
    """Whole numbers that are floats because of missing values, as integers, if there are few."""
    few = values.dtype.kind == "f" and values.nunique() <= FEW
    return values.astype("Int64") if few and (values.dropna() % 1 == 0).all() else values


def _split_images(images: pd.Series, groups: np.ndarray) -> int:
    """The number of images with rows in several groups."""
    return int((pd.Series(groups).groupby(images.to_numpy()).nunique() > 1).sum())


def _kind(values: pd.Series) -> TaskKind:
    if values.dtype.kind in "iu":
        return "classify" if values.nunique() <= FEW else "regress"
    return "regress" if values.dtype.kind == "f" else "classify"


def _classes(values: pd.Series, target: str) -> tuple[tuple[Any, ...], np.ndarray]:
    plain = values if numeric(values) else values.astype(str).astype(object)
    classes, truth = np.unique(plain.to_numpy(), return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"{target!r} is {plain.iloc[0]!s} in all {len(values):,} rows: there is nothing to "
            "predict"
        )
    return tuple(classes.tolist()), truth


def _amount(values: pd.Series, target: str) -> np.ndarray:
    if values.dtype.kind not in "biuf":
        raise InputError(
            f"an amount must be numbers, but {target!r} is text such as {values.iloc[0]!r}; "
            "predict its classes with --task classify"
        )
    amount = values.to_numpy(float)
    if not np.isfinite(amount).all():
        number = int((~np.isfinite(amount)).sum())
        raise InputError(
            f"{target!r} is infinite in {number:,} of {len(values):,} rows; correct them"
        )
    if np.ptp(amount) == 0:
        raise InputError(
            f"{target!r} is {amount[0]:g} in all {len(values):,} rows: there is nothing to predict"
        )
    return amount


def _check_groups(
    classes: tuple[Any, ...], truth: np.ndarray, groups: np.ndarray, group: str | None
) -> None:
    """Every class must be in two groups: one to learn it from, one to test it on."""
    number = [len(np.unique(groups[truth == index])) for index in range(len(classes))]
    untestable = [
        str(name)
        for name, groups_of_class in zip(classes, number, strict=True)
        if groups_of_class < 2
    ]
    if untestable:
        others = [str(name) for name in classes if str(name) not in untestable]
        where = "one row" if group is None else f"one {group}"
        leave = f" or leave it out: --classes {','.join(others)}" if len(others) > 1 else ""
        raise InputError(
            f"class {untestable[0]!r} is in {where} only, so what is learned about it cannot be "
            f"tested on another; give more of it{leave}"
        )


def _useful(table: pd.DataFrame, wanted: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The columns with different values, and notes on those without."""
    floats = [name for name in wanted if table[name].dtype.kind == "f"]
    check_finite(table[floats].to_numpy(float, na_value=np.nan), floats)
    different = {name: int(table[name].nunique()) for name in wanted}
    empty = [name for name in wanted if different[name] == 0]
    constant = [name for name in wanted if different[name] == 1]
    useful = [name for name in wanted if different[name] > 1]
    if not useful:
        raise InputError(
            f"all {len(wanted)} columns are empty or the same in every row; there is nothing to "
            "learn from"
        )
    notes = []
    for names, why in ((empty, "without any value"), (constant, "the same in every row")):
        if names:
            notes.append(
                f"{plural(len(names), 'column')} {why} left out: {listed(names, most=NAMED)}"
            )
    return tuple(useful), notes


def _copies(table: pd.DataFrame, target: str, columns: Sequence[str]) -> list[str]:
    """A note on columns that rank the rows as the target does and so predict it trivially."""
    numbers = [name for name in columns if numeric(table[name])]
    alike = table[numbers].astype(float).corrwith(table[target].astype(float), method="spearman")
    same = [str(name) for name in alike.index if abs(alike[name]) > COPY]
    if not same:
        return []
    return [
        f"nearly copies of {target} (rank correlation above {COPY}): {listed(same, most=NAMED)}; "
        "leave them out with --without unless they are meant"
    ]
