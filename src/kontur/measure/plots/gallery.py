"""Gallery: the objects at chosen percentiles of a column, cut out of their images.

The objects nearest to each percentile form a row. All rows have one scale where the sizes of their
objects allow it, else each has its own.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from kontur.measure.extra import package
from kontur.measure.plots import style
from kontur.measure.plots.crops import crop_objects, draw_crop, window_sides
from kontur.measure.plots.groups import Groups
from kontur.measure.plots.numbers import Numbers
from kontur.measure.plots.pictures import Pictures
from kontur.measure.plots.scale_bar import draw_bar
from kontur.measure.tables.number_format import format_number

PERCENTILES = (1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 99.0)
PER_PERCENTILE = 6  # objects at most
CELL = 1.15  # inches
LINE = 0.1  # inches a line of a crop's title
TITLE = {"fontsize": 7, "color": style.INK, "pad": 2}
NAME, NAME_SIZE = 24, 5.5  # characters of an image's name in a line below its crop; points
CAPTION = (
    "The objects nearest to percentiles of {name}: above each its value, below its image and id. "
    "Brightness is stretched over the whole image; a bar holds for its row{more}."
)


class Row(NamedTuple):
    """The rows of the table nearest to a percentile, by rising value."""

    percentile: float
    rows: Int[np.ndarray, " k"]


def nearest_rows(
    values: Float[np.ndarray, " n"], percentiles: Sequence[float], most: int = PER_PERCENTILE
) -> list[Row]:
    """Up to `most` objects nearest to every percentile, none twice; of few objects fewer.

    Rows with NaN are left out. A percentile at which no object is left has no row.
    """
    order = np.argsort(values, kind="stable")[: int(np.isfinite(values).sum())]
    count = max(1, min(most, len(order) // len(percentiles)))
    free = np.ones(len(order), bool)
    by_percentile = {}
    for percentile in sorted(percentiles, key=lambda p: abs(p - 50)):  # the middle chooses first
        ranks = np.flatnonzero(free)
        near = np.argsort(np.abs(ranks - percentile / 100 * (len(order) - 1)), kind="stable")
        taken = np.sort(ranks[near[:count]])
        free[taken] = False
        if len(taken):
            by_percentile[percentile] = Row(percentile, order[taken])
    return [by_percentile[percentile] for percentile in sorted(by_percentile)]


def draw_gallery(
    column: Numbers,
    groups: Groups,
    pictures: Pictures,
    percentiles: Sequence[float] = PERCENTILES,
) -> Any:
    """The figure; outlines have the colours of their groups.

    With one object a percentile, all are drawn in one row.
    """
    chosen = nearest_rows(column.values, percentiles)
    rows = [row for chosen_row in chosen for row in chosen_row.rows.tolist()]
    sides = window_sides([chosen_row.rows for chosen_row in chosen], pictures)
    side_of = {
        row: side
        for chosen_row, side in zip(chosen, sides, strict=True)
        for row in chosen_row.rows.tolist()
    }
    crops = crop_objects(side_of, pictures)
    names = {row: _name(pictures, row) for row in rows}
    across = max(len(chosen_row.rows) for chosen_row in chosen)
    shape = (len(chosen), across) if across > 1 else (1, len(chosen))
    lines = 2 + max(name.count("\n") + 1 for name in names.values())
    legend = 0.3 + 0.18 * len(groups.names) if groups.by else 0.0
    height = (CELL + LINE * lines) * shape[0] + 0.3 + legend
    drawn = style.figure(1.2 + (CELL + 0.06) * shape[1], height)
    grid = drawn.subplots(*shape, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for chosen_row, line, side in zip(chosen, grid if across > 1 else grid.T, sides, strict=True):
        name = f"{_ordinal(chosen_row.percentile)}\npercentile"
        for place, (row, axes) in enumerate(zip(chosen_row.rows.tolist(), line, strict=False)):
            axes.axis("on")
            corner = draw_crop(axes, crops[row], side, groups.colours[groups.group[row]])
            value = format_number(float(column.values[row]))
            axes.set_title(value if across > 1 else f"{name}\n{value}", **TITLE)
            axes.set_xlabel(names[row], fontsize=NAME_SIZE, color=style.GREY, labelpad=2)
            if place == 0:
                draw_bar(axes, corner, side, pictures.table.attrs.get("pixel_size"))
            if place == 0 and across > 1:
                axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=style.SIZE)
    drawn.suptitle(style.words(column.label, 60), fontsize=style.SIZE + 1, color=style.INK)
    if groups.by:
        _draw_legend(drawn, groups, rows)
    return drawn


def caption(column: Numbers, groups: Groups) -> str:
    """The caption: what the plot shows."""
    more = f"; the colour of an outline is its {groups.by}" if groups.by else ""
    return CAPTION.format(name=column.name, more=more)


def _name(pictures: Pictures, row: int) -> str:
    """The name of an object: its image and its id."""
    cells = pictures.table.iloc[row]
    return style.words(f"{cells['image']}\u00a0·\u00a0{cells['id']}", NAME)


def _draw_legend(drawn: Any, groups: Groups, rows: Sequence[int]) -> None:
    line = package("matplotlib.lines").Line2D
    shown_groups = sorted(set(groups.group[list(rows)].tolist()))
    handles = [
        line([], [], color=groups.colours[i], linewidth=2, label=style.words(groups.names[i], 64))
        for i in shown_groups
    ]
    style.legend(drawn, handles, groups.by, ncols=min(3, len(handles)))


def _ordinal(percentile: float) -> str:
    """`1st`, `50th`, `99.5th`."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    whole = percentile == int(percentile) and int(percentile) % 100 not in (11, 12, 13)
    return f"{percentile:g}{ends.get(int(percentile) % 10, 'th') if whole else 'th'}"
