"""A sweep: one training for every value of a setting, and the fit as a function of the values.

The effect of capacity (widths, depths) and of regularisation (weight decay, L1, dropout) is
measured alike: the AP on training images, the AP on validation images, and the gap between them.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from kontur.errors import InputError
from kontur.evaluate import draw_lines
from kontur.evaluate.figure import stacked
from kontur.files.atomic import replacing, write_text
from kontur.models import catalog
from kontur.train.folder_lock import folder_lock
from kontur.train.logger import VAL_LOSS, read_rows, smoothed
from kontur.train.module import Diverged
from kontur.train.progress import ProgressDisplay
from kontur.train.run import train
from kontur.train.run_folder import LINES, METRICS, MODEL
from kontur.train.saved_settings import read_config
from kontur.train.study.sweep_plan import JUDGE_TRAIN, plan_sweep

TABLE, FIGURE = "sweep.md", "sweep.png"


class SweepResult(NamedTuple):
    """The result of one setting: the losses at the end, and the APs of the best network."""

    setting: str
    parameters: int
    train_loss: float
    val_loss: float
    train_ap: float
    val_ap: float

    @property
    def gap(self) -> float:
        """The AP on training images less that on validation images."""
        return self.train_ap - self.val_ap


def sweep(
    data: str | Path | None = None,
    *,
    out: str | Path,
    over: Sequence[str],
    settings: Iterable[str] = (),
    resume: bool = False,
    force: bool = False,
    display: ProgressDisplay | None = None,
    **options: Any,
) -> list[SweepResult]:
    """Train once for every combination of the values `over` names; best validation AP first.

    Args:
        data, out, settings, resume, force, display, options: as for `kontur.train.run.train`; every
            training has a folder of its own in `out`, named by its setting. With `resume` finished
            ones stay unless `settings` or `options` say something else now; others go on or begin.
        over: such as `optimiser.weight_decay=0,1e-4,1e-2` or `model.widths=[16,32],[32,64]`.

    Writes the table to OUT/sweep.md and the curves to OUT/sweep.png. A training that diverges is
    reported and left out.

    Raises:
        InputError: as `train`, where another process works on the sweep, for an `over` that names
            no values, and where all diverge; a wrong value, and trainings that would differ in more
            than `over`, before any of them starts.
    """
    out, display, settings = Path(out), display or ProgressDisplay(), list(settings)
    asked: dict[str, Any] = {"out": out, "over": over, "settings": settings, **options}
    with folder_lock(out):
        planned = plan_sweep(data, resume=resume, force=force, **asked)
        for number, each in enumerate(planned, start=1):
            finished = each.resumed and is_finished(each.folder)
            if finished and each.config == read_config(each.folder):
                display.print_line(f"[{number}/{len(planned)}] {each.name}: finished before")
                continue
            display.print_line(f"[{number}/{len(planned)}] {each.name}")
            try:
                train(
                    None if each.resumed else data,
                    out=each.folder,
                    settings=settings if each.resumed else [JUDGE_TRAIN, *settings, *each.words],
                    resume=each.resumed,
                    force=force,
                    baseline=False,
                    display=ProgressDisplay(display.console),
                    **options,
                )
            except Diverged as error:  # which is a result, too
                display.print_line(f"{each.name}: {error}")
        fits = [read_result(each.folder, each.name) for each in planned if is_finished(each.folder)]
        if not fits:
            raise InputError("every training of the sweep diverged; take a smaller optimiser.rate")
        ordered = sorted(fits, key=lambda fit: -fit.val_ap)
        write_text(out / TABLE, table(ordered) + "\n")
        with replacing(out / FIGURE) as temporary:
            draw(fits).save(temporary)
        display.print_line(table(ordered))
        display.print_line(f"the table is in {out / TABLE}, the curves are in {out / FIGURE}")
        return ordered


def is_finished(folder: Path) -> bool:
    """Whether a training is finished: the scores are written after everything else."""
    return (folder / MODEL).exists() and (folder / METRICS).exists()


def read_result(folder: Path, setting: str) -> SweepResult:
    """The result of a finished training."""
    metrics = json.loads((folder / METRICS).read_text(encoding="utf-8"))
    val = metrics["scores"]["AP"]
    rows = read_rows(folder / LINES)
    train_losses, val_losses = ([r[n] for r in rows if n in r] for n in ("train/total", VAL_LOSS))
    numbers = [math.nan if loss is None else loss for loss in train_losses]
    _, smooth = smoothed((range(len(numbers)), numbers), share=0.1)
    config = read_config(folder)
    return SweepResult(
        setting,
        parameters=count_parameters(config.kind, config.model),
        train_loss=smooth[-1] if smooth else math.nan,
        val_loss=math.nan if not val_losses or val_losses[-1] is None else val_losses[-1],
        train_ap=metrics.get("training_AP", math.nan),
        val_ap=1.0 if val is None else val,
    )


def count_parameters(kind: str, model: dict[str, Any]) -> int:
    """The number of a network's parameters, computed without allocating them."""
    with torch.device("meta"):
        segmenter = catalog.segmenter(kind, catalog.config(kind, model))
    return sum(parameter.numel() for parameter in segmenter.parameters())


def table(fits: Sequence[SweepResult]) -> str:
    """A Markdown table, a row for each."""
    head = ("setting", "parameters", "train loss", "val loss", "train AP", "val AP", "gap")
    rows = [
        (
            fit.setting,
            f"{fit.parameters:,}",
            *map(_number, (*fit[2:], fit.gap)),
        )
        for fit in fits
    ]
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def draw(fits: Sequence[SweepResult]) -> Any:
    """AP on training and validation images, and the loss, by setting in the order given."""
    names = [", ".join(word.partition("=")[2] for word in fit.setting.split(" ")) for fit in fits]
    keys = " and ".join(word.partition("=")[0] for word in fits[0].setting.split(" "))
    places = [float(i) for i in range(len(fits))]

    def lines(title: str, **curves: Callable[[SweepResult], float]) -> Any:
        drawn = {
            name.replace("_", " "): (places, [value(fit) for fit in fits])
            for name, value in curves.items()
        }
        return draw_lines(drawn, title=title, x_label=keys, x_names=names, y_range=(0.0, 1.0))

    scores = lines(
        "AP at the end of training",
        training_images=lambda fit: fit.train_ap,
        validation_images=lambda fit: fit.val_ap,
    )
    losses = lines(
        "Total loss at the end of training",
        training_crops=lambda fit: fit.train_loss,
        validation_crops=lambda fit: fit.val_loss,
    )
    return stacked([scores, losses])


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
