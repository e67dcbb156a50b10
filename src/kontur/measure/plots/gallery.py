"""Gallery: the objects at chosen percentiles of a column, cut out of their images.

A number says more when one has seen what it is of. Objects nearest to each percentile stand in a
row; all rows have one scale where their sizes allow it, else each its own, as its bar says.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from kontur.measure.digits import short
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
TITLE = {"fontsize": 7, "color": look.INK, "pad": 2}
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
    """A part of an image, where its left and top are in it, and the polygon of an object."""

    picture: UInt8[np.ndarray, "h w 3"]
    left: int
    top: int
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
    """The figure; groups have the colours of their outlines. One object each stand side by side."""
    chosen = nearest_rows(column.values, percentiles)
    rows = [row for each in chosen for row in each.rows.tolist()]
    sides = _windows(chosen, pictures)
    crops = _crops(chosen, sides, pictures)
    names = {row: _name(pictures, row) for row in rows}
    across = max(len(each.rows) for each in chosen)
    shape = (len(chosen), across) if across > 1 else (1, len(chosen))
    lines = 2 + max(name.count("\n") + 1 for name in names.values())
    legend = 0.3 + 0.18 * len(groups.names) if groups.by else 0.0
    height = (CELL + LINE * lines) * shape[0] + 0.3 + legend
    drawn = look.figure(1.2 + (CELL + 0.06) * shape[1], height)
    grid = drawn.subplots(*shape, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for each, line, side in zip(chosen, grid if across > 1 else grid.T, sides, strict=True):
        told = f"{_ordinal(each.percentile)}\npercentile"
        for place, (row, axes) in enumerate(zip(each.rows.tolist(), line, strict=False)):
            axes.axis("on")
            corner = _draw_crop(axes, crops[row], side, groups.colours[groups.group[row]])
            value = short(float(column.values[row]))
            axes.set_title(value if across > 1 else f"{told}\n{value}", **TITLE)
            axes.set_xlabel(names[row], fontsize=NAME_SIZE, color=look.GREY, labelpad=2)
            if place == 0:
                draw_bar(axes, corner, side, pictures.table.attrs.get("pixel_size"))
            if place == 0 and across > 1:
                axes.set_ylabel(told, rotation=0, ha="right", va="center", fontsize=look.SIZE)
    drawn.suptitle(look.words(column.label, 60), fontsize=look.SIZE + 1, color=look.INK)
    if groups.by:
        _draw_legend(drawn, groups, rows)
    return drawn


def caption(column: Numbers, groups: Groups) -> str:
    """What is seen, in words."""
    more = f"; the colour of an outline is its {groups.by}" if groups.by else ""
    return CAPTION.format(name=column.name, more=more)


def _windows(chosen: Sequence[Row], pictures: Pictures) -> list[float]:
    """The side of the window of every row, in pixels; known from the table without any image."""
    sides = []
    for each in chosen:
        left, top, right, bottom = pictures.boxes(each.rows).T
        largest = float(np.maximum(right - left, bottom - top).max())
        sides.append(max(SMALLEST, AROUND * largest))
    return [max(sides)] * len(sides) if max(sides) <= ALIKE * min(sides) else sides


def _crops(chosen: Sequence[Row], sides: Sequence[float], pictures: Pictures) -> dict[int, Crop]:
    """Every object with its surroundings; each image is read once and not kept."""
    window = {
        row: side for each, side in zip(chosen, sides, strict=True) for row in each.rows.tolist()
    }
    rows = np.array(list(window))
    images = pictures.table["image"].to_numpy()[rows]
    crops = {}
    for image in dict.fromkeys(images):
        here = rows[images == image]
        scene = pictures.scene(str(image), here)
        for row, polygon in zip(here.tolist(), scene.polygons, strict=True):
            x, y = _middle(polygon)
            reach = int(np.ceil(window[row] / 2)) + 1
            top, left = max(0, int(y) - reach), max(0, int(x) - reach)
            part = scene.picture[top : int(y) + reach + 1, left : int(x) + reach + 1]
            crops[row] = Crop(part.copy(), left, top, polygon)
    return crops


def _draw_crop(axes: Any, crop: Crop, side: float, colour: str) -> tuple[float, float]:
    """The crop in a window with the object in its middle; its lower left corner."""
    height, width = crop.picture.shape[:2]
    show_image(axes, crop.picture)
    axes.images[0].set_extent((crop.left, crop.left + width, crop.top + height, crop.top))
    draw_lines(axes, np.array([crop.polygon], dtype=object), colour, width=1.0)
    x, y = _middle(crop.polygon)
    axes.set(xlim=(x - side / 2, x + side / 2), ylim=(y + side / 2, y - side / 2))
    axes.set_facecolor(look.GRID)  # beyond the border of the image
    return x - side / 2, y + side / 2


def _middle(polygon: Any) -> tuple[float, float]:
    """The middle of the bounding box."""
    left, top, right, bottom = polygon.bounds
    return (left + right) / 2, (top + bottom) / 2


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
    look.legend(drawn, handles, groups.by, ncols=min(3, len(handles)))


def _ordinal(percentile: float) -> str:
    """`1st`, `50th`, `99.5th`."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    whole = percentile == int(percentile) and int(percentile) % 100 not in (11, 12, 13)
    return f"{percentile:g}{ends.get(int(percentile) % 10, 'th') if whole else 'th'}"
