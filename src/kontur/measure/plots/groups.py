"""Groups: the rows of a table by the values of one column, and their images.

A group has a name and a colour that colour-blind readers can distinguish. Rows without a value are
a group of their own, in grey, so that none is left out.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Int, Shaped

from kontur.errors import InputError
from kontur.evaluate.figure import COLOURS
from kontur.measure.extra import package
from kontur.measure.table import column_of
from kontur.measure.tables.column_selection import check_groups_exist
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

MOST = 10  # groups whose colours can be distinguished
FEW = 7  # colours in Okabe and Ito's palette
# Paul Tol's muted colours, which colour-blind readers distinguish too, for more groups.
MUTED = (
    *("#332288", "#88ccee", "#44aa99", "#117733", "#999933"),
    *("#ddcc77", "#cc6677", "#882255", "#aa4499", "#000000"),
)
MISSING = "#8c8c8c"


class Groups(NamedTuple):
    """Names and colours of the groups, the group and the image of every row.

    `by` is the column, or empty where all rows are one group. `image` counts the images from 0 and
    is -1 in a table that does not name them.
    """

    by: str
    names: tuple[str, ...]
    colours: tuple[str, ...]
    group: Int[np.ndarray, " n"]
    image: Int[np.ndarray, " n"]

    def images(self, rows: Shaped[np.ndarray, " n"]) -> int:
        """The number of images of the chosen rows, 0 where the table does not name them."""
        return len(np.unique(self.image[rows & (self.image >= 0)]))

    def counted(self, rows: Shaped[np.ndarray, " n"]) -> str:
        """The numbers of images and objects of the chosen rows, in words."""
        objects = plural(int(rows.sum()), "object")
        images = self.images(rows)
        return f"{plural(images, 'image')}, {objects}" if images else objects


def groups(table: "pd.DataFrame", by: str | None = None) -> Groups:
    """The groups of a column; without one those of `default_group`, or all rows as one.

    Numbers are in ascending, texts in alphabetical order. Raises `InputError` where there is no
    such column, or it has more values than there are colours.
    """
    pandas = package("pandas")
    column = default_group(table) if by is None else by
    image = np.full(len(table), -1)
    if "image" in table:
        image = pandas.factorize(table["image"])[0]
    if column is None:
        return Groups("", ("all",), COLOURS[:1], np.zeros(len(table), np.int64), image)
    check_groups_exist(table, [column])
    group, values = pandas.factorize(table[column], sort=True)
    if len(values) > MOST:
        raise InputError(
            f"column {column!r} has {len(values):,} different values, and {MOST} groups at most "
            f"can be distinguished; {_advice(table)}"
        )
    names = [_name(value) for value in values]
    colours = list((COLOURS if len(names) <= FEW else MUTED)[: len(names)])
    if (group < 0).any():
        group = np.where(group < 0, len(names), group)
        names, colours = [*names, f"no {column}"], [*colours, MISSING]
    return Groups(column, tuple(names), tuple(colours), group.astype(np.int64), image)


def default_group(table: "pd.DataFrame") -> str | None:
    """The default column of groups: classes, else the first metadata with few values.

    None where there is no such column.
    """
    if "class" in table and 1 < table["class"].nunique() <= MOST:
        return "class"
    return next(iter(_candidates(table)), None)


def _candidates(table: "pd.DataFrame") -> list[str]:
    """Columns of metadata with two to `FEW` values; texts before numbers.

    Numbers are taken only where they are the same in all rows of an image, such as a dose.
    """
    foreign = [str(name) for name in table.columns if column_of(str(name)) is None]
    few = [name for name in foreign if 1 < table[name].nunique() <= FEW]
    texts = [name for name in few if table[name].dtype.kind not in "iuf"]
    others = [name for name in few if name not in texts and "image" in table]
    return texts + [name for name in others if table.groupby("image")[name].nunique().max() <= 1]


def _advice(table: "pd.DataFrame") -> str:
    others = _candidates(table)
    return f"columns of few values are {', '.join(others)}" if others else "choose another column"


def _name(value: object) -> str:
    """Whole numbers without a decimal point, though a missing value made them floats."""
    if isinstance(value, float | np.floating):
        return f"{value:g}"
    return str(value) or "(empty)"
