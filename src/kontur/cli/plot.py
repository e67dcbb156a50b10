"""`kontur plot`: plots of a table of objects, and one HTML page with all of them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kontur.cli.options import (
    ChannelOption,
    ForceOption,
    MeasuredOutlinesOption,
    PageOption,
    QuietOption,
    Task,
    TaskOption,
    comma_separated,
)
from kontur.cli.screen import counter, print_notes
from kontur.cli.screen import table as aligned
from kontur.wording import plural

PAGE = "index.html"


class AxisScale(StrEnum):
    """The scale of an axis."""

    auto = "auto"
    linear = "linear"
    log = "log"


def plot(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="A table of objects, .parquet or .csv.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where the plots go.")],
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="LIST",
            help="Distributions of these columns: names, patterns such as efd_*, positions such as "
            "3:7, form, intensity, neighbours; comma-separated.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="COLUMN",
            help="Compare the groups of this column.  [default: the classes, or the first column "
            "of metadata with few values]",
        ),
    ] = None,
    scatters: Annotated[
        list[str] | None,
        typer.Option("--scatter", metavar="X,Y", help="Two columns; repeatable."),
    ] = None,
    galleries: Annotated[
        list[str] | None,
        typer.Option(
            "--gallery",
            metavar="COLUMN",
            help="Objects at percentiles of a column, cut out of --images; repeatable.",
        ),
    ] = None,
    percentiles: Annotated[
        str | None,
        typer.Option(
            "--percentiles", metavar="LIST", help="Of a gallery.  [default: 1,10,25,50,75,90,99]"
        ),
    ] = None,
    colours: Annotated[
        list[str] | None,
        typer.Option(
            "--colour",
            "--color",
            metavar="COLUMN",
            help="Outlines on --images, coloured by a column; repeatable.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--image",
            metavar="NAME",
            help="Colour the outlines of this image, or of those that fit a pattern in quotes; "
            "repeatable.  [default: those of the lowest, middle and highest median]",
        ),
    ] = None,
    images: Annotated[
        list[str] | None,
        typer.Option(
            "--images",
            metavar="IMAGES",
            help="The images that were measured: a folder, files, or a training folder; "
            "repeatable.",
        ),
    ] = None,
    outlines: MeasuredOutlinesOption = None,
    scale: Annotated[
        AxisScale,
        typer.Option("--scale", help="auto is log where all values are above 0 and span decades."),
    ] = AxisScale.auto,
    task: TaskOption = Task.instances,
    channel: ChannelOption = None,
    page: PageOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw TABLE: distributions by group, scatter plots, galleries of objects, coloured outlines.

    Every plot becomes a PNG in DIR, and all of them are in one page, DIR/index.html, which loads
    nothing else. Points are images: objects of one image are not independent. By default the main
    measurements are drawn, and with --images the objects too. Regions to ignore are left out and
    counted.

    \b
    kontur plot cells.parquet --out plots
    kontur plot worms.parquet --out plots --columns sagitta,area --by state
    kontur plot cells.parquet --out plots --scatter area,circularity
    kontur plot worms.parquet --out plots --images worms --gallery sagitta --colour sagitta
    """
    from kontur.data.layouts.work_in_folder import refuse_work
    from kontur.files import atomic
    from kontur.formats.output_names import check_can_be_folder
    from kontur.measure.plots import style
    from kontur.measure.plots.distributions import SUMMARY_COLUMNS
    from kontur.measure.plots.page import page as plots_page
    from kontur.measure.plots.pictures import find_pictures
    from kontur.measure.plots.plan import PlotRequest, make_plan, objects
    from kontur.measure.tables.table_files import read_table

    check_can_be_folder(out)
    refuse_work(out, "plots")
    wanted = PlotRequest(
        columns=comma_separated(columns),
        scatters=[_pair(word) for word in scatters or []],
        galleries=galleries or [],
        colours=colours or [],
        by=by,
        only=only or [],
        scale=scale.value,
    )
    if percentiles is not None:
        wanted = wanted._replace(percentiles=_percentiles(percentiles))
    rows, notes = objects(read_table(table))
    pictures = None
    if images or outlines:
        pictures = find_pictures(
            rows, images or [], outlines, task=task.value, channel=channel, page=page
        )
    plan = make_plan(rows, wanted, pictures)
    notes += plan.notes
    files = [out / name for name in (PAGE, *(planned.file for planned in plan.plots))]
    atomic.refuse_existing(files, overwrite=force)
    atomic.check_writable(out / PAGE)
    drawn = []
    with counter("drawing", quiet=quiet) as progress:
        for planned in plan.plots:
            drawn.append(style.png(planned.draw()))
            progress(len(drawn), len(plan.plots))
    about = f"{plan.groups.counted(plan.groups.group >= 0)}"
    if plan.groups.by:
        about += f", by {plan.groups.by}: {', '.join(plan.groups.names)}"
    for planned, png in zip(plan.plots, drawn, strict=True):
        atomic.write_bytes(out / planned.file, png)
    atomic.write_text(out / PAGE, plots_page(table.name, plan, drawn, notes))
    print_notes(notes)
    typer.echo(about)
    if plan.summary:
        typer.echo("\n" + aligned([[*SUMMARY_COLUMNS], *map(list, plan.summary)]))
    typer.echo(f"\nwrote {out / PAGE} and its {plural(len(drawn), 'plot')} as PNG beside it")


def _pair(words: str) -> tuple[str, str]:
    names = comma_separated(words)
    if len(names) != 2:
        raise typer.BadParameter(
            f"wanted two columns X,Y such as area,circularity, got {words!r}",
            param_hint="--scatter",
        )
    return names[0], names[1]


def _percentiles(words: str) -> list[float]:
    try:
        percentiles = [float(word) for word in comma_separated(words)]
    except ValueError:
        percentiles = []
    if not percentiles or not all(0 <= percentile <= 100 for percentile in percentiles):
        raise typer.BadParameter(
            f"wanted numbers from 0 to 100 such as 5,50,95, got {words!r}",
            param_hint="--percentiles",
        )
    return list(dict.fromkeys(percentiles))
