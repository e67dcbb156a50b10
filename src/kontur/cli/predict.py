"""`kontur predict`: outlines of the objects in images, as files."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontur.cli.options import (
    Device,
    DeviceOption,
    ForceOption,
    ModelOption,
    QuietOption,
    ThreadsOption,
    takes_predict_options,
)
from kontur.cli.screen import steps
from kontur.errors import InputError
from kontur.wording import plural

if TYPE_CHECKING:
    from kontur.infer.folder import Outcome
    from kontur.infer.options import PredictOptions


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
    threads: ThreadsOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the outlines of the objects in IMAGES.

    Each image NAME gives {outputs} and NAME.overlay.png, as --format and --overlay ask for. Images
    are PNG, JPEG or TIFF. DIR/predict.json says which model and settings made them.

    An image that cannot be read is told at the end and does not stop the others. What is there
    already is kept and skipped, so the same command goes on after an interruption.

    \b
    kontur predict cells.tif --model nuclei --out outlines
    kontur predict plate/ --model RUN --out outlines --format geojson,csv --overlay
    kontur predict "scans/**/*.tif" --out outlines --diameter auto --score 0.5
    """
    from kontur.infer.folder import OVERLAY, parse_outputs, predict_folder
    from kontur.infer.inputs import find_inputs
    from kontur.infer.load import load
    from kontur.infer.record import identity

    start = time.perf_counter()
    outputs = [*parse_outputs(format), *([OVERLAY] if overlay else [])]
    inputs = find_inputs(images)
    predictor = load(model, device=device.value, threads=threads)
    outcomes: list[Outcome] = []
    found = predict_folder(
        predictor,
        inputs,
        out,
        outputs=outputs,
        options=options,
        model=identity(model),
        overwrite=force,
    )
    try:
        with steps(len(inputs), "outlining", quiet=quiet) as step, closing(found):
            for outcome in found:
                outcomes.append(outcome)
                if outcome.failure is None or len(inputs) > 1:  # else it is told below
                    step(_line(outcome))
    except KeyboardInterrupt:
        done = sum(outcome.failure is None for outcome in outcomes)
        raise KeyboardInterrupt(
            f"{done} of {len(inputs)} images are finished and whole in {out}; "
            "the same command goes on with the others."
        ) from None
    failed = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    if len(failed) == len(inputs) == 1:
        raise InputError(failed[0])
    typer.echo(summary(outcomes, out, time.perf_counter() - start))
    if failed:
        typer.echo(f"{len(failed)} of {len(inputs)} images failed:", err=True)
        for failure in failed:
            typer.echo(f"  {failure}", err=True)
        raise typer.Exit(1)


def summary(outcomes: Sequence["Outcome"], out: Path, seconds: float) -> str:
    """What came out, in one or two lines; of no image but those that failed, that nothing did."""
    done = [each for each in outcomes if not each.skipped and each.failure is None]
    skipped = sum(each.skipped for each in outcomes)
    repaired = sum(each.repaired for each in done)
    if outcomes and not done and not skipped:
        return f"nothing was written to {out}"
    lines = []
    if done or not skipped:
        objects = plural(sum(each.objects for each in done), "object")
        found = f"{objects} in {plural(len(done), 'image')} → {out}"
        mended = f", {plural(repaired, 'outline')} repaired" if repaired else ""
        lines.append(f"{found}{mended}, {seconds:.1f} s")
    if skipped:
        lines.append(f"{plural(skipped, 'image')} already there, skipped (--force makes them anew)")
    return "\n".join(lines)


def _line(outcome: "Outcome") -> str:
    name = outcome.input.path.name
    if outcome.skipped:
        return f"{name}: already there, skipped"
    if outcome.failure is not None:
        return f"{name}: failed"  # why, is told at the end
    scaled = f", seen at {outcome.scale:.2f} of its size" if outcome.scale != 1 else ""
    return f"{name}: {plural(outcome.objects, 'object')}, {outcome.seconds:.2f} s{scaled}"
