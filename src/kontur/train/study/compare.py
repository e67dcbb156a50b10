"""A comparison of networks and settings on the images of a folder: what `kontur compare` calls.

K-fold cross-validation (`select`) of whole trainings, each in a process of its own. Within a fold
the training images are split once more (`plan`), so that checkpoint and thresholds are chosen on
images that are used neither for training nor for evaluation. The best setting is then trained on
all images (`jobs`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.infer.held_out import MEAN_OVER_CLASSES
from kontur.select import FitFailed, Outcome, cross_validate, refit
from kontur.train.config import UNENDING
from kontur.train.folder_lock import folder_lock
from kontur.train.study.candidates import candidates
from kontur.train.study.monitor import StudyMonitor
from kontur.train.study.report import BY_CLASS, RANKED, Comparison
from kontur.wording import nearest

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)  # of a fold's training images, for a learning curve
MINUTES = 10.0  # of training per fit, by default


def compare(
    data: str | Path,
    *,
    out: str | Path,
    kinds: Sequence[str],
    folds: int = 5,
    group: str | None = None,
    task: str = "instances",
    preset: str = "tiny",
    minutes: float | None = None,
    steps: int | None = None,
    settings: Iterable[str] = (),
    also: Iterable[str] = (),
    learning_curve: bool = False,
    rank: str | None = None,
    refitted: bool = True,
    force: bool = False,
    monitor: StudyMonitor | None = None,
) -> Comparison:
    """Cross-validate kinds and settings on a folder's images, and train the best one on all.

    Classes are distributed over the folds as equally as possible. Nothing is trained on all images
    where every score is 0.

    Args:
        data: the folder; of one with parts `train` is divided, and `val` used for the best setting.
        out: the study's folder. Where it holds this study already, the study is resumed.
        kinds: of the catalog; the baseline is always among them.
        folds: their number; each image is held out once.
        group: a column of metadata.csv; images of one group are never separated.
        task: the meaning of label images and masks, see `kontur.data.folder.open_folder`.
        preset: of all kinds.
        minutes, steps: the length of each training; by default ten minutes.
        settings, also: further settings, and further rows, see `candidates`.
        learning_curve: fit on shares of the images as well.
        rank: the score to rank by; by default the AP, and of several classes their mean.
        refitted: train the best setting on all images.
        force: begin afresh.
        monitor: shows the progress.

    Raises:
        InputError: an argument or the data cannot be used, or another process works on the study;
            raised before anything is fitted.
        KeyboardInterrupt: after Ctrl-C; the same call resumes the study.
    """
    if rank is not None and rank not in RANKED:
        raise InputError(f"there is no score {rank!r} to rank by; {nearest(rank, RANKED)}")
    common = {"preset": preset, "data": {"path": str(Path(data).resolve()), "task": task}}
    common["training"] = _how_long(minutes, steps)
    rows = candidates(kinds, common=common, settings=settings, also=also)
    # here, for they import torch, which takes seconds: what is wrong above is told at once
    from kontur.train.study.jobs import Jobs, apply_fold_results
    from kontur.train.study.plan import make_plan

    with folder_lock(out):
        plan = make_plan(data, Path(out), rows, folds, group, SHARES if learning_curve else (1.0,))
        several = len(plan.folder.classes) > 1
        if rank is None:
            rank = MEAN_OVER_CLASSES if several else "AP"
        if rank in BY_CLASS and not several:
            raise InputError(f"{rank!r} is for several classes, and {data} has one; rank by AP")
        plan.study.open(force=force)
        monitor = monitor or StudyMonitor()
        outcomes: list[Outcome] = []
        jobs = Jobs(plan, monitor)
        jobs.announce(refitted=refitted)
        with monitor.running(
            plan.trials, jobs.finished, refitted=refitted, trains=jobs.is_training
        ):
            for outcome in cross_validate(
                plan.trials, jobs.fit, jobs.score, finished=jobs.finished
            ):
                outcomes.append(outcome)
                monitor.fit_finished(outcome, rank)
            comparison = Comparison(tuple(plan.candidates), tuple(outcomes), rank)
            comparison.write(plan.study.out, learning_curve=learning_curve)
            if refitted and comparison.best is not None:
                try:
                    refit(comparison.best, plan.folder.images, jobs.refit)
                    apply_fold_results(plan, comparison.best, comparison)
                except FitFailed as failure:
                    comparison = replace(comparison, refit_failure=str(failure))
    return comparison


def _how_long(minutes: float | None, steps: int | None) -> dict[str, Any]:
    if minutes is None and steps is None:
        minutes = MINUTES
    if minutes is None:
        return {"steps": steps}
    return {
        "minutes": minutes,
        "steps": steps if steps is not None else UNENDING,
        "clock": "processor",  # other work on the machine shortens no fit
    }
