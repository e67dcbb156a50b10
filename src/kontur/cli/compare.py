"""`kontur compare`: the best network for a folder of images, and whether more labels would help."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kontur import extra
from kontur.cli.options import QuietOption, Task, TaskOption
from kontur.cli.screen import table
from kontur.cli.train import NEEDED, data_and_settings
from kontur.errors import InputError
from kontur.train import set_passive_waiting
from kontur.wording import plural

if TYPE_CHECKING:
    from kontur.train.study.report import Comparison


def compare(
    words: Annotated[
        list[str], typer.Argument(metavar="DATA", help="A folder of images with annotations.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The study's folder.")],
    kinds: Annotated[
        str | None,
        typer.Option(
            "--kinds",
            metavar="LIST",
            help="The families of models, comma-separated.  [default: all]",
        ),
    ] = None,
    folds: Annotated[
        int, typer.Option("--folds", help="In how many parts the images are; each is held out.")
    ] = 5,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="COLUMN|PATTERN",
            help="Never separate images with the same value in a column of metadata.csv, such as "
            "slide; or with names that agree in the part in parentheses: '(film[0-9]+)_'.",
        ),
    ] = None,
    preset: Annotated[
        str, typer.Option("--preset", help="The size of the networks: paper, fast or tiny.")
    ] = "tiny",
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            metavar="M",
            help="Train each for so long, in minutes of processor time, which other work does not "
            "use up. The first fold of a network determines the number of steps, and all its fits "
            "take as many.  [default: 10, or --steps]",
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Train each for so many steps.")
    ] = None,
    task: TaskOption = Task.instances,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="[KIND:]KEY=VALUE",
            help="One setting of all, or of one kind; repeatable.",
        ),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            metavar="KIND:KEY=VALUE,…",
            help="A further row: a kind with other settings, or NAME:kind=KIND,…; repeatable.",
        ),
    ] = None,
    learning_curve: Annotated[
        bool,
        typer.Option("--learning-curve", help="Also learn from 10, 25, 50 and 75 % of the images."),
    ] = False,
    rank: Annotated[
        str | None,
        typer.Option(
            "--rank",
            help="What decides: AP, AP50, AP75, PQ, AJI, Dice or boundary IoU; of several classes "
            "also 'AP, mean over classes' or 'AP, class-agnostic'.  [default: AP, and of "
            "several classes their mean]",
        ),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit/--no-refit", help="Train the best one on all images.")
    ] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Start afresh where --out holds a study.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Find out which network is best for DATA, and train it on all of DATA.

    Each kind is trained once for every fold and evaluated on the images that the fold holds out; a
    threshold with a watershed serves as baseline. The table has the mean and standard deviation
    over the folds, and the cost of each. The model DIR/best is then used with `kontur predict
    --model DIR/best`. After an interruption, the same command goes on.

    In its shortest form that is 25 trainings of ten minutes, nearly five hours; --folds 2
    --minutes 2 gives a first look in about half an hour. The first lines say how long it takes.

    Of a folder with parts only train/ is divided into folds; val/ is used for training the best
    one, test/ is not used. With several classes an object counts as found where outline and class
    are right; 'AP, mean over classes' gives rare classes the weight of common ones, 'AP,
    class-agnostic' evaluates the outlines alone. comparison.csv has the AP of each class.

    \b
    kontur compare cells --out study --minutes 5
    kontur compare cells --out study --kinds snake,unet --folds 3 --group slide
    kontur compare cells --out study --kinds snake --also snake:model.points=32
    kontur compare cells --out curve --kinds snake --learning-curve     (would more labels help?)
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            f"comparing trains, and needs {' and '.join(missing)}: {extra.install('train')} "
            f"brings it{extra.torch_size()}"
        )
    data, more = data_and_settings(words)
    if data is None:
        raise typer.BadParameter("give a folder of images with annotations", param_hint="DATA")
    set_passive_waiting()
    from kontur.models import catalog
    from kontur.train.study.compare import compare as run
    from kontur.train.study.monitor import StudyMonitor

    named = [word.strip() for word in kinds.split(",")] if kinds else [*catalog.KINDS]
    try:
        comparison = run(
            data,
            out=out,
            kinds=[word for word in named if word],
            folds=folds,
            group=group,
            task=task.value,
            preset=preset,
            minutes=minutes,
            steps=steps,
            settings=[*(set_ or []), *more],
            also=also or [],
            learning_curve=learning_curve,
            rank=rank,
            refitted=refit,
            force=force,
            monitor=StudyMonitor(quiet=quiet),
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"the same command goes on with the study in {out}") from None
    typer.echo(report_text(comparison, out, learning_curve=learning_curve, refit=refit))
    if comparison.failures:
        typer.echo(f"{plural(len(comparison.failures), 'fit')} failed:", err=True)
        for failure in comparison.failures:
            typer.echo(f"  {failure}", err=True)
        typer.echo("the same command tries them again", err=True)
        raise typer.Exit(1)


def report_text(comparison: "Comparison", out: Path, *, learning_curve: bool, refit: bool) -> str:
    """Tables, conclusions, and the paths of the files, as text."""
    parts = [table(comparison.accuracy_rows()), table(comparison.cost_rows())]
    if learning_curve:
        parts.append(table(comparison.curve_rows()))
        parts.append("\n".join(comparison.curve_sentences()))
    parts.append("\n".join(comparison.sentences()))
    files = [f"{out / 'comparison.png'}, {out / 'comparison.csv'}"]
    if learning_curve:
        files.append(str(out / "learning-curve.png"))
    lines = [f"wrote {', '.join(files)}"]
    if refit and comparison.best is not None and comparison.refit_failure is None:
        lines.append(f"trained on all images: kontur predict IMAGES --model {out / 'best'} --out …")
    return "\n\n".join([*parts, "\n".join(lines)])
