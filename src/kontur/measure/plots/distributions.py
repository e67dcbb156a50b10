"""Distributions: a column by group, all objects as a density and every image as a point.

Objects of one image are not independent, images are: the mean of a group and its interval are those
of the points. After Lord et al., SuperPlots, JCB 2020.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from kontur.measure.plots import style
from kontur.measure.plots.density import density
from kontur.measure.plots.groups import Groups
from kontur.measure.plots.numbers import Numbers
from kontur.measure.tables.number_format import format_number

WIDTH = 4.6  # inches
ROW = 1.05  # inches a group
# In units of the distance between groups: the height of a density above its line, and how far below
# the line the quartiles of the objects, the points of the images, and their mean are drawn.
HEIGHT, QUARTERS, POINTS, MEAN = 0.45, 0.06, 0.21, 0.38
REACH = 0.1  # largest shift of a point above or below its line
FEW = 10  # objects; smaller groups are ticks, without a density
RESAMPLES = 2000  # of the images, for the interval of their mean
LEVEL = 95  # per cent, of the interval
ENOUGH = 3  # images for an interval
MANY = 60  # images per group, from which points are small
LANES = 40  # parts of the axis within which points are shifted so that they do not overlap
SUMMARY_COLUMNS = (
    *("column", "group", "images", "objects"),
    *("median", "mean of images", "95 % interval"),
)
CAPTION = (
    "Shaded: all objects, each group's equally high; bar below: the middle half of them, with the "
    "median. Points: the median of each image (the mean where things are counted). Diamond: the "
    "mean of the points (geometric on a logarithmic axis), its 95 % interval by resampling images."
)


class Centre(NamedTuple):
    """The images of a group: a point each, their mean, and its 95 % interval."""

    points: Float[np.ndarray, " images"]
    mean: float
    low: float
    high: float


def centre(column: Numbers, groups: Groups, group: int) -> Centre:
    """The points of a group's images and their mean; the interval is NaN for fewer than three.

    A point is the median of an image's objects; of counts, whose median rarely differs, the mean.
    On a logarithmic axis the mean of the points is geometric. Without images, or without a value,
    there is no point and the mean is NaN.
    """
    rows = column.has_value & (groups.group == group) & (groups.image >= 0)
    values, image = column.on_axis(column.values[rows]), groups.image[rows]
    order = np.argsort(image, kind="stable")
    starts = np.flatnonzero(np.diff(image[order], prepend=-1))[1:]
    parts = np.split(values[order], starts) if len(values) else []
    middle = np.mean if column.counts else np.median
    points = np.array([middle(part) for part in parts], dtype=float)
    low = high = np.nan
    if len(points) >= ENOUGH:
        drawn = np.random.default_rng(0).integers(len(points), size=(RESAMPLES, len(points)))
        rest = (100 - LEVEL) / 2
        low, high = np.percentile(points[drawn].mean(axis=1), [rest, 100 - rest])
    mean = float(points.mean()) if len(points) else np.nan
    back = np.power(10.0, [mean, low, high]) if column.log else np.array([mean, low, high])
    return Centre(10.0**points if column.log else points, *map(float, back))


def draw_distribution(column: Numbers, groups: Groups) -> Any:
    """A figure with one row per group, labelled with its name and numbers of images and objects."""
    drawn = style.figure(WIDTH, 0.75 + ROW * len(groups.names))
    axes = drawn.subplots()
    values = column.values[column.has_value]
    low, high = float(values.min()), float(values.max())
    labels = []
    for group, (name, colour) in enumerate(zip(groups.names, groups.colours, strict=True)):
        rows = column.has_value & (groups.group == group)
        _draw_objects(axes, column, column.values[rows], group, colour)
        _draw_images(axes, column, centre(column, groups, group), group, colour)
        counted = groups.counted(rows).replace(", ", "\n")
        labels.append(f"{style.words(name)}\n{counted}" if groups.by else counted)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlabel(style.words(column.label, 56), fontsize=style.SIZE + 1)
    if groups.by:
        axes.set_ylabel(style.words(groups.by), fontsize=style.SIZE + 1)
    style.tidy(axes, grid="x")
    axes.tick_params(axis="y", length=0)
    style.scale(axes.xaxis, log=column.log, low=low, high=high)
    return drawn


def _draw_objects(
    axes: Any, column: Numbers, values: Float[np.ndarray, " k"], at: int, colour: str
) -> None:
    """The values of all objects of a group: ticks of a few, bars of counts, else a density.

    All groups are drawn with the same height, so that wide distributions are as legible as narrow.
    """
    if column.counts and len(values):
        different, count = np.unique(values, return_counts=True)
        height = HEIGHT * count / count.max()
        axes.bar(different, -height, 0.7, bottom=at, color=colour, alpha=0.55, linewidth=0)
    elif len(values) <= FEW or values.min() == values.max():
        middle = np.full(len(values), at - HEIGHT / 3)
        axes.plot(values, middle, "|", color=colour, alpha=0.7, markersize=11)
        return
    else:
        positions = column.on_axis(values)
        places, share = density(positions, float(positions.min()), float(positions.max()))
        places = 10.0**places if column.log else places
        height = at - HEIGHT * share / share.max()
        axes.fill_between(places, at, height, color=colour, alpha=0.3, linewidth=0)
        axes.plot(places, height, color=colour, linewidth=1)
    first, middle, third = np.percentile(values, [25, 50, 75])
    below = at + QUARTERS
    axes.plot([first, third], [below, below], color=colour, linewidth=4.5, solid_capstyle="butt")
    axes.plot([middle], [below], "|", color="white", markersize=5, markeredgewidth=1.6)


def _draw_images(axes: Any, column: Numbers, centre_of_group: Centre, at: int, colour: str) -> None:
    points = centre_of_group.points
    if len(points) == 0:
        return
    axes.scatter(
        points,
        at + POINTS + _aside(column.on_axis(points), column),
        s=20 if len(points) <= MANY else 8,
        color=colour,
        edgecolors="white",
        linewidths=0.4,
        alpha=0.85,
        zorder=3,
        label="images",
    )
    below = at + MEAN
    if np.isfinite(centre_of_group.low):
        axes.plot(
            [centre_of_group.low, centre_of_group.high],
            [below, below],
            color=style.INK,
            linewidth=1.4,
        )
    axes.plot([centre_of_group.mean], [below], "D", color=style.INK, markersize=4)


def _aside(values: Float[np.ndarray, " k"], column: Numbers) -> Float[np.ndarray, " k"]:
    """The vertical shift of each point, so that near ones overlap less; always the same."""
    positions = column.on_axis(column.values[column.has_value])
    step = (float(positions.max()) - float(positions.min())) / LANES or 1.0
    lane = np.zeros(len(values))
    shuffled = np.random.default_rng(0)
    cells = np.round(values / step).astype(np.int64)
    for cell in np.unique(cells):
        inside = np.flatnonzero(cells == cell)
        reach = min(REACH, 0.05 * (len(inside) - 1) / 2)
        places = np.linspace(-reach, reach, len(inside)) if len(inside) > 1 else np.zeros(1)
        lane[inside] = shuffled.permutation(places)
    return lane


def summary_rows(column: Numbers, groups: Groups) -> list[list[str]]:
    """A row of cells per group, as in `SUMMARY_COLUMNS`."""
    rows = []
    for group, name in enumerate(groups.names):
        inside = column.has_value & (groups.group == group)
        values, centre_of_group = column.values[inside], centre(column, groups, group)
        median = format_number(float(np.median(values)) if len(values) else np.nan)
        mean = format_number(centre_of_group.mean)
        ends = f"{format_number(centre_of_group.low)} to {format_number(centre_of_group.high)}"
        interval = ends if np.isfinite(centre_of_group.low) else "–"
        counts = [f"{groups.images(inside):,}", f"{int(inside.sum()):,}"]
        rows.append([column.label, name, *counts, median, mean, interval])
    return rows
