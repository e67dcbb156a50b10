"""The settings of a run as its caller gives them, checked as far as they can be without the data.

Nothing here imports torch, which takes seconds, so that a wrong setting is told at once.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kontur.infer.model_files import find_model
from kontur.models import catalog
from kontur.models.archive import read_card
from kontur.models.card import Card
from kontur.settings import merge
from kontur.train.config import RunConfig
from kontur.train.run_folder import BEST, LAST, PREVIOUS
from kontur.train.saved_settings import resumed_config

CHECKPOINT = ".ckpt"
OF_CLASSES = "class_weights"  # a setting of networks
TUNED = {"stages_used"}  # settings tuned on the data of a start, which do not hold for others


def given_config(
    run: Path,
    data: str | Path | None = None,
    *,
    val: str | Path | float | None = None,
    kind: str | None = None,
    preset: str | None = None,
    config: str | Path | None = None,
    settings: Iterable[str] = (),
    start: str | None = None,
    resume: bool = False,
) -> RunConfig:
    """The settings of a new run, or of the one in the folder `run`, overridden; as of `train`.

    Raises `InputError` for wrong ones, those of the network too; for a start that is no model, or
    is not there; and as `resumed_config`.
    """
    places = {"path": _as_setting(data), "val": _as_setting(val)}
    given = _without_none({"kind": kind, "preset": preset, "start": start, "data": places})
    file = Path(config) if config else None
    if resume:
        return resumed_config(run, given, settings, file=file)
    resolved = RunConfig.resolve(file=file, settings=settings, given=given)
    start_at = None if resolved.start is None else start_file(resolved.start)
    if start_at is None or start_at.suffix != CHECKPOINT:  # which torch alone can read
        network_settings(resolved, None if start_at is None else read_card(start_at))
    return resolved


def network_settings(config: RunConfig, start: Card | None = None) -> dict[str, Any]:
    """All settings of the network of a new run, but for those that follow from the data.

    Raises `InputError` for wrong ones.
    """
    values, preset = settings_below(config, start)
    tree = merge(values, config.model)
    weights = tree.pop(OF_CLASSES, None)  # one a class, and the data say which these are
    preset = preset if catalog.family(config.kind).trainable else None
    network = catalog.config(config.kind, tree, preset=preset).model_dump(mode="json")
    return network if weights is None else {**network, OF_CLASSES: weights}


def settings_below(config: RunConfig, start: Card | None) -> tuple[dict[str, Any], str | None]:
    """The settings of a start and the preset, of which one is, that those of a run are laid over.

    They are those of the start where it is of the same kind and no preset is given.
    """
    if start is None or start.kind != config.kind or "preset" in config.model_fields_set:
        return {}, config.preset
    return {name: value for name, value in start.config.items() if name not in TUNED}, None


def start_file(start: str) -> Path:
    """The file of the weights to begin with: a model, or a checkpoint of an unfinished run.

    `start` is a shipped model's name, a `.kontur` file, a run's folder or a checkpoint. Raises
    `InputError` where it is none.
    """
    path = Path(start)
    if path.is_dir() and not (path / "model.kontur").exists():
        for name in (BEST, LAST, PREVIOUS):
            if (path / name).exists():
                return path / name
    return path if path.suffix == CHECKPOINT else find_model(start)


def _without_none(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A nested mapping without the values that are None."""
    plain = {k: _without_none(v) if isinstance(v, dict) else v for k, v in tree.items()}
    return {k: v for k, v in plain.items() if v is not None}


def _as_setting(value: str | Path | float | None) -> str | float | None:
    return str(value) if isinstance(value, Path) else value
