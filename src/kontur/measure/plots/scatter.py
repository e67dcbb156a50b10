"""Scatter: two columns against each other, coloured by group, with a histogram along each side.

Few objects are dots. Of many, whose dots would cover one another, the regions that contain 50 % and
95 % of a group are drawn, and the objects outside them as dots; of a single group, counts in
hexagons. No object is left out.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from kontur.measure.extra import package
from kontur.measure.plots import style
from kontur.measure.plots.density import CELLS, density_2d, level_of_mass
from kontur.measure.plots.groups import Groups
from kontur.measure.plots.numbers import Numbers

SIDE = 5.4  # inches
LINE = 0.18  # inches a line of the legend
MANY = 3000  # objects; above, regions or hexagons in place of dots
HALF, MOST = 0.5, 0.95  # shares of a group's objects within its two regions
FILLED = 3  # groups; the histograms of more are lines
LINES = (("step", 1.0),)  # matplotlib's type of a histogram, and its opacity
BINS = 50  # at most; Rice's rule, 2 n^(1/3), for fewer than 16,000 objects
HEXAGONS = 45  # across
HEXAGON_COLOURS = ("#cfe1f2", "#0072b2", "#061a33")
SMALL = 200  # objects of a group; up to here they are dots among regions too
CAPTIONS = {
    "dots": "Each dot is an object; along the sides, the share of each group's objects.",
    "regions": (
        "Shaded: where 50 % and 95 % of each group's objects lie; dots are the objects outside. "
        "Groups of up to 200 objects are dots. Along the sides, the share of each group's objects."
    ),
    "hexagons": "The darker a hexagon, the more objects; along the sides, the share of them.",
}


def have_both(x: Numbers, y: Numbers) -> Shaped[np.ndarray, " n"]:
    """Which rows have both values."""
    return x.has_value & y.has_value


def drawing_style(x: Numbers, y: Numbers, groups: Groups) -> str:
    """How the objects are drawn: as `dots`, `regions` or `hexagons`."""
    if have_both(x, y).sum() <= MANY:
        return "dots"
    return "regions" if len(groups.names) > 1 else "hexagons"


def caption(x: Numbers, y: Numbers, groups: Groups) -> str:
    """The caption: what the plot shows."""
    return CAPTIONS[drawing_style(x, y, groups)]


def draw_scatter(x: Numbers, y: Numbers, groups: Groups) -> Any:
    """The figure; rows without both values are left out."""
    rows = have_both(x, y)
    legend = _legend(groups, rows) if groups.by else []
    lines = sum(label.count("\n") + 1 for label in legend)
    drawn = style.figure(SIDE, SIDE + (lines + 1) * LINE if groups.by else SIDE)
    grid = drawn.add_gridspec(2, 2, width_ratios=[5, 1], height_ratios=[1, 5], wspace=0, hspace=0)
    main = drawn.add_subplot(grid[1, 0])
    above = drawn.add_subplot(grid[0, 0], sharex=main)
    right = drawn.add_subplot(grid[1, 1], sharey=main)
    how = drawing_style(x, y, groups)
    if how == "dots":
        _draw_dots(main, x, y, groups, rows)
    elif how == "regions":
        _draw_regions(main, x, y, groups)
    else:
        _draw_hexagons(drawn, main, x, y, rows)
    for axes, column, lying in ((above, x, False), (right, y, True)):
        _draw_side(axes, column, groups, rows, orientation="horizontal" if lying else "vertical")
    for axis, column in ((main.xaxis, x), (main.yaxis, y)):  # last: hexagons set axes of their own
        values = column.values[rows]
        style.scale(axis, log=column.log, low=float(values.min()), high=float(values.max()))
    main.set_xlabel(style.words(x.label, 56), fontsize=style.SIZE + 1)
    main.set_ylabel(style.words(y.label, 48), fontsize=style.SIZE + 1)
    style.tidy(main)
    if groups.by:
        _draw_legend(drawn, groups, legend)
    else:
        above.set_title(groups.counted(rows), fontsize=style.SIZE, color=style.INK, loc="left")
    return drawn


def _draw_dots(
    axes: Any, x: Numbers, y: Numbers, groups: Groups, rows: Shaped[np.ndarray, " n"]
) -> None:
    """The dots of all groups in random order, so that no group covers the others."""
    order = np.random.default_rng(0).permutation(np.flatnonzero(rows))
    colours = np.array(groups.colours)[groups.group[order]]
    size = float(np.clip(6000 / max(len(order), 1), 5, 24))
    axes.scatter(
        *(x.values[order], y.values[order]),
        s=size,
        c=colours,
        alpha=0.7,
        linewidths=0.3,
        edgecolors="white",
    )


def _draw_regions(axes: Any, x: Numbers, y: Numbers, groups: Groups) -> None:
    ranges = [_range(column, have_both(x, y)) for column in (x, y)]
    places = [
        _places(column, value_range) for column, value_range in zip((x, y), ranges, strict=True)
    ]
    for group, colour in enumerate(groups.colours):
        inside = np.flatnonzero(have_both(x, y) & (groups.group == group))
        if len(inside) <= SMALL:
            axes.scatter(
                *(x.values[inside], y.values[inside]), s=9, color=colour, alpha=0.8, linewidths=0
            )
            continue
        across, up = x.on_axis(x.values[inside]), y.on_axis(y.values[inside])
        share = density_2d(across, up, ranges[0], ranges[1])
        levels = [level_of_mass(share, MOST), level_of_mass(share, HALF)]
        cell = [
            np.clip((value - low) / (high - low) * CELLS, 0, CELLS - 1).astype(np.int64)
            for value, (low, high) in ((up, ranges[1]), (across, ranges[0]))
        ]
        outside = inside[share[cell[0], cell[1]] < levels[0]]
        axes.scatter(
            *(x.values[outside], y.values[outside]), s=2.5, color=colour, alpha=0.5, linewidths=0
        )
        if levels[0] < levels[1]:
            fills = [*levels, max(float(share.max()), levels[1] * 1.001)]
            axes.contourf(*places, share, levels=fills[:2], colors=[colour], alpha=0.08)
            axes.contourf(*places, share, levels=fills[1:], colors=[colour], alpha=0.25)
            axes.contour(*places, share, levels=levels, colors=[colour], linewidths=[0.8, 1.6])
    axes.margins(0.03)  # contours leave none, and dots at the ends would be cut


def _draw_hexagons(
    drawn: Any, axes: Any, x: Numbers, y: Numbers, rows: Shaped[np.ndarray, " n"]
) -> None:
    colours = package("matplotlib.colors")
    scales = {"xscale": "log" if x.log else "linear", "yscale": "log" if y.log else "linear"}
    hexagons = axes.hexbin(
        *(x.values[rows], y.values[rows]),
        gridsize=HEXAGONS,
        mincnt=1,
        cmap=colours.LinearSegmentedColormap.from_list("hexagons", HEXAGON_COLOURS),
        norm=colours.LogNorm(),
        linewidths=0.1,
        **scales,
    )
    (left, right), (low, high) = ((v.values[rows].min(), v.values[rows].max()) for v in (x, y))
    corners = [(left, low), (right, low), (right, high), (left, high)]
    within = package("matplotlib.path").Path(corners, closed=False)
    hexagons.set_clip_path(within, axes.transData)  # the outer ones reach beyond the values
    bar = drawn.colorbar(hexagons, ax=axes, orientation="horizontal", location="bottom", aspect=40)
    bar.set_label("objects in a hexagon", fontsize=style.SIZE)
    bar.ax.tick_params(labelsize=style.SIZE, colors=style.GREY, labelcolor=style.INK)
    ticker = package("matplotlib.ticker")
    bar.ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: style.plain(value)))
    bar.outline.set_visible(False)


def _draw_side(
    axes: Any,
    column: Numbers,
    groups: Groups,
    rows: Shaped[np.ndarray, " n"],
    *,
    orientation: str,
) -> None:
    """A histogram of every group, each of area 1, in common bins."""
    edges = _bins(column, rows)
    for group, colour in enumerate(groups.colours):
        values = column.values[rows & (groups.group == group)]
        if len(values) == 0:
            continue
        weights = np.full(len(values), 1 / len(values))
        kinds = (("stepfilled", 0.22), ("step", 1.0)) if len(groups.names) <= FILLED else LINES
        for kind, alpha in kinds:
            axes.hist(
                values,
                edges,
                weights=weights,
                histtype=kind,
                color=colour,
                alpha=alpha,
                orientation=orientation,
            )
    axes.axis("off")


def _legend(groups: Groups, rows: Shaped[np.ndarray, " n"]) -> list[str]:
    """The names of the groups with the number of images and objects of each."""
    inside = [rows & (groups.group == group) for group in range(len(groups.names))]
    legend_line = [
        f"{name} ({groups.counted(members)})"
        for name, members in zip(groups.names, inside, strict=True)
    ]
    return [style.words(members, 56) for members in legend_line]


def _draw_legend(drawn: Any, groups: Groups, legend: list[str]) -> None:
    line = package("matplotlib.lines").Line2D
    handles = [
        line([], [], marker="o", linestyle="", color=colour, label=legend_line)
        for colour, legend_line in zip(groups.colours, legend, strict=True)
    ]
    style.legend(drawn, handles, groups.by, alignment="left")


def _bins(column: Numbers, rows: Shaped[np.ndarray, " n"]) -> Float[np.ndarray, " edges"]:
    """Edges of equal bins along the axis, from the least value to the largest.

    Never beyond them: an area below 0, or a share above 1, would seem to be there. Around a single
    value, a bin of a tenth of it.
    """
    values = column.values[rows]
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = (low - 0.05 * abs(low), high + 0.05 * abs(high)) if low else (0.0, 1.0)
    first, last = map(float, column.on_axis(np.array([low, high])))
    edges = np.linspace(first, last, min(BINS, int(np.ceil(2 * np.cbrt(rows.sum())))) + 1)
    edges = 10.0**edges if column.log else edges
    edges[[0, -1]] = low, high  # which a logarithm rounds
    return edges


def _range(column: Numbers, rows: Shaped[np.ndarray, " n"]) -> tuple[float, float]:
    """The ends of the values along the axis; half a unit on each side of a single value.

    Regions end there, for beyond them is no object: an area below 0 would seem to be there.
    """
    positions = column.on_axis(column.values[rows])
    low, high = float(positions.min()), float(positions.max())
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _places(column: Numbers, ends: tuple[float, float]) -> Float[np.ndarray, " cells"]:
    edges = np.linspace(*ends, CELLS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    return 10.0**middles if column.log else middles
