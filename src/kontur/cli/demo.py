"""`kontur demo`: outlines on real images that come with other packages, in one command."""

import time
from pathlib import Path
from typing import Annotated

import typer

from kontur.cli.options import ForceOption, ModelOption
from kontur.cli.predict import summary
from kontur.data.packaged import COINS, NUCLEI
from kontur.wording import plural

OUTPUTS = ("geojson", "csv", "overlay")


SHOWN = (NUCLEI, COINS)


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder for the outputs.")] = Path(
        "kontur-demo"
    ),
    model: ModelOption = "nuclei",
    force: ForceOption = False,
) -> None:
    """Outline nuclei and coins in real images.

    The images come with other packages: nuclei with mahotas, coins with scikit-image. For each an
    overlay to look at, GeoJSON for QuPath and a table with a row an object is written.
    """
    from kontur.errors import InputError
    from kontur.infer.folder import Outcome, predict_folder
    from kontur.infer.inputs import Input
    from kontur.infer.load import load
    from kontur.infer.options import PredictOptions
    from kontur.infer.record import identity

    start = time.perf_counter()
    predictor = load(model, device="cpu")
    outcomes: list[Outcome] = []
    for shown in SHOWN:
        path = shown.path()
        if path is None:
            typer.echo(f"{shown.name}: left out ({shown.install} brings the image)")
            continue
        unmeasured = PredictOptions(diameter="auto", contrast="auto")  # as a new user knows them
        inputs = [Input(shown.name, path)]
        for outcome in predict_folder(
            predictor,
            inputs,
            out,
            outputs=OUTPUTS,
            options=unmeasured,
            model=identity(model),
            overwrite=force,
        ):
            outcomes.append(outcome)
            found = "already there" if outcome.skipped else plural(outcome.objects, "object")
            typer.echo(f"{shown.name}: {outcome.failure or found} ({shown.about})")
    if not outcomes:
        raise InputError(f"no image for the demo is installed; {NUCLEI.install} brings one")
    typer.echo(summary(outcomes, out, time.perf_counter() - start))
    typer.echo(f"look at {out / outcomes[0].input.name}.overlay.png")
    if any(outcome.failure for outcome in outcomes):
        raise typer.Exit(1)
