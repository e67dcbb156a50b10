"""`kontur demo`: outlines on real images that come with other packages, in one command."""

import time
from pathlib import Path
from typing import Annotated

import typer

from kontur.cli.options import ForceOption, ModelOption
from kontur.cli.predict import summary
from kontur.data.packaged_images import COINS, NUCLEI
from kontur.wording import plural

OUTPUTS = ("geojson", "labels", "csv", "overlay")
SHOWN = (NUCLEI, COINS)


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the outputs.")] = Path(
        "kontur-demo"
    ),
    model: ModelOption = "nuclei",
    force: ForceOption = False,
) -> None:
    """Outline nuclei and coins in real images.

    The images come with other packages: nuclei with mahotas, coins with scikit-image. For each a
    copy of the image with its outlines in three formats is written: GeoJSON for QuPath, a label
    image for Fiji and napari, a table with one row per object; and an overlay to look at.
    """
    from kontur.errors import InputError
    from kontur.files.atomic import write_bytes
    from kontur.infer.folder import predict_folder
    from kontur.infer.inputs import InputImage
    from kontur.infer.load import load
    from kontur.infer.options import PredictOptions
    from kontur.infer.tasks.image_task import Outcome

    start = time.perf_counter()
    predictor = load(model, device="cpu")
    outcomes: list[Outcome] = []
    for shown in SHOWN:
        path = shown.path()
        if path is None:
            typer.echo(f"{shown.name}: left out ({shown.install()} brings the image)")
            continue
        options = PredictOptions(diameter="auto", contrast="auto")  # a new user does not know them
        image = out / f"{shown.name}{path.suffix}"
        if force or not image.exists():
            write_bytes(image, path.read_bytes())
        inputs = [InputImage(shown.name, image)]
        for outcome in predict_folder(
            predictor,
            inputs,
            out,
            outputs=OUTPUTS,
            options=options,
            overwrite=force,
        ):
            outcomes.append(outcome)
            result = "already there" if outcome.skipped else plural(outcome.objects, "object")
            typer.echo(f"{shown.name}: {outcome.failure or result} ({shown.about})")
    if not outcomes:
        raise InputError(f"no image for the demo is installed; {NUCLEI.install()} brings one")
    typer.echo(summary(outcomes, out, time.perf_counter() - start))
    typer.echo(_next_steps(outcomes[0].input.path, out))
    if any(outcome.failure for outcome in outcomes):
        raise typer.Exit(1)


def _next_steps(image: Path, out: Path) -> str:
    outlines, labels = image.with_suffix(".geojson"), image.with_suffix(".labels.tif")
    return "\n".join(
        [
            f"look at {image.with_suffix('.overlay.png')}",
            f"open in QuPath: {image}, then drag {outlines.name} onto it",
            f"open in Fiji or napari: {image} and {labels.name}",
            "measure the objects (the extra tables): "
            f"kontur measure {outlines} {image} --out {out / 'table.csv'}",
            "outline your own: kontur predict YOUR_IMAGES --out DIR",
        ]
    )
