"""The trainings of a sweep: their settings, and that they differ in nothing else.

Nothing here imports torch, which takes seconds, so that a wrong value is told at once.
"""

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kontur.errors import InputError
from kontur.settings import merge, overrides
from kontur.train.config import RunConfig
from kontur.train.given_settings import given_config, network_settings
from kontur.train.run_folder import CONFIG

JUDGE_TRAIN = "training.judge_train=8"  # by default, for the gap

UNSAFE = re.compile(r"[^\w.=+-]+")  # characters in names of files
ALIKE = ("kind", "preset", "start", "data", "augment", "optimiser", "training", "model")
# Settings of a network that follow from the images when a run begins.
FROM_DATA = ("classes", "channels", "task", "reference_size")


class PlannedTraining(NamedTuple):
    """A training of a sweep: the words that set it, its folder, and all its settings.

    `resumed`: it goes on where it was.
    """

    words: list[str]
    folder: Path
    config: RunConfig
    resumed: bool

    @property
    def name(self) -> str:
        return " ".join(self.words)


def plan_sweep(
    data: str | Path | None,
    *,
    out: Path,
    over: Sequence[str],
    settings: Iterable[str] = (),
    resume: bool = False,
    force: bool = False,
    **options: Any,
) -> list[PlannedTraining]:
    """The trainings of a sweep; arguments and `InputError` as of `sweep`."""
    settings = list(settings)
    planned = []
    for words in combinations_of(over):
        folder = out / folder_name(words)
        resumed = resume and (folder / CONFIG).exists()
        if not (resume or force) and (folder / CONFIG).exists():
            raise InputError(
                f"{out} holds trainings of this sweep already ({folder.name}); go on with "
                "--resume, or start afresh with --force"
            )
        if resumed:
            config = _resumed_config(folder, data, settings, options)
        else:
            config = _new_config(folder, data, [JUDGE_TRAIN, *settings, *words], options)
        planned.append(PlannedTraining(words, folder, config, resumed))
    _check_alike(planned)
    return planned


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


def _new_config(
    folder: Path, data: str | Path | None, settings: Sequence[str], options: Mapping[str, Any]
) -> RunConfig:
    """The settings of a new training, checked as far as possible without the data."""
    config = given_config(folder, data, settings=settings, **options)
    if config.start is not None:  # whose file has the settings that these are laid over
        return config
    return config.replace(model=network_settings(config))


def _resumed_config(
    folder: Path, data: str | Path | None, settings: Sequence[str], options: Mapping[str, Any]
) -> RunConfig:
    """The settings of an existing training, overridden by `settings` and `options`.

    Raises `InputError` where they cannot be changed, or `data` are not those that it learns from.
    """
    config = given_config(folder, settings=settings, resume=True, **options)
    if data is not None and Path(data).resolve() != Path(config.data.path).resolve():
        raise InputError(
            f"{folder} learns from {config.data.path}, so it could not be compared with trainings "
            f"on {data}; give --resume the DATA that the sweep was begun with (--set data.path="
            f"{data} where they have moved), or start afresh with --force"
        )
    return config


def _check_alike(planned: Sequence[PlannedTraining]) -> None:
    """Raise `InputError` where trainings differ in more than the swept settings.

    So those of an earlier call are not compared with others that have other images or more steps.
    """
    swept = planned[0].words
    trees = [merge(each.config.model_dump(mode="json"), overrides(swept)) for each in planned]
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
    for each, tree in zip(planned, trees, strict=True):
        settings = _flat({name: tree[name] for name in alike})
        other = [key for key in first if first[key] != settings.get(key)]
        if other:
            key, begun = other[0], planned[0].folder.name
            raise InputError(
                f"{key} would be {first[key]} in {begun} and {settings.get(key)} in "
                f"{each.folder.name}, so they could not be compared; give --resume the DATA and "
                "the settings that the sweep was begun with, or start afresh with --force"
            )


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested mapping as one from `a.b.c` to values."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        deeper = isinstance(value, Mapping)
        flat |= _flat(value, f"{prefix}{key}.") if deeper else {prefix + key: value}
    return flat
