"""The files in a run's folder, and the settings of the run."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kontur.data.layouts.work_in_folder import free_place, work_in
from kontur.errors import InputError
from kontur.infer.learned_images import LEARNED, NAMES
from kontur.models import catalog
from kontur.settings import merge, overrides, read_toml
from kontur.train.checkpoint import BEST, LAST, PREVIOUS
from kontur.train.config import RunConfig
from kontur.train.logger import BOARD, CURVES, LINES
from kontur.train.results import GRADIENTS, METRICS, MODEL, OVERLAYS

CONFIG = "config.toml"
WEIGHTS = (LAST, PREVIOUS, BEST, MODEL)
FILES = (CONFIG, NAMES, LEARNED, *WEIGHTS, METRICS, LINES, CURVES, GRADIENTS)
FOLDERS = {BOARD: "events.out.tfevents.*", OVERLAYS: "*.png"}  # with a pattern of their files
KEPT = (
    "kind",
    "preset",
    "model",
    "start",
)  # settings that `--resume` cannot change, for the weights fit
SPLIT = ("val", "group", "page")  # of the data, which it cannot change: they chose what is held out


def refuse_other_work(run: Path) -> None:
    """Raise `InputError` where the folder holds no run, but images, annotations or predictions."""
    work = None if (run / CONFIG).exists() else work_in(run)
    if work is not None:
        raise InputError(
            f"--out wants a folder for the run alone, and {run} holds {work}; give another one, "
            f"such as {free_place(run, 'run')}"
        )


def refuse_existing_run(run: Path) -> None:
    """Raise `InputError` where the folder holds a run already."""
    existing = [name for name in FILES if (run / name).exists()]
    if existing:
        raise InputError(
            f"{run} holds a run already ({existing[0]}); go on with --resume, start afresh with "
            "--force, or give another --out"
        )


def remove_run_files(run: Path) -> None:
    """Remove the files of a run, and nothing else."""
    for name in FILES:
        (run / name).unlink(missing_ok=True)
    for folder, pattern in FOLDERS.items():
        for path in (run / folder).glob(pattern):
            path.unlink()
        if (run / folder).is_dir() and not any((run / folder).iterdir()):
            (run / folder).rmdir()


def read_config(run: Path) -> RunConfig:
    """The settings that the run in this folder was started with."""
    return RunConfig.read(_saved(run), where=str(run / CONFIG))


def resumed_config(
    run: Path, given: Mapping[str, Any], settings: Iterable[str], *, file: Path | None = None
) -> RunConfig:
    """The settings of a resumed run, overridden by those of a TOML file, `given` and `settings`.

    Raises `InputError` where there is no run, or where its network or what it validates on would
    change. Folders may have moved: their images are compared, see `dataset.open_data`.
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
    if not (run / CONFIG).exists():
        raise InputError(
            f"there is no run to go on with in {run} (no {CONFIG}); leave out --resume"
        )
    saved = RunConfig.migrated(read_toml(run / CONFIG))
    kind, model = saved.get("kind"), saved.get("model")
    if kind in catalog.FAMILIES and isinstance(model, dict):  # settings were renamed since
        saved["model"] = catalog.family(kind).config.migrated(model)
    if isinstance(saved.get("data", {}), dict):  # of a run from before there was a scale
        saved["data"] = {"scale": 1.0, **saved.get("data", {})}
    return saved
