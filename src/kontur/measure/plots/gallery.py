"""Gallery: the objects at chosen percentiles of a column, cut out of their images.

A number says more when one has seen what it is of. Objects nearest to each percentile stand in a
row; all rows have one scale where their sizes allow it, else each its own, as its bar says.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Int

from kontur.measure.extra import package
from kontur.measure.plots import look
from kontur.measure.plots.drawn import draw_bar, draw_lines, show_image
from kontur.measure.plots.groups import Groups
from kontur.measure.plots.numbers import Numbers
from kontur.measure.plots.pictures import Pictures

PERCENTILES = (1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 99.0)
EACH = 6  # objects a percentile
CELL = 1.15  # inches
LINE = 0.1  # inches a line of a crop's title
AROUND = 1.35  # a window's side, of the larger side of the largest object's box in it
ALIKE = 4.0  # the largest window so many times the smallest: still one scale for all rows
SMALLEST = 8.0  # pixels of a window's side
NAME, NAME_SIZE = 24, 5.5  # characters of an image's name in a line below its crop; points
CAPTION = (
    "The objects nearest to percentiles of {name}: above each its value, below its image and id. "
    "Brightness is stretched over the whole image; a bar holds for its row{more}."
)


class Row(NamedTuple):
    """The rows of the table nearest to a percentile, by rising value."""

    percentile: float
    rows: Int[np.ndarray, " k"]


class Crop(NamedTuple):
    """An object's whole image, and its polygon."""

    picture: np.ndarray
    polygon: Any


def nearest_rows(
    values: Float[np.ndarray, " n"], percentiles: Sequence[float], each: int = EACH
) -> list[Row]:
    """Up to `each` objects at every percentile, none twice; of few objects fewer each.

    Percentiles at which no object is left have no row. NaN is nowhere.
    """
    order = np.argsort(values, kind="stable")[: int(np.isfinite(values).sum())]
    count = max(1, min(each, len(order) // len(percentiles)))
    free = np.ones(len(order), bool)
    found = {}
    for percentile in sorted(percentiles, key=lambda p: abs(p - 50)):  # the middle chooses first
        ranks = np.flatnonzero(free)
        near = np.argsort(np.abs(ranks - percentile / 100 * (len(order) - 1)), kind="stable")
        taken = np.sort(ranks[near[:count]])
        free[taken] = False
        if len(taken):
            found[percentile] = Row(percentile, order[taken])
    return [found[percentile] for percentile in sorted(found)]


def draw_gallery(
    column: Numbers,
    groups: Groups,
    pictures: Pictures,
    percentiles: Sequence[float] = PERCENTILES,
) -> Any:
    """The figure; groups have the colours of their outlines."""
    chosen = nearest_rows(column.values, percentiles)
    crops = _crops(chosen, pictures)
    windows = _windows([[crops[row].polygon for row in each.rows.tolist()] for each in chosen])
    names = {row: _name(pictures, row) for each in chosen for row in each.rows.tolist()}
    lines = 1 + max(name.count("\n") + 1 for name in names.values())
    across = max(len(each.rows) for each in chosen)
    legend = 0.3 + 0.18 * len(groups.names) if groups.by else 0.0
    height = (CELL + LINE * lines + 0.08) * len(chosen) + 0.3 + legend
    drawn = look.figure(1.2 + (CELL + 0.06) * across, height)
    grid = drawn.subplots(len(chosen), across, squeeze=False)
    pixel_size = pictures.table.attrs.get("pixel_size")
    for axes in grid.flat:
        axes.axis("off")
    for each, line, side in zip(chosen, grid, windows, strict=True):
        for place, (row, axes) in enumerate(zip(each.rows.tolist(), line, strict=False)):
            axes.axis("on")
            _draw_crop(axes, crops[row], side, groups.colours[groups.group[row]])
            axes.set_title(look.short(float(column.values[row])), fontsize=7, color=look.INK, pad=2)
            axes.set_xlabel(names[row], fontsize=NAME_SIZE, color=look.GREY, labelpad=2)
            if place == 0:
                x, y = shapely.box(*crops[row].polygon.bounds).centroid.coords[0]
                draw_bar(axes, (x - side / 2, y + side / 2), side, pixel_size)
                axes.set_ylabel(
                    f"{_ordinal(each.percentile)}\npercentile",
                    rotation=0,
                    ha="right",
                    va="center",
                    fontsize=look.SIZE,
                )
    drawn.suptitle(look.words(column.label, 60), fontsize=look.SIZE + 1, color=look.INK)
    if groups.by:
        _draw_legend(drawn, groups, [row for each in chosen for row in each.rows.tolist()])
    return drawn


def caption(column: Numbers, groups: Groups) -> str:
    """What is seen, in words."""
    more = f"; the colour of an outline is its {groups.by}" if groups.by else ""
    return CAPTION.format(name=column.name, more=more)


def _crops(chosen: Sequence[Row], pictures: Pictures) -> dict[int, Crop]:
    rows = np.concatenate([each.rows for each in chosen])
    images = pictures.table["image"].to_numpy()[rows]
    crops = {}
    for image in dict.fromkeys(images):  # every image is read once
        here = rows[images == image]
        scene = pictures.scene(str(image), here)
        for row, polygon in zip(here, scene.polygons, strict=True):
            crops[int(row)] = Crop(scene.picture, polygon)
    return crops


def _windows(polygons: Sequence[Sequence[Any]]) -> list[float]:
    """The side of the window of every row, in pixels."""
    sides = []
    for row in polygons:
        left, top, right, bottom = shapely.bounds(np.array(row, dtype=object)).T
        largest = float(np.maximum(right - left, bottom - top).max())
        sides.append(max(SMALLEST, AROUND * largest))
    return [max(sides)] * len(sides) if max(sides) <= ALIKE * min(sides) else sides


def _draw_crop(axes: Any, crop: Crop, side: float, colour: str) -> None:
    left, top, right, bottom = crop.polygon.bounds
    x, y = (left + right) / 2, (top + bottom) / 2
    reach = int(np.ceil(side / 2)) + 1
    first = [max(0, int(y) - reach), max(0, int(x) - reach)]
    part = crop.picture[first[0] : int(y) + reach + 1, first[1] : int(x) + reach + 1]
    show_image(axes, np.ascontiguousarray(part))
    axes.images[0].set_extent(
        (first[1], first[1] + part.shape[1], first[0] + part.shape[0], first[0])
    )
    draw_lines(axes, np.array([crop.polygon], dtype=object), colour, width=1.0)
    axes.set(xlim=(x - side / 2, x + side / 2), ylim=(y + side / 2, y - side / 2))
    axes.set_facecolor(look.PALE)  # beyond the border of the image


def _name(pictures: Pictures, row: int) -> str:
    """Which object it is: its image, whole, and its id."""
    told = pictures.table.iloc[row]
    return look.words(f"{told['image']}\u00a0·\u00a0{told['id']}", NAME)


def _draw_legend(drawn: Any, groups: Groups, rows: Sequence[int]) -> None:
    line = package("matplotlib.lines").Line2D
    there = sorted(set(groups.group[list(rows)].tolist()))
    handles = [
        line([], [], color=groups.colours[i], linewidth=2, label=look.words(groups.names[i], 64))
        for i in there
    ]
    drawn.legend(
        handles=handles,
        title=look.words(groups.by),
        loc="outside lower center",
        frameon=False,
        fontsize=look.SIZE,
        title_fontsize=look.SIZE,
        ncols=min(3, len(handles)),
    )


def _ordinal(percentile: float) -> str:
    """`1st`, `50th`, `99.5th`."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    whole = percentile == int(percentile) and int(percentile) % 100 not in (11, 12, 13)
    return f"{percentile:g}{ends.get(int(percentile) % 10, 'th') if whole else 'th'}"
