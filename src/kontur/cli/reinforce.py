"""`kontur reinforce`: a trained model that learns from reward."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from kontur import extra
from kontur.cli.options import (
    ChannelOption,
    DataArgument,
    ForceOption,
    PageOption,
    QuietOption,
    ValOption,
)
from kontur.errors import InputError
from kontur.files.atomic import check_writable

NEEDED = ("torch", "onnx", "gymnasium")  # packages of the extras


class Method(StrEnum):
    """What learns from reward."""

    agent = "agent"
    snake = "snake"


def reinforce(
    data: DataArgument,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            help="The trained model: a shipped one's name, a run's folder or a .kontur file.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model file to write.")],
    val: ValOption = None,
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            help="Add an agent that corrects outlines, or fine-tune the model itself on IoU.",
        ),
    ] = Method.agent,
    minutes: Annotated[
        float, typer.Option("--minutes", metavar="M", min=0.05, help="Of one processor.")
    ] = 10.0,
    seed: Annotated[int, typer.Option("--seed", help="Of what is drawn at random.")] = 0,
    channel: ChannelOption = None,
    page: PageOption = None,
    force: ForceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Let a trained MODEL learn from reward: from how much its outlines gain in IoU.

    With --method agent an agent learns to correct outlines step by step, and is written with the
    model into one file; kontur predict --polish applies it. With --method snake the model's own
    last stages are fine-tuned. What is best on the validation images so far is in --out at any
    time; Ctrl-C keeps it.

    \b
    kontur reinforce cells --model RUN --out polished.kontur --minutes 10
    kontur predict images/ --model polished.kontur --polish --out predicted
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            f"learning from reward needs {' and '.join(missing)}: {extra.install('train,edit')} "
            f"brings it{extra.torch_size()}"
        )
    if out.exists() and not force:
        raise InputError(f"{out} exists; give another --out, or --force to overwrite it")
    if not data.exists():
        raise InputError(f"there is no folder {data}")
    check_writable(out)
    from kontur.edit.cases import check_snake
    from kontur.infer.model_files import find_model
    from kontur.models.archive import read_card

    check_snake(read_card(find_model(model)).kind)  # before torch is imported, for seconds
    from kontur.edit.reinforce import reinforce as run

    def report(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    before = _written(out)
    try:
        run(
            data,
            model=model,
            out=out,
            val=val,
            method=method.value,
            minutes=minutes,
            seed=seed,
            channel=channel,
            page=page,
            report=report,
        )
    except KeyboardInterrupt:
        kept = "has the best so far" if _written(out) != before else "was not written yet"
        raise KeyboardInterrupt(f"{out} {kept}") from None
    typer.echo(f"wrote {out}")


def _written(path: Path) -> int | None:
    """When a file was written; None where there is none."""
    return path.stat().st_mtime_ns if path.exists() else None
