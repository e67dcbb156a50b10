"""The settings of a run, as its folder holds them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.models import catalog
from kontur.settings import merge, overrides, read_toml
from kontur.train.config import RunConfig
from kontur.train.run_folder import CONFIG, check_run_folder

KEPT = (
    "kind",
    "preset",
    "model",
    "start",
)  # settings that `--resume` cannot change, for the weights fit
SPLIT = ("val", "group", "page")  # of the data, which it cannot change: they chose what is held out


def read_config(run: Path) -> RunConfig:
    """The settings that the run in this folder was started with."""
    return RunConfig.read(_saved(run), where=str(run / CONFIG))


def resumed_config(
    run: Path, given: Mapping[str, Any], settings: Iterable[str], *, file: Path | None = None
) -> RunConfig:
    """The settings of a resumed run, overridden by those of a TOML file, `given` and `settings`.

    Raises `InputError` where there is no run, or where its network or what it validates on would
    change. Folders may have moved: their images are compared, see `training_data.open_data`.
    """
    saved = _saved(run)
    before = read_config(run)
    tree = merge(saved, read_toml(file) if file else {}, given, overrides(settings))
    if isinstance(data := tree["data"], dict) and data.get("scale") == "auto":  # chosen as it began
        tree["data"] = {**data, "scale": saved["data"]["scale"]}
    changed = [name for name in KEPT if tree.get(name, was := getattr(before, name)) != was]
    # the settings of a network that is another kind's are wrong in words that would not help
    after = before if changed else RunConfig.read(tree, where=str(file or run / CONFIG))
    changed += ["data.scale"] if before.data.scale != after.data.scale else []
    if changed:
        raise InputError(
            f"--resume goes on with the network of {run} and cannot change {changed[0]}; leave "
            "that out, or start a new run with --from"
        )
    moved = isinstance(before.data.val, str) and isinstance(after.data.val, str)
    data = before.data.replace(val=after.data.val) if moved else before.data
    changed = [f"data.{name}" for name in SPLIT if getattr(data, name) != getattr(after.data, name)]
    if changed:
        raise InputError(
            f"--resume keeps the validation images of {run} and cannot change {changed[0]}; leave "
            f"that out, or start a new run with --from {run}"
        )
    return after


def _saved(run: Path) -> dict[str, Any]:
    check_run_folder(run, resume=True, force=False)
    saved = RunConfig.migrated(read_toml(run / CONFIG))
    kind, model = saved.get("kind"), saved.get("model")
    if kind in catalog.FAMILIES and isinstance(model, dict):  # settings were renamed since
        saved["model"] = catalog.family(kind).config.migrated(model)
    if isinstance(saved.get("data", {}), dict):  # of a run from before there was a scale
        saved["data"] = {"scale": 1.0, **saved.get("data", {})}
    return saved
