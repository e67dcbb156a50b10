"""A sweep: one training for every value of a setting, and the fit as a function of the values.

The effect of capacity (widths, depths) and of regularisation (weight decay, L1, dropout) is
measured alike: the AP on training images, the AP on validation images, and the gap between them.
"""

import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from kontur.errors import InputError
from kontur.evaluate import draw_lines
from kontur.evaluate.figure import stacked
from kontur.files.atomic import replacing, write_text
from kontur.models import catalog
from kontur.settings import merge, overrides
from kontur.train.config import RunConfig
from kontur.train.folder_lock import folder_lock
from kontur.train.logger import VAL_LOSS, read_rows, smoothed
from kontur.train.module import Diverged
from kontur.train.progress import ProgressDisplay
from kontur.train.run import train
from kontur.train.run_folder import CONFIG, LINES, METRICS, MODEL
from kontur.train.saved_settings import read_config, resumed_config

TABLE, FIGURE = "sweep.md", "sweep.png"
JUDGE_TRAIN = "training.judge_train=8"  # by default, for the gap

UNSAFE = re.compile(r"[^\w.=+-]+")  # characters in names of files
ALIKE = ("kind", "preset", "start", "data", "augment", "optimiser", "training", "model")
# Settings of a network that follow from the images when a run begins.
FROM_DATA = ("classes", "channels", "task", "reference_size")


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
    combinations = combinations_of(over)
    folders = [out / folder_name(words) for words in combinations]
    with folder_lock(out):
        if not (resume or force):
            _refuse_taken(out, folders)
        planned = [
            _resumed_config(folder, data, settings, options)
            if resume and (folder / CONFIG).exists()
            else _new_config(data, [JUDGE_TRAIN, *settings, *words], options)
            for words, folder in zip(combinations, folders, strict=True)
        ]
        _check_alike(folders, planned, combinations[0])
        todo = zip(combinations, folders, planned, strict=True)
        for number, (words, folder, config) in enumerate(todo, start=1):
            name = " ".join(words)
            if resume and is_finished(folder) and config == read_config(folder):
                display.print_line(f"[{number}/{len(folders)}] {name}: finished before")
                continue
            display.print_line(f"[{number}/{len(folders)}] {name}")
            resumed = resume and (folder / CONFIG).exists()
            try:
                train(
                    None if resumed else data,
                    out=folder,
                    settings=settings if resumed else [JUDGE_TRAIN, *settings, *words],
                    resume=resumed,
                    force=force,
                    display=ProgressDisplay(display.console),
                    **options,
                )
            except Diverged as error:  # which is a result, too
                display.print_line(f"{name}: {error}")
        fits = [
            read_result(folder, " ".join(words))
            for words, folder in zip(combinations, folders, strict=True)
            if is_finished(folder)
        ]
        if not fits:
            raise InputError("every training of the sweep diverged; take a smaller optimiser.rate")
        ordered = sorted(fits, key=lambda fit: -fit.val_ap)
        write_text(out / TABLE, table(ordered) + "\n")
        with replacing(out / FIGURE) as temporary:
            draw(fits).save(temporary)
        display.print_line(table(ordered))
        display.print_line(f"the table is in {out / TABLE}, the curves are in {out / FIGURE}")
        return ordered


def combinations_of(over: Sequence[str]) -> list[list[str]]:
    """Every combination of the values that several `KEY=A,B` name.

    >>> combinations_of(["optimiser.rate=1e-3,1e-2", "training.batch=4"])
    [['optimiser.rate=1e-3', 'training.batch=4'], ['optimiser.rate=1e-2', 'training.batch=4']]
    """
    values = [values_of(words) for words in over]
    keys = [words[0].partition("=")[0] for words in values]
    twice = [key for key in keys if keys.count(key) > 1]
    if twice:
        raise InputError(f"--sweep has {twice[0]} twice; give all its values in one: KEY=A,B,C")
    combinations = [list(words) for words in itertools.product(*values)]
    places: dict[str, list[str]] = {}
    for words in combinations:
        other = places.setdefault(folder_name(words).lower(), words)
        if other is not words:
            raise InputError(
                f"{' '.join(other)} and {' '.join(words)} would be trained in folders of one name; "
                "sweep them apart, each with an --out of its own"
            )
    return combinations


def values_of(words: str) -> list[str]:
    """`KEY=A,B` as `["KEY=A", "KEY=B"]`; commas inside brackets belong to a value.

    >>> values_of("optimiser.weight_decay=0,1e-4")
    ['optimiser.weight_decay=0', 'optimiser.weight_decay=1e-4']
    >>> values_of("model.widths=[8,16],[16, 32]")
    ['model.widths=[8,16]', 'model.widths=[16,32]']
    """
    key, equals, values = words.partition("=")
    parts = [value.replace(" ", "") for value in re.split(r",(?![^\[]*\])", values)]
    if not (key.strip() and equals) or not all(parts):
        raise InputError(
            f"--sweep wants KEY=VALUE,VALUE such as optimiser.weight_decay=0,1e-4, got {words!r}"
        )
    if len(set(parts)) < len(parts):
        raise InputError(f"--sweep {words} has a value twice; leave one out")
    return [f"{key.strip()}={value}" for value in parts]


def folder_name(words: Sequence[str]) -> str:
    """The name of a training's folder: its settings, in characters that any file system accepts.

    >>> folder_name(["model.widths=[8,16]", "optimiser.name=sgd"])
    'model.widths=8-16+optimiser.name=sgd'
    """
    plain = []
    for word in words:
        key, _, value = word.partition("=")
        plain.append(f"{key}={re.sub(UNSAFE, '-', value.strip('[]')).rstrip('-')}")
    return "+".join(plain)


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


def _new_config(
    data: str | Path | None,
    settings: Sequence[str],
    options: Mapping[str, Any],
) -> RunConfig:
    """The settings of a new training, checked as far as possible without the data."""
    given, file = _given(data, **options)
    resolved = RunConfig.resolve(file=file, settings=settings, given=given)
    if resolved.start is not None:  # whose file has the settings that these are laid over
        return resolved
    network = catalog.config(resolved.kind, resolved.model, preset=resolved.preset)
    return resolved.replace(model=network.model_dump(mode="json"))


def _resumed_config(
    folder: Path, data: str | Path | None, settings: Sequence[str], options: Mapping[str, Any]
) -> RunConfig:
    """The settings of an existing training, overridden by `settings` and `options`.

    Raises `InputError` where they cannot be changed, or `data` are not those that it learns from.
    """
    given, file = _given(None, **options)
    config = resumed_config(folder, given, settings, file=file)
    if data is not None and Path(data).resolve() != Path(config.data.path).resolve():
        raise InputError(
            f"{folder} learns from {config.data.path}, so it could not be compared with trainings "
            f"on {data}; give --resume the DATA that the sweep was begun with (--set data.path="
            f"{data} where they have moved), or start afresh with --force"
        )
    return config


def _given(
    data: str | Path | None,
    *,
    val: str | Path | float | None = None,
    config: str | Path | None = None,
    **options: str | None,
) -> tuple[dict[str, Any], Path | None]:
    """The settings that options of `train` name, and the file of further ones."""
    folders = {"path": data, "val": val}
    given = {
        **{key: value for key, value in options.items() if value is not None},
        "data": {
            key: value if isinstance(value, float) else str(value)
            for key, value in folders.items()
            if value is not None
        },
    }
    return given, Path(config) if config else None


def _check_alike(folders: Sequence[Path], planned: Sequence[RunConfig], swept: list[str]) -> None:
    """Raise `InputError` where trainings differ in more than the swept settings.

    So those of an earlier call are not compared with others that have other images or more steps.
    """
    trees = [merge(config.model_dump(mode="json"), overrides(swept)) for config in planned]
    for tree in trees:
        tree["data"]["path"] = str(Path(tree["data"]["path"]).resolve())
        tree["model"] = {k: v for k, v in tree["model"].items() if k not in FROM_DATA}
    keys = {word.partition("=")[0] for word in swept}
    # The data choose the scale, it the crop, that the batch: for all alike, unless one is swept.
    scales = [tree["data"]["scale"] for tree in trees]
    crops = [tree["augment"]["crop"] for tree in trees]
    batches = [tree["training"]["batch"] for tree in trees]
    for tree in trees:
        if "auto" in scales:
            del tree["data"]["scale"]
        if None in crops or "data.scale" in keys:
            del tree["augment"]["crop"]
        if None in batches or keys & {"data.scale", "augment.crop"}:
            del tree["training"]["batch"]
    # Another kind or preset is another network, and the network of a start is in its file.
    others = keys & {"kind", "preset", "start"}
    one_network = not others and trees[0]["start"] is None
    alike = [name for name in ALIKE if name != "model" or one_network]
    first = _flat({name: trees[0][name] for name in alike})
    for folder, tree in zip(folders, trees, strict=True):
        settings = _flat({name: tree[name] for name in alike})
        other = [key for key in first if first[key] != settings.get(key)]
        if other:
            key = other[0]
            raise InputError(
                f"{key} would be {first[key]} in {folders[0].name} and {settings.get(key)} in "
                f"{folder.name}, so they could not be compared; give --resume the DATA and the "
                "settings that the sweep was begun with, or start afresh with --force"
            )


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested mapping as one from `a.b.c` to values."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        deeper = isinstance(value, Mapping)
        flat |= _flat(value, f"{prefix}{key}.") if deeper else {prefix + key: value}
    return flat


def _refuse_taken(out: Path, folders: Sequence[Path]) -> None:
    """Raise `InputError` where one of the folders holds a training already."""
    taken = [folder.name for folder in folders if (folder / CONFIG).exists()]
    if taken:
        raise InputError(
            f"{out} holds trainings of this sweep already ({taken[0]}); go on with --resume, or "
            "start afresh with --force"
        )
