"""`kontur learn`: a model that predicts a column of a table, with its scores and explanation."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontur.cli.options import (
    ChannelOption,
    ForceOption,
    MeasuredOutlinesOption,
    PageOption,
    QuietOption,
    comma_separated,
)
from kontur.cli.screen import counter, table
from kontur.errors import InputError

if TYPE_CHECKING:
    from kontur.measure.learn.result import Study

NONE = "none"  # as --group: every row is a group of its own


class TaskKind(StrEnum):
    """Whether the target is a class or an amount."""

    classify = "classify"
    regress = "regress"


def learn(
    measured: Annotated[
        Path, typer.Argument(metavar="TABLE", help="A table of kontur measure, .parquet or .csv.")
    ],
    *,
    target: Annotated[
        str, typer.Option("--target", "-t", metavar="COLUMN", help="The column to predict.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="MODEL", help="The file to write: .safetensors.")
    ],
    group: Annotated[
        str,
        typer.Option(
            "--group",
            metavar="COLUMN|none",
            help="Rows with the same value in it are held out together; none: each row by itself.",
        ),
    ] = "image",
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="LIST",
            help="What to learn from: names, patterns such as efd_*, positions such as 3:7, form, "
            "intensity, neighbours; comma-separated.  [default: every measurement]",
        ),
    ] = None,
    without: Annotated[
        str | None,
        typer.Option(
            "--without", metavar="LIST", help="Columns to leave out of these, in the same words."
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            "--classes",
            metavar="LIST",
            help="Predict these classes only; rows of others are left out.  [default: all]",
        ),
    ] = None,
    families: Annotated[
        str | None,
        typer.Option(
            "--families",
            metavar="LIST",
            help="Families of models to try, such as linear,boosting,network.  [default: all]",
        ),
    ] = None,
    folds: Annotated[
        int, typer.Option("--folds", help="In how many parts the groups are; each is held out.")
    ] = 5,
    nested: Annotated[
        bool,
        typer.Option(
            "--nested/--plain",
            help="Choose settings within each fold, or by the folds that evaluate them (quicker, "
            "slightly optimistic).",
        ),
    ] = True,
    task: Annotated[
        TaskKind | None,
        typer.Option(
            "--task", help="Predict classes or an amount.  [default: by the values of the target]"
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="DIR", help="Also write a page with figures, and tables of scores."
        ),
    ] = None,
    images: Annotated[
        list[str] | None,
        typer.Option(
            "--images",
            metavar="IMAGES",
            help="The images that were measured, for pictures of wrongly predicted objects on the "
            "page of --report: a folder, files, or a training folder; repeatable.",
        ),
    ] = None,
    outlines: MeasuredOutlinesOption = None,
    channel: ChannelOption = None,
    page: PageOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Learn to predict a column of TABLE from the measurements of its objects.

    Several families of models are compared on the same folds, which never split the objects of an
    image (or of a --group), and with two baselines: the commonest class or the mean, and the best
    single measurement. The best is fitted on all rows and written to MODEL, which kontur classify
    takes.

    \b
    kontur learn worms.parquet --target state --out state.safetensors --report report
    kontur learn cells.csv --target stain --group slide --columns form --out stain.safetensors
    kontur learn worms.csv --target state --out state.safetensors --report r --images worms
    kontur learn cells.csv --target area --without "area*,feret*" --out area.safetensors
    """
    from kontur.files import atomic
    from kontur.measure.extra import package
    from kontur.measure.tables.table_files import read_table

    for name in ("pandas", "sklearn", "matplotlib"):
        package(name)
    from kontur.measure.learn.report.folder import check_folder, write_report
    from kontur.measure.learn.study import learn as run_study
    from kontur.measure.learn.trained.model_file import check_place, write_table_model
    from kontur.measure.plots.pictures import find_pictures

    check_place(out, overwrite=force)
    if report is not None:
        check_folder(report, overwrite=force)
        atomic.check_writable(report / "report.html")
    rows = read_table(measured)
    pictures = None
    if images or outlines:
        if report is None:
            raise InputError(
                "pictures of wrongly predicted objects stand on the page of a report; name its "
                "folder with --report DIR, or leave out --images and --outlines"
            )
        named = rows[rows["image"].notna()] if "image" in rows else rows
        pictures = find_pictures(named, images or [], outlines, channel=channel, page=page)
    with counter("learning", quiet=quiet) as progress:
        study = run_study(
            rows,
            target,
            group=None if group == NONE and NONE not in rows else group,
            columns=None if columns is None else comma_separated(columns),
            without=comma_separated(without),
            classes=None if classes is None else comma_separated(classes),
            families=None if families is None else comma_separated(families),
            folds=folds,
            nested=nested,
            task=None if task is None else task.value,
            progress=progress,
        )
    # Printed before anything is written: it took long, and a disk may be full.
    typer.echo(report_text(study, pictured=pictures is not None))
    write_table_model(out, study.table_model, overwrite=force)
    written = [str(out)]
    if report is not None:
        if pictures is not None:
            pictures = replace(pictures, table=study.task.table)
        write_report(report, study, source=measured.name, pictures=pictures)
        written.append(str(report / "report.html"))
    typer.echo(f"\nwrote {' and '.join(written)}")


def report_text(study: "Study", *, pictured: bool = False) -> str:
    """The report as plain text."""
    from kontur.measure.learn.report.sections import sections

    parts = []
    printed = [
        section
        for section in sections(study, pictured=pictured)
        if section.rows or section.sentences
    ]
    for number, section in enumerate(printed):
        rows = [table(section.rows)] if len(section.rows) > 1 else []
        notes = [f"! {note}" for note in study.notes]
        block = [*section.sentences, *notes, *rows]
        if number:
            block = [section.title, *rows, *section.sentences]
        block += [f"  {word}: {meaning}" for word, meaning in section.terms.items()]
        parts.append("\n".join(block))
    return "\n\n".join(parts)
