"""`kontur classify`: the rows of a table, or the objects of outlines, classified by a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontur.cli.options import (
    ChannelOption,
    ForceOption,
    MetadataOption,
    PageOption,
    PixelSizeOption,
    QuietOption,
    Task,
    TaskOption,
    parse_pixel_size,
)
from kontur.cli.screen import counter, print_notes, table
from kontur.errors import InputError
from kontur.wording import plural

if TYPE_CHECKING:
    import pandas as pd

    from kontur.measure.learn.classify import Target
    from kontur.measure.learn.trained.table_model import TableModel

QUANTILES = {"5th": 0.05, "median": 0.5, "95th": 0.95}


def classify(
    what: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE|OUTLINES",
            help="A table of kontur measure; or outlines or label images, a file or a folder of "
            "them, or a training folder.",
        ),
    ],
    images: Annotated[
        list[str] | None,
        typer.Argument(metavar="[IMAGES]", help="The images of the outlines."),
    ] = None,
    *,
    model: Annotated[Path, typer.Option("--model", "-m", help="The model file of kontur learn.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="TABLE|DIR",
            help="Predictions, .csv or .parquet; for outlines the folder to write them to.",
        ),
    ],
    pixel_size: PixelSizeOption = None,
    metadata: MetadataOption = None,
    task: TaskOption = Task.instances,
    channel: ChannelOption = None,
    page: PageOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Predict the class of every row of TABLE, or of every object of OUTLINES.

    A table gives a table of predictions, a row each: image, id, predicted, and the probability of
    every class. Outlines are measured, and written to DIR with the predicted classes and otherwise
    unchanged, as GeoJSON (QuPath shows the classes in colours), COCO or CSV like the input; label
    images become GeoJSON. Give the IMAGES where the model uses brightness.

    \b
    kontur classify worms.parquet --model state.safetensors --out predictions.csv
    kontur classify outlines images --model state.safetensors --out classified
    """
    from kontur.measure.learn.classify import check_targets, targets
    from kontur.measure.learn.trained.model_file import read_table_model
    from kontur.measure.measure_many import measure_many
    from kontur.measure.sources.find_sources import find_sources

    is_table = _is_table(what, images, out)
    table_model = read_table_model(model)
    if is_table:
        _classify_table(table_model, what, out, force=force)
        return
    _check_predicts_classes(table_model)
    side = parse_pixel_size(pixel_size)
    sources = find_sources(
        what, images or [], task=task.value, channel=channel, page=page, metadata=metadata
    )
    places = targets(what, out, sources)
    check_targets(places, out, overwrite=force)
    with counter("measuring", quiet=quiet) as progress:
        rows = measure_many(sources.images, pixel_size=side, progress=progress)
    print_notes(sources.notes)
    _classify_outlines(table_model, rows, places, page=page, force=force)
    typer.echo(f"\nwrote {plural(len(places), 'file')} to {out}")


def _is_table(what: Path, images: list[str] | None, out: Path) -> bool:
    """Whether a table is to be classified; `InputError` where it is neither that nor outlines."""
    from kontur.measure.tables.table_files import ENDINGS, READ_ENDINGS

    is_table = what.suffix.lower() in READ_ENDINGS and out.suffix.lower() in ENDINGS
    if is_table and images:
        raise InputError(
            f"a table is classified by itself, without images, got {images[0]}; outlines, which "
            "have images, are classified into a folder: --out DIR"
        )
    if not is_table and (what.suffix.lower() == ".parquet" or out.suffix.lower() in ENDINGS):
        raise InputError(
            "a table is classified into a table, --out predictions.csv, and outlines into a "
            f"folder, --out DIR; got {what} and --out {out}"
        )
    return is_table


def _check_predicts_classes(model: "TableModel") -> None:
    if not model.card.classes:
        raise InputError(
            f"the model predicts a number, {model.card.target}, which outlines cannot hold; "
            "measure them and classify the table"
        )


def _classify_table(model: "TableModel", place: Path, out: Path, *, force: bool) -> None:
    from kontur.measure.learn.classify import predictions
    from kontur.measure.tables.table_files import check_target, read_table, targets, write_table

    check_target(out, overwrite=force, source=place)
    rows = read_table(place)
    predicted = predictions(model, rows)
    write_table(out, predicted, overwrite=force)
    _print_summary(model, rows, predicted)
    typer.echo(f"\nwrote {' and '.join(map(str, targets(out)))}")


def _classify_outlines(
    model: "TableModel",
    rows: "pd.DataFrame",
    places: "list[Target]",
    *,
    page: int | None,
    force: bool,
) -> None:
    """Write the objects of outlines, which `rows` measures, with their predicted classes."""
    from kontur.measure.learn.classify import check_brightness, predictions, write_classified

    check_brightness(model, rows)
    predicted = predictions(model, rows)
    classes = list(map(str, model.card.classes))
    write_classified(places, predicted, classes, page=page, overwrite=force)
    _print_summary(model, rows, predicted)


def _print_summary(model: "TableModel", rows: "pd.DataFrame", predicted: "pd.DataFrame") -> None:
    """Print a summary of the predictions, and warnings about the rows."""
    from kontur.measure.tables.empty_images import empty_images_notes
    from kontur.measure.tables.table_operations import ignored

    warnings = rows.attrs.get("warnings", ())
    print_notes((*warnings, *empty_images_notes(rows), *model.notes(rows)))
    typer.echo(summary(model, predicted))
    if out := int(ignored(rows).sum()):
        typer.echo(f"{plural(out, 'row')} of regions to ignore: without prediction")


def summary(model: "TableModel", predicted: "pd.DataFrame") -> str:
    """The number of objects of each class, or quantiles of the predicted number, as text."""
    from kontur.measure.learn.classify import PREDICTED

    card, values = model.card, predicted[PREDICTED]
    objects = plural(len(predicted), "object")
    if "image" in predicted:
        objects += f" in {plural(predicted['image'].nunique(), 'image')}"
    learned = f"{plural(card.objects, 'object')} in {plural(card.images, 'image')}"
    lines = [f"{objects}; {card.target} by {card.family}, learned from {learned}"]
    if card.classes and len(values):
        count = {str(name): int((values == name).sum()) for name in card.classes}
        total = max(1, sum(count.values()))
        cells = [[name, f"{n:,}", f"{100 * n / total:.1f}"] for name, n in count.items()]
        lines += ["", table([[card.target, "objects", "%"], *cells])]
    elif len(values):
        spread = values.quantile(list(QUANTILES.values()))
        row = [card.target, card.unit, *(f"{value:.4g}" for value in spread)]
        lines += ["", table([["", "unit", *QUANTILES], row])]
    return "\n".join(lines)
