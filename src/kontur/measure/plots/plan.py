"""The plan of plots: which are drawn of a table, checked before the first is drawn.

A request is drawn and nothing else; without one, the main measurements are.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from kontur.errors import InputError
from kontur.measure.plots import distributions, gallery, outlines, scatter, style
from kontur.measure.plots.groups import MOST, Groups, groups
from kontur.measure.plots.numbers import (
    Numbers,
    Scale,
    check_varies,
    drawable,
    holds_numbers,
    main_columns,
    meaning,
    numbers,
)
from kontur.measure.plots.pictures import Pictures
from kontur.measure.tables.column_selection import column_names, select_columns
from kontur.measure.tables.empty_images import empty_images_notes
from kontur.measure.tables.table_operations import without_ignored
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

ONE_OBJECT = "the table has one object, and distributions need two; --images shows it in its image"
Section = Literal["Distributions", "Scatter", "Gallery", "Outlines"]


class PlotRequest(NamedTuple):
    """What to draw; what is empty is not requested.

    Attributes:
        columns: those whose distributions are drawn, in the words of `select_columns`.
        scatters: pairs of columns, x and y.
        galleries: columns at whose percentiles objects are shown.
        colours: columns by which outlines are coloured.
        by: the column of the groups; by default that of `default_group`.
        percentiles: of a gallery, 0 to 100.
        only: the images whose outlines are coloured, names or patterns.
        scale: of the axes: auto, linear or log.
    """

    columns: Sequence[str] = ()
    scatters: Sequence[tuple[str, str]] = ()
    galleries: Sequence[str] = ()
    colours: Sequence[str] = ()
    by: str | None = None
    percentiles: Sequence[float] = gallery.PERCENTILES
    only: Sequence[str] = ()
    scale: Scale = "auto"


@dataclass(frozen=True, eq=False)
class Plot:
    """One plot: the name of its file, its section, title and caption, and what draws it."""

    file: str
    section: Section
    title: str
    caption: str
    draw: Callable[[], Any]


@dataclass(frozen=True, eq=False)
class Plan:
    """The plots in their order, the groups, warnings, and the summary of groups as cells."""

    plots: tuple[Plot, ...]
    groups: Groups
    notes: tuple[str, ...]
    summary: tuple[tuple[str, ...], ...]


def objects(table: "pd.DataFrame") -> tuple["pd.DataFrame", list[str]]:
    """The rows that are objects, renumbered, and sentences on rows that are left out.

    Raises `InputError` where no row is left.
    """
    attrs = table.attrs
    if not len(table):
        raise InputError("the table has no rows, so there is nothing to plot")
    kept, out = without_ignored(table.set_axis(column_names(table), axis=1))
    if not len(kept):
        raise InputError(f"all {out:,} rows are regions to ignore: nothing to plot")
    notes = [*attrs.get("warnings", []), *empty_images_notes(table)]
    if out:
        notes.append(f"left out: {plural(out, 'row')} of regions to ignore")
    kept = kept.reset_index(drop=True)
    if "image" in kept:
        kept["image"] = kept["image"].astype("str")
        if nameless := int(kept["image"].isna().sum()):
            notes.append(f"{plural(nameless, 'row')} without an image: no point stands for them")
    kept.attrs = attrs
    return kept, notes


def make_plan(table: "pd.DataFrame", wanted: PlotRequest, pictures: Pictures | None = None) -> Plan:
    """The plots of a table of `objects`; `pictures`, if given, are of the same table.

    Raises `InputError` where a column cannot be drawn, there is nothing that can, or a gallery or
    coloured outlines are wanted without pictures.
    """
    if pictures is None and (wanted.galleries or wanted.colours or wanted.only):
        raise InputError(
            "a gallery and coloured outlines show objects in their images; name the images' "
            "folder with --images"
        )
    row_groups = groups(table, wanted.by)
    notes: list[str] = []
    if wanted.columns:
        wanted, notes = _chosen(table, wanted)
    if not (wanted.columns or wanted.scatters or wanted.galleries or wanted.colours):
        wanted, notes = _default_request(table, wanted, pictures)
    names = [*wanted.columns, *(name for pair in wanted.scatters for name in pair)]
    if names and len(table) == 1:
        raise InputError(ONE_OBJECT)
    categories = {name: groups(table, name) for name in wanted.colours if _is_category(table, name)}
    names = [
        *names,
        *wanted.galleries,
        *(name for name in wanted.colours if name not in categories),
    ]
    columns = {name: numbers(table, name, scale=wanted.scale) for name in dict.fromkeys(names)}
    for column in columns.values():
        if len(table) > 1:
            check_varies(column)
        if empty := int((~column.has_value).sum()):
            notes.append(f"{column.name}: no value in {empty:,} of {plural(len(table), 'row')}")
    texts = [row_groups.by, *row_groups.names, *(column.label for column in columns.values())]
    if unknown := style.unknown_letters("".join(texts)):
        notes.append(f"no font of this system has {unknown}: boxes stand there in the PNGs")
    plots = [_distribution(columns[name], row_groups) for name in wanted.columns]
    plots += [_scatter(columns[x], columns[y], row_groups) for x, y in wanted.scatters]
    if pictures is not None:
        plots += [
            _gallery(columns[name], row_groups, pictures, wanted) for name in wanted.galleries
        ]
        for name in wanted.colours:
            plots += _outlines(categories.get(name) or columns[name], row_groups, pictures, wanted)
    summary = [
        tuple(row)
        for name in wanted.columns
        for row in distributions.summary_rows(columns[name], row_groups)
    ]
    return Plan(tuple(_with_unique_files(plots)), row_groups, tuple(notes), tuple(summary))


def _chosen(table: "pd.DataFrame", wanted: PlotRequest) -> tuple[PlotRequest, list[str]]:
    """The requested columns by name; those of a pattern or kind that cannot be drawn are noted."""
    chosen = select_columns(table, wanted.columns)
    unnamed = [name for name in chosen if name not in wanted.columns]
    can, notes = drawable(table, unnamed)
    columns = [name for name in chosen if name in can or name not in unnamed]
    if not columns:
        raise InputError(
            f"no column of {', '.join(wanted.columns)} can be drawn "
            f"({notes[0].removeprefix('not drawn: ')})"
        )
    return wanted._replace(columns=columns), notes


def _default_request(
    table: "pd.DataFrame", wanted: PlotRequest, pictures: Pictures | None
) -> tuple[PlotRequest, list[str]]:
    """The main columns, the first two against each other, and the first in the images."""
    if len(table) == 1:
        if pictures is None or "area" not in table:
            raise InputError(ONE_OBJECT)
        note = "one object: it is shown in its image; distributions need two"
        return wanted._replace(galleries=["area"], colours=["area"]), [note]
    columns, notes = main_columns(table)
    if not columns:
        raise InputError(
            "no column of the table can be drawn: wanted numbers that differ from row to row"
            + (f" ({notes[0].removeprefix('not drawn: ')})" if notes else "")
        )
    x = columns[0]
    y = "circularity" if "circularity" in columns[1:] else columns[-1]
    in_images = [x] if pictures is not None else []
    pairs = [(x, y)] if x != y else []
    return wanted._replace(
        columns=columns, scatters=pairs, galleries=in_images, colours=in_images
    ), notes


def _distribution(column: Numbers, row_groups: Groups) -> Plot:
    about = meaning(column.name)
    return Plot(
        f"distribution-{column.name}",
        "Distributions",
        f"{column.label}: {about}" if about else column.label,
        distributions.CAPTION,
        lambda: distributions.draw_distribution(column, row_groups),
    )


def _scatter(x: Numbers, y: Numbers, row_groups: Groups) -> Plot:
    rows = int(scatter.have_both(x, y).sum())
    if rows < 2:
        raise InputError(
            f"columns {x.name!r} and {y.name!r} have values together in {plural(rows, 'row')}: a "
            "scatter plot needs two; choose another pair"
        )
    return Plot(
        f"scatter-{x.name}-{y.name}",
        "Scatter",
        f"{y.label} against {x.label}",
        scatter.caption(x, y, row_groups),
        lambda: scatter.draw_scatter(x, y, row_groups),
    )


def _gallery(column: Numbers, row_groups: Groups, pictures: Pictures, wanted: PlotRequest) -> Plot:
    return Plot(
        f"gallery-{column.name}",
        "Gallery",
        f"Objects by {column.label}",
        gallery.caption(column, row_groups),
        lambda: gallery.draw_gallery(column, row_groups, pictures, wanted.percentiles),
    )


def _outlines(
    column: Numbers | Groups, row_groups: Groups, pictures: Pictures, wanted: PlotRequest
) -> list[Plot]:
    names = [str(name) for name in pictures.table["image"].unique()]
    if isinstance(column, Groups):
        order, label, word = column.group.astype(float), column.by, column.by
    else:
        order, label, word = column.values, column.label, column.name
    if wanted.only:
        image_indices = outlines.named_images(names, wanted.only)
    else:
        image_indices = outlines.typical_images(order, row_groups.image)

    def draw(image: str) -> Any:
        if isinstance(column, Groups):
            return outlines.draw_categories(column, pictures, image)
        return outlines.draw_outlines(column, pictures, image)

    def plot(image: str) -> Plot:
        return Plot(
            f"outlines-{word}-{image}",
            "Outlines",
            f"{label} in image {image}",
            outlines.caption(column),
            lambda: draw(image),
        )

    return [plot(names[index]) for index in image_indices]


def _with_unique_files(plots: Sequence[Plot]) -> list[Plot]:
    """The plots with file names that are valid on any system, each once."""
    taken: set[str] = set()
    named = []
    for plot in plots:
        plain = re.sub(r"[^\w.-]+", "-", plot.file)
        options = (plain if i == 1 else f"{plain}-{i}" for i in range(1, len(plots) + 1))
        name = next(option for option in options if option.lower() not in taken)
        taken.add(name.lower())
        named.append(Plot(f"{name}.png", plot.section, plot.title, plot.caption, plot.draw))
    return named


def _is_category(table: "pd.DataFrame", name: str) -> bool:
    """Whether a column is of categories rather than measured: few values, and no numbers."""
    return name in table and not holds_numbers(table[name]) and 0 < table[name].nunique() <= MOST
