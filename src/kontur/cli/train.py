"""`kontur train`: a model trained on images with annotations."""

import json
import os
import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from kontur import extra
from kontur.cli.ending_signals import SIGNALLED
from kontur.cli.options import Task, ValOption
from kontur.errors import InputError
from kontur.train import set_passive_waiting
from kontur.train.signals import Stopped

NEEDED = ("torch", "lightning")  # packages of the extra


def train(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="DATA", help="A folder of images with annotations."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The run's folder.")],
    val: ValOption = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="COLUMN|PATTERN",
            help="Hold out images with the same value in a column of metadata.csv, such as slide, "
            "together; or those with names that agree in the part in parentheses: "
            "'(film[0-9]+)_'.",
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes",
            metavar="M",
            help="Train for so long; the learning rate falls accordingly.  [default: 4000 steps]",
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="The family of models.  [default: snake]")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", help="Its size: paper, fast or tiny.  [default: fast]"),
    ] = None,
    task: Annotated[
        Task | None,
        typer.Option(
            "--task",
            help="The meaning of one mask file an image: every value an object, every connected "
            "region one, or every value a class.  [default: instances]",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="A TOML file of settings, as RUN/config.toml.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="One setting, over all others; repeatable."
        ),
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            "--sweep",
            metavar="KEY=VALUE,VALUE",
            help="Train once for every value, each in a folder inside --out, and compare the fits; "
            "repeatable, for all combinations.",
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", help="Weights to begin with: nuclei, another run, a .kontur file."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out from its last checkpoint.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Start afresh where --out holds a run.")
    ] = False,
) -> None:
    """Train a model on DATA and write it to RUN.

    The model is then used with `kontur predict --model RUN`. RUN has the settings (config.toml),
    checkpoints, scores (metrics.json), curves (curves.png) and pictures of validation images
    (overlays: the annotated outlines left, the model's right). After Ctrl-C --resume goes on from
    the same step, after a power cut from the last checkpoint.

    \b
    kontur train cells --out run --minutes 20
    kontur train cells --out run --from nuclei --set training.steps=1000
    kontur train cells --val 0.2 --out run --preset tiny --set training.batch=4
    kontur train --out run --resume
    kontur train cells --out sweep --sweep optimiser.weight_decay=0,1e-4,1e-2
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            f"training needs {' and '.join(missing)}: {extra.install('train')} brings it"
            f"{extra.torch_size()}"
        )
    data, more = data_and_settings(words or [])
    settings = [*(set_ or []), *more]
    named = {"data.task": task and task.value, "training.minutes": minutes, "data.group": group}
    if minutes is not None and config is None:
        from kontur.train.config import UNENDING  # here, for its families take long to import

        named["training.steps"] = UNENDING  # unless --set says otherwise
    settings = [*(f"{k}={json.dumps(v)}" for k, v in named.items() if v is not None), *settings]
    options: dict[str, Any] = {
        "out": out,
        "val": val,
        "kind": kind,
        "preset": preset,
        "config": config,
        "settings": settings,
        "start": from_,
        "resume": resume,
        "force": force,
    }
    set_passive_waiting()
    if os.environ.get("RANK", "0") == "0":  # torchrun's others follow the first
        _check(data, sweep, **options)  # before torch is imported, for seconds
    try:
        if sweep:
            from kontur.train.devices import launched
            from kontur.train.study.sweep import sweep as run_all

            if launched() is not None:
                raise InputError("torchrun trains one network; leave --sweep out, or torchrun")
            run_all(data, over=sweep, **options)
        else:
            from kontur.train.run import train as run

            run(data, **options)
    except Stopped as stopped:
        typer.echo(f"\n{str(stopped).capitalize()}", err=True)
        raise typer.Exit(SIGNALLED + stopped.number) from None


def _check(data: Path | None, sweep: list[str] | None, **options: Any) -> None:
    """Raise `InputError` for what is wrong without a look at the images. Imports no torch."""
    if sweep:
        from kontur.train.study.sweep_plan import plan_sweep

        plan_sweep(data, over=sweep, **options)
        return
    from kontur.train.given_settings import given_config
    from kontur.train.run_folder import check_run_folder

    out, force = options.pop("out"), options.pop("force")
    check_run_folder(out, resume=options["resume"], force=force)
    given_config(out, data, **options)


def data_and_settings(words: list[str]) -> tuple[Path | None, list[str]]:
    """The folder, and the settings among the arguments, as in `--set a=1 b=2`."""
    folders = [word for word in words if "=" not in word or Path(word).exists()]
    if len(folders) > 1:
        raise typer.BadParameter(
            f"wanted one folder, got {' and '.join(folders)}; kontur convert "
            f"{shlex.join(folders)} ALL --format geojson --images copy joins them in a folder ALL"
        )
    settings = [word for word in words if word not in folders]
    if folders and not Path(folders[0]).exists():
        raise InputError(f"there is no folder {folders[0]}")
    return Path(folders[0]) if folders else None, settings
