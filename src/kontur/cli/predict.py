"""`kontur predict`: outlines of the objects in images, as files."""

import contextlib
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontur.cli.command_advice import with_all_pages
from kontur.cli.options import (
    Device,
    DeviceOption,
    ForceOption,
    ModelOption,
    Precision,
    PrecisionOption,
    QuietOption,
    ThreadsOption,
)
from kontur.cli.predict_options import range_of_all, takes_predict_options
from kontur.cli.screen import steps
from kontur.errors import InputError
from kontur.wording import listed, plural, printable

if TYPE_CHECKING:
    from kontur.infer.inputs import InputImage
    from kontur.infer.options import PredictOptions
    from kontur.infer.tasks.image_task import Outcome
    from kontur.infer.tasks.workers import Workers


@takes_predict_options()
def predict(
    images: Annotated[
        list[str],
        typer.Argument(metavar="IMAGES", help="Image files, folders, or patterns in quotes."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the outputs.")],
    model: ModelOption = "nuclei",
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="LIST",
            help="What to write, comma-separated: {formats}.",
        ),
    ] = "geojson",
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Also draw the outlines on the image.")
    ] = False,
    *,
    options: "PredictOptions",
    device: DeviceOption = Device.auto,
    precision: PrecisionOption = Precision.auto,
    threads: ThreadsOption = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            help="Images, tiles or planes at a time, which share the threads.  [default: as many "
            "as processors, and one that waits for the disk, where there are twice as many images, "
            "or planes with --page all]",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            help="Have it done by a Dask cluster, whose machines see the same files: the address "
            "of its scheduler, as tcp://host:8786, or its scheduler file.",
        ),
    ] = None,
    report: Annotated[
        bool,
        typer.Option(
            "--report",
            help="Also write DIR/predict.parquet: name, objects, seconds and error of every image. "
            "With --cluster it always is.",
        ),
    ] = False,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the outlines of the objects in IMAGES.

    Each image NAME gives {outputs} and NAME.overlay.png, by --format and --overlay; with --page all
    NAME.overlay.tif, a page for each plane, in which --link colours by track. Images are PNG,
    JPEG, TIFF, BMP, GIF, WebP, NPY or OME-Zarr. DIR/predict.json records the model, settings and
    image file of all outlines. Of a training folder the images are outlined. GeoJSON, ImageJ ROIs
    and OME-Zarr keep the plane of a --page; the other formats have no place for it.

    An image that cannot be read is named at the end and does not stop the others. What is finished
    is kept and skipped, so the same command goes on after an interruption; an image that has
    changed since is outlined again. Other images of the same names need another --out.

    An image that is too large for one view is looked at in tiles that overlap, in constant memory;
    the objects are those of the whole image. After an interruption the missing tiles are done.

    Perimeters, shapes and brightness of the objects: kontur measure DIR IMAGES --out table.csv

    \b
    kontur predict cells.tif --model nuclei --out predicted
    kontur predict plate/ --model RUN --out predicted --format geojson,csv --overlay
    kontur predict "scans/**/*.tif" --out predicted --diameter auto --score 0.5
    kontur predict plates/ --out predicted --cluster tcp://host:8786
    """
    from kontur.cli.time_left import TimeLeft, weights_of
    from kontur.data.file_names import REPORT_FILE
    from kontur.infer.engines.choose_engine import on_gpu
    from kontur.infer.engines.engine_threads import processors
    from kontur.infer.folder import predict_folder
    from kontur.infer.inputs import find_inputs, images_below, unsupported_files, without_duplicates
    from kontur.infer.load import load
    from kontur.infer.outputs import OVERLAY, parse_outputs

    start = time.perf_counter()
    outputs = [*parse_outputs(format), *([OVERLAY] if overlay else [])]
    named = find_inputs(images)
    inputs, again = without_duplicates(named)
    if cluster is not None and (workers or threads):
        raise InputError(
            "the workers of a --cluster are its own, and so are their threads; leave --workers and "
            "--threads out"
        )
    waiting = 0 if threads else 1  # one worker more, for some always wait for the disk
    threads = threads or processors()
    if workers is None:
        several = (
            threads > 1
            and cluster is None
            and not on_gpu(device.value)
            and _count(inputs, options, at_least=2 * threads) >= 2 * threads
        )
        workers = threads + waiting if several else 1
    predictor = load(
        model,
        device=device.value,
        threads=max(1, threads // workers),
        precision=precision.value,
    )
    pool: int | Workers = workers
    if cluster is not None:
        from kontur.infer.cluster import DaskWorkers

        pool = DaskWorkers(
            cluster,
            model=model,
            device=device.value,
            notify=lambda line: typer.echo(line, err=True),
        )
    left = TimeLeft(weights_of(inputs), lambda: workers if isinstance(pool, int) else pool.threads)
    outcomes: list[Outcome] = []

    def show_part(image: "InputImage", done: int, total: int) -> None:
        left.part(image.name, done, total)
        step.part(printable(image.path.name), done, total)

    try:
        with (
            steps(len(inputs), "outlining", left=left.seconds, quiet=quiet) as step,
            closing(
                predict_folder(
                    predictor,
                    inputs,
                    out,
                    outputs=outputs,
                    options=options,
                    overwrite=force,
                    workers=pool,
                    report=out / REPORT_FILE if report or cluster is not None else None,
                    on_part=show_part,
                    on_measured=lambda done, total: step.beside("measuring", done, total),
                    on_join=lambda doing, *counts: step.beside(printable(doing), *counts),
                )
            ) as results,
        ):
            for outcome in results:
                outcomes.append(outcome)
                left.finished(outcome.input.name, outcome.seconds)
                if outcome.failure is None or len(inputs) > 1:  # else the end reports it
                    step(_line(outcome, options.page), printable(outcome.input.path.name))
    except KeyboardInterrupt:
        done = sum(outcome.failure is None for outcome in outcomes)
        raise KeyboardInterrupt(
            f"{done} of {len(inputs)} images are finished and whole in {out}; "
            "the same command goes on with the others."
        ) from None
    failures = [one for one in outcomes if one.failure is not None]
    if len(failures) == len(inputs) == 1:
        raise InputError(failures[0].failure)
    typer.echo(summary(outcomes, out, time.perf_counter() - start))
    if options.contrast == "folder":
        given = [each.contrast for each in outcomes if each.contrast is not None]
        for line in range_of_all(given[0] if given else None):
            typer.echo(f"  {line}")
    advice = [] if quiet else hints(outcomes)
    unread = [*unsupported_files(images), *images_below(images, named, out)]
    for line in [*advice, *again, *unread]:
        typer.echo(line, err=True)
    if failures:
        typer.echo(f"{len(failures)} of {len(inputs)} images failed:", err=True)
        for line in failed(failures):
            typer.echo(f"  {line}", err=True)
        raise typer.Exit(1)


def _count(inputs: Sequence["InputImage"], options: "PredictOptions", *, at_least: int) -> int:
    """How many images, or planes where every page is predicted; counting ends at `at_least`."""
    if options.page != "all" or len(inputs) >= at_least:
        return len(inputs)
    from kontur.images.page_count import count_pages

    count = 0
    for image in inputs:
        if count >= at_least:
            break
        with contextlib.suppress(InputError):  # which predicting it tells
            count += count_pages(image.path)
    return count


def summary(outcomes: Sequence["Outcome"], out: Path, seconds: float) -> str:
    """What was written, in one to five lines, or that nothing was."""
    done = [outcome for outcome in outcomes if not outcome.skipped and outcome.failure is None]
    skipped = sum(outcome.skipped for outcome in outcomes)
    unverified = sum(outcome.unverified for outcome in outcomes)
    repaired = sum(outcome.repaired for outcome in done)
    folder = printable(str(out))
    if outcomes and not done and not skipped:
        return f"nothing was written to {folder}"
    lines = []
    if done or not skipped:
        objects = plural(sum(outcome.objects for outcome in done), "object")
        made = f"{objects} in {plural(len(done), 'image')} → {folder}"
        repairs = f", {plural(repaired, 'outline')} repaired" if repaired else ""
        lines.append(f"{made}{repairs}, {seconds:.1f} s")
    if skipped:
        lines.append(f"{plural(skipped, 'image')} already there, skipped (--force makes them anew)")
    if unverified:
        lines.append(
            f"of these, {plural(unverified, 'image')} without a record of the file from which the "
            "outlines were made (an older Kontur or another program wrote them)"
        )
    removed = [file.name for outcome in outcomes for file in outcome.removed]
    if removed:
        lines.append(
            "removed, for they held earlier outlines and cannot hold the new ones: "
            f"{printable(listed(removed))}"
        )
    left = [file.name for outcome in outcomes for file in outcome.left]
    if left:
        lines.append(
            "not touched, for predict.json does not name them; if Kontur wrote them, they show "
            f"earlier outlines: {printable(listed(left))}"
        )
    return "\n".join(lines)


def hints(outcomes: Sequence["Outcome"]) -> list[str]:
    """Each hint once, with the images that it is for."""
    names: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.hint is not None:
            names.setdefault(outcome.hint, []).append(printable(outcome.input.path.name))
    return [f"hint, {listed(images)}: {hint}" for hint, images in names.items()]


def failed(outcomes: Sequence["Outcome"]) -> list[str]:
    """Each reason once, with the images that failed for it."""
    alike: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        place = printable(str(outcome.input.path))
        alike.setdefault((outcome.failure or "").replace(place, ""), []).append(outcome)
    lines = []
    for first, *others in alike.values():
        lines.append(with_all_pages(first.failure or ""))
        if others:
            names = listed(printable(each.input.path.name) for each in others)
            lines.append(f"  and the same of {names}")
    return lines


def _line(outcome: "Outcome", page: int | str | None) -> str:
    """A line on an image; empty for one that was there, which the end counts."""
    name = printable(outcome.input.path.name)
    if outcome.skipped:
        return ""
    if outcome.failure is not None:
        return f"{name}: failed"  # the end reports why
    notes = [] if page is None else ["every page" if page == "all" else f"page {page}"]
    notes += [f"scaled by {outcome.scale:.2f}"] if outcome.scale != 1 else []
    notes += ["outlined again, the file has changed"] if outcome.changed else []
    end = "".join(f", {note}" for note in notes)
    return f"{name}: {plural(outcome.objects, 'object')}, {outcome.seconds:.2f} s{end}"
