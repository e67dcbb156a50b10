"""Outlines coloured by a column, on their image, with a colour bar.

All images of a column have one scale of colours, over the middle 98 % of all objects, so that
images can be compared and a single outlier does not make all others look alike.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from kontur.display.outline_axes import draw_lines, show_image
from kontur.errors import InputError
from kontur.measure.extra import package
from kontur.measure.plots import style
from kontur.measure.plots.groups import Groups
from kontur.measure.plots.numbers import Numbers
from kontur.measure.plots.pictures import Pictures, Scene
from kontur.measure.plots.scale_bar import draw_bar
from kontur.wording import listed, nearest, plural

LONGER = 6.0  # inches of an image's longer side
COLOURS = "viridis"
DARKEST = 0.12  # share of the scale that is left out: colours too dark for a dark image
ENDS = (1, 99)  # percentiles of all objects with the first and the last colour
EMPTY = "#b0b0b0"  # objects without a value
WIDE, FINE, MANY = 1.2, 0.7, 150  # points of a line; lines are fine from so many objects on
FILL = 0.25  # opacity of the colour inside


def typical_images(values: Float[np.ndarray, " n"], image: Int[np.ndarray, " n"]) -> list[int]:
    """The indices of the images whose objects have the lowest, middle and highest median.

    Of fewer than three images fewer; none without a value.
    """
    has_value = np.isfinite(values) & (image >= 0)
    medians = package("pandas").Series(values[has_value]).groupby(image[has_value]).median()
    order = medians.sort_values(kind="stable").index.tolist()
    return list(dict.fromkeys(order[place] for place in (0, len(order) // 2, -1))) if order else []


def named_images(names: Sequence[str], patterns: Sequence[str]) -> list[int]:
    """The indices of the images that fit a name or a pattern such as `plate1*`.

    Raises `InputError` where a pattern fits none.
    """
    matching: list[int] = []
    for pattern in patterns:
        fitting = [i for i, name in enumerate(names) if name == pattern]
        fitting = fitting or [i for i, name in enumerate(names) if fnmatchcase(name, pattern)]
        if not fitting:
            near = nearest(pattern, names) if len(names) <= 30 else f"some are {listed(names)}"
            raise InputError(f"the table has no image {pattern!r}; {near}")
        matching += fitting
    return list(dict.fromkeys(matching))


def draw_outlines(column: Numbers, pictures: Pictures, image: str) -> Any:
    """The figure of one image, with a colour bar."""
    drawn, axes, scene, rows = _frame(pictures, image)
    colours = package("matplotlib.colors")
    low, high = ends(column)
    norm = colours.LogNorm(low, high) if column.log else colours.Normalize(low, high)
    every = package("matplotlib").colormaps[COLOURS](np.linspace(DARKEST, 1, 256))
    scale = package("matplotlib.cm").ScalarMappable(norm, colours.ListedColormap(every))
    values = column.values[rows]
    has_value = np.isfinite(values)
    line = WIDE if len(rows) <= MANY else FINE
    draw_lines(axes, scene.polygons[~has_value], EMPTY, width=line)
    draw_lines(
        axes, scene.polygons[has_value], scale.to_rgba(values[has_value]), width=line, fill=FILL
    )
    everything = column.values[column.has_value]
    below, above = bool((everything < low).any()), bool((everything > high).any())
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[below, above]
    bar = drawn.colorbar(scale, ax=axes, shrink=0.8, aspect=28, extend=extend, pad=0.02)
    bar.set_label(style.words(column.label, 48), fontsize=style.SIZE + 1)
    style.scale(bar.ax.yaxis, log=column.log, low=low, high=high)
    bar.ax.tick_params(labelsize=style.SIZE, colors=style.GREY, labelcolor=style.INK)
    bar.outline.set_visible(False)
    return drawn


def draw_categories(groups: Groups, pictures: Pictures, image: str) -> Any:
    """The same for a column of categories, with a legend in place of the colour bar."""
    drawn, axes, scene, rows = _frame(pictures, image)
    group = groups.group[rows]
    line = WIDE if len(rows) <= MANY else FINE
    colours = np.array(package("matplotlib.colors").to_rgba_array(groups.colours))
    draw_lines(axes, scene.polygons, colours[group], width=line, fill=FILL)
    patch = package("matplotlib.patches").Patch
    handles = [
        patch(
            color=colour, label=style.words(f"{name} ({plural(int((group == i).sum()), 'object')})")
        )
        for i, (name, colour) in enumerate(zip(groups.names, groups.colours, strict=True))
    ]
    style.legend(drawn, handles, groups.by, place="right center", alignment="left")
    return drawn


def _frame(pictures: Pictures, image: str) -> tuple[Any, Any, Scene, Int[np.ndarray, " k"]]:
    """A figure of one image, its name and a scale bar, with the outlines of its rows to draw."""
    rows = np.flatnonzero((pictures.table["image"] == image).to_numpy())
    scene = pictures.scene(image, rows)
    height, width = scene.picture.shape[:2]
    scale = LONGER / max(height, width)
    drawn = style.figure(max(width * scale, 2.2) + 1.1, height * scale + 0.4)
    axes = drawn.subplots()
    show_image(axes, scene.picture)
    axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    draw_bar(axes, (0, height), width, pictures.table.attrs.get("pixel_size"), share=0.2)
    axes.set_title(style.words(image, 72), fontsize=style.SIZE, color=style.INK, loc="left")
    return drawn, axes, scene, rows


def ends(column: Numbers) -> tuple[float, float]:
    """The values of the first and the last colour; a constant has room on either side."""
    low, high = map(float, np.nanpercentile(column.values, ENDS))
    if low == high:
        low, high = float(np.nanmin(column.values)), float(np.nanmax(column.values))
    if low == high:
        return low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    return low, high


def caption(column: Numbers | Groups) -> str:
    """The caption: what the plot shows."""
    if isinstance(column, Groups):
        return f"Outlines coloured by {column.by}, with how many of each are in the image."
    empty = int((~column.has_value).sum())
    grey = f" Grey: no value, in {empty:,} of {len(column.values):,} objects." if empty else ""
    return f"Outlines coloured by {column.label}, all images with one scale of colours.{grey}"
