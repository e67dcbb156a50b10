"""The folder of a run: what its files are called, and whether a run may begin or go on there.

Nothing here imports torch, so that a folder that cannot be taken is refused at once.
"""

from pathlib import Path

from kontur.data.layouts.work_in_folder import free_place, work_in
from kontur.errors import InputError
from kontur.infer.learned_images import LEARNED, NAMES
from kontur.infer.model_files import CHECKPOINT

CONFIG = "config.toml"
LAST, PREVIOUS, BEST = CHECKPOINT, "previous.ckpt", "best.ckpt"
MODEL = "model.kontur"
METRICS, LINES = "metrics.json", "metrics.jsonl"  # the scores, and the log
CURVES, GRADIENTS = "curves.png", "gradients.png"
OVERLAYS, BOARD = "overlays", "tensorboard"
FILES = (CONFIG, NAMES, LEARNED, LAST, PREVIOUS, BEST, MODEL, METRICS, LINES, CURVES, GRADIENTS)
FOLDERS = {BOARD: "events.out.tfevents.*", OVERLAYS: "*.png"}  # with a pattern of their files


def check_run_folder(run: Path, *, resume: bool, force: bool) -> None:
    """Raise `InputError` where no run may begin in a folder, or go on with `resume`."""
    if resume and force:
        raise InputError("--resume goes on with a run and --force starts afresh; give one")
    if resume:
        _refuse_missing_run(run)
        return
    refuse_other_work(run)
    if not force:
        _refuse_existing_run(run)


def refuse_other_work(run: Path) -> None:
    """Raise `InputError` where the folder holds no run, but images, annotations or predictions."""
    work = None if (run / CONFIG).exists() else work_in(run)
    if work is not None:
        raise InputError(
            f"--out wants a folder for the run alone, and {run} holds {work}; give another one, "
            f"such as {free_place(run, 'run')}"
        )


def _refuse_existing_run(run: Path) -> None:
    existing = [name for name in FILES if (run / name).exists()]
    if existing:
        raise InputError(
            f"{run} holds a run already ({existing[0]}); go on with --resume, start afresh with "
            "--force, or give another --out"
        )


def _refuse_missing_run(run: Path) -> None:
    if not (run / CONFIG).exists():
        raise InputError(
            f"there is no run to go on with in {run} (no {CONFIG}); leave out --resume"
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
