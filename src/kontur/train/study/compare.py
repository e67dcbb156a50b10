"""Which network, or which settings of one, is best for these images: what `kontur compare` calls.

K-fold cross-validation (`select`) of whole trainings, each in a process of its own. Within a fold
the images to learn from are parted once more (`parts`), so that checkpoint and thresholds are
chosen on images that are neither learned from nor judged. The best setting is then trained on all
of them; its thresholds are those that the folds found, for it has no image left to
choose them on, unless DATA has a `val` part of its own.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely

from kontur.data.folder import Folder, open_folder
from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.formats.atomic import write_text
from kontur.infer.load import find_model
from kontur.infer.own_process import run_apart
from kontur.models import catalog
from kontur.models.archive import read_card, read_model, write_model
from kontur.select import (
    FitFailed,
    Outcome,
    Split,
    Trial,
    cross_validate,
    folds,
    refit,
    trials,
)
from kontur.settings import merge, nearest
from kontur.train.config import RunConfig
from kontur.train.facts import Facts, facts_of
from kontur.train.network import resolve_network
from kontur.train.study.candidates import Candidate, candidates
from kontur.train.study.folder import BEST, Fit, Study
from kontur.train.study.parts import Shown, lacking, learn_and_validate, rarest
from kontur.train.study.progress import Watcher, to_do
from kontur.train.study.ranking import BY_CLASS, RANKED, Comparison
from kontur.train.study.refitted import with_what_folds_found

SEED = 0  # of the folds and of what is held out within them
SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)  # of what a fold leaves, for a learning curve
FEWEST = 2  # images of a fit: one to learn from, one to validate on
MINUTES = 10.0  # of training a fit, where nobody says how long
UNENDING = 1_000_000  # steps, where the minutes are to decide


class Plan(NamedTuple):
    """All that is to be done, and what its folder's owner should know."""

    study: Study
    folder: Folder
    groups: Mapping[str, str] | None
    shown: Shown
    candidates: dict[str, Candidate]
    trials: list[Trial]
    warnings: tuple[str, ...]

    def parted(self, trial: Trial) -> Split:
        """What a fold's trial learns from and validates on."""
        share = float(RunConfig.read(self.candidates[trial.setting].tree).data.val)
        names = trial.split.train
        return learn_and_validate(names, share, SEED, shown=self.shown, groups=self.groups)


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
    rank: str = "AP",
    refitted: bool = True,
    force: bool = False,
    watcher: Watcher | None = None,
) -> Comparison:
    """Cross-validate kinds and settings on a folder's images, and train the best one on all.

    Classes are spread over the folds as evenly as can be. Nothing is trained on all where every
    score is 0.

    Args:
        data: the folder; of one with parts `train` is folded, and `val` kept for the best.
        out: the study's folder. Where it holds this study already, the study goes on.
        kinds: of the catalog; the baseline is always among them.
        folds: how many; each image is held out once.
        group: a column of metadata.csv; images of one group are never parted.
        task: what label images and masks mean, see `kontur.data.folder.open_folder`.
        preset: of all kinds.
        minutes, steps: how long each fit trains; ten minutes where neither is given.
        settings, also: further settings, and further rows, see `candidates`.
        learning_curve: fit on parts of the images as well.
        rank: the score that decides.
        refitted: train the best setting on all images.
        force: begin afresh.
        watcher: told of the progress.

    Raises:
        InputError: something that was given cannot be used; said before anything is fitted.
        KeyboardInterrupt: after Ctrl-C; the same call goes on.
    """
    if rank not in RANKED:
        raise InputError(f"there is no score {rank!r} to rank by; {nearest(rank, RANKED)}")
    common = {"preset": preset, "data": {"path": str(Path(data).resolve()), "task": task}}
    common["training"] = _how_long(minutes, steps)
    rows = candidates(kinds, common=common, settings=settings, also=also)
    plan = _plan(data, Path(out), rows, folds, group, SHARES if learning_curve else (1.0,))
    if rank in BY_CLASS and len(plan.folder.classes) == 1:
        raise InputError(f"{rank!r} is for several classes, and {data} has one; rank by AP")
    plan.study.open(force=force)
    watcher = watcher or Watcher()
    outcomes: list[Outcome] = []
    jobs = _Jobs(plan, watcher)
    jobs.tell_ahead(refitted=refitted)
    with watcher.watching(plan.trials, jobs.finished):
        for outcome in cross_validate(plan.trials, jobs.fit, jobs.score, finished=jobs.finished):
            outcomes.append(outcome)
            watcher.done(outcome, rank)
        comparison = Comparison(tuple(plan.candidates), tuple(outcomes), rank)
        comparison.write(plan.study.out, learning_curve=learning_curve)
        if refitted and comparison.best is not None:
            try:
                refit(comparison.best, plan.folder.names, jobs.refit)
                _keep_what_folds_found(plan, comparison.best, comparison)
            except FitFailed as failure:
                comparison = replace(comparison, refit_failure=str(failure))
    return comparison


def _how_long(minutes: float | None, steps: int | None) -> dict[str, Any]:
    if minutes is None and steps is None:
        minutes = MINUTES
    given = {"minutes": minutes, "steps": steps if steps is not None else UNENDING}
    return {key: value for key, value in given.items() if value is not None}


def _plan(
    data: str | Path,
    out: Path,
    rows: Sequence[Candidate],
    k: int,
    group: str | None,
    shares: Sequence[float],
) -> Plan:
    """Everything checked that can be before the first fit; each image is read once."""
    config = RunConfig.read(rows[0].tree).data
    folder = open_folder(data, task=config.task, channel=config.channel, page=config.page)
    has_val = "val" in folder.splits
    learned = folder.in_split("train") if "train" in folder.splits else folder
    groups = None if group is None else learned.column(group)
    mark = hashlib.sha256()
    shown: dict[str, frozenset[str]] = {}
    facts = facts_of(_marked(learned.samples, mark, shown))
    if not facts.objects:
        raise InputError(f"the images of {data} have no object; annotate some")
    splits = folds(learned.names, k, SEED, groups=groups, labels=rarest(shown))
    if min(len(split.train) for split in splits) < FEWEST:
        raise InputError(
            f"{k} folds of {len(learned)} images leave fewer than {FEWEST} to learn from; "
            "annotate more images"
        )
    _check_networks(rows, learned, facts)
    about = {
        "data": str(Path(data).resolve()),
        "task": config.task,
        "folds": k,
        "group": group,
        "images": list(learned.names),
        "annotations": mark.hexdigest(),
        "own validation part": has_val,
    }
    planned = trials([row.name for row in rows], splits, shares=shares, fewest=FEWEST, seed=SEED)
    named = {row.name: row for row in rows}
    plan = Plan(Study(out, about), learned, groups, shown, named, planned, folder.warnings)
    first = [each for each in planned if (each.setting, each.share) == (rows[0].name, 1)]
    without = lacking([plan.parted(trial).train for trial in first], shown)
    if without:
        return plan._replace(warnings=(*plan.warnings, f"no image to learn from has: {without}"))
    return plan


def _marked(
    samples: Iterable[Sample], mark: "hashlib._Hash", shown: dict[str, frozenset[str]]
) -> Iterator[Sample]:
    """The samples, while outlines and classes go into the mark, and what each shows is noted."""
    for sample in samples:
        found = sample.instances
        mark.update(b"".join(shapely.to_wkb(found.polygons)))
        mark.update(found.labels.tobytes() + found.ignore.tobytes())
        labels = np.unique(found.labels[~found.ignore]).tolist()
        shown[sample.name] = frozenset(found.classes[label] for label in labels)
        yield sample


def _check_networks(rows: Sequence[Candidate], learned: Folder, facts: Facts) -> None:
    """Refuse images that a row's network cannot take, before as many fits as folds fail of it.

    A row that starts from weights is left to its fit: their file says what the network is.
    """
    for row in rows:
        config = RunConfig.read(row.tree)
        if not catalog.family(row.kind).trainable or config.start is not None:
            continue
        one = config.data.channel is not None  # of this row alone, perhaps
        known = facts._replace(channels=frozenset({1})) if one else facts
        try:
            resolve_network(config, None, learned.classes, known)
        except InputError as error:
            raise InputError(f"{row.name}: {error}") from None


class _Jobs:
    """What cross-validation is given to do: fits and judgements in processes of their own."""

    def __init__(self, plan: Plan, watcher: Watcher):
        self.plan, self.watcher = plan, watcher

    def finished(self, trial: Trial) -> Mapping[str, float] | None:
        """What a finished fit came to, after making sure that it is the one that is meant."""
        if not self.plan.study.fit(trial).result.exists():
            return None
        return _known(self._prepare(trial).read() or {})

    def tell_ahead(self, *, refitted: bool) -> None:
        """What the folder's owner should know, and how much is to be done."""
        for warning in self.plan.warnings:
            self.watcher.say(f"! {warning}")
        left = [trial.setting for trial in self.plan.trials if self.finished(trial) is None]
        rows = [self.plan.candidates[name] for name in left]
        fits = [row.tree["training"] for row in rows if catalog.family(row.kind).trainable]
        if fits:
            self.watcher.say(to_do(fits, refitted=refitted))

    def fit(self, trial: Trial) -> Fit:
        """Train, or go on with a training that was interrupted."""
        fit = self._prepare(trial)
        if not fit.cost.exists():
            self.watcher.begin(trial, fit)
            words = [str(fit.config), str(fit.run), str(fit.cost)]
            run_apart("kontur.train.study.fold", words, log=fit.log, tick=self.watcher.tick)
        return fit

    def score(self, fit: Fit, trial: Trial) -> Mapping[str, float]:
        """Judge on what is held out, write the result, and drop what only a training needs."""
        job = fit.folder / "judge.json"
        out = fit.folder / "held-out.json"
        config = RunConfig.read(self.plan.candidates[trial.setting].tree).data
        content = {
            "data": config.path,
            "task": config.task,
            "channel": config.channel,
            "page": config.page,
            "model": str(find_model(fit.run)),
            "names": trial.split.held,
            "out": str(out),
        }
        write_text(job, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        start = time.monotonic()
        log = fit.folder / "judge-log.txt"
        run_apart("kontur.infer.held_out", [str(job)], log=log, tick=self.watcher.tick)
        judged = json.loads(out.read_text(encoding="utf-8"))
        cost = json.loads(fit.cost.read_text(encoding="utf-8"))
        result = {
            **judged["scores"],
            "milliseconds": judged["milliseconds"],
            "predict_memory": judged["memory"],
            **cost,
            "images": len(trial.split.train),
            "seconds": cost["seconds"] + time.monotonic() - start,
        }
        write_text(fit.result, json.dumps(result, indent=1) + "\n")
        for checkpoint in fit.run.glob("*.ckpt"):
            checkpoint.unlink()
        return _known(result)

    def refit(self, trial: Trial) -> Fit:
        """The best setting on all images, unless it is there already."""
        candidate = self.plan.candidates[trial.setting]
        self.plan.study.prepare_best(trial, candidate)
        return self.fit(trial)

    def _prepare(self, trial: Trial) -> Fit:
        candidate = self.plan.candidates[trial.setting]
        if trial.fold is not None:
            inner = self.plan.parted(trial)
        elif self.plan.study.about["own validation part"]:
            tree = merge(candidate.tree, {"data": {"val": candidate.tree["data"]["path"]}})
            return self.plan.study.prepare(trial, candidate._replace(tree=tree), {})
        else:  # watches how well it learns
            inner = Split(trial.split.train, trial.split.train)
        parts = {"train": inner.train, "val": inner.held}
        return self.plan.study.prepare(trial, candidate, parts)


def _keep_what_folds_found(plan: Plan, best: str, comparison: Comparison) -> None:
    """Write the refitted model anew, for folds that failed may have come to an end meanwhile."""
    if plan.study.about["own validation part"]:
        return
    path = find_model(plan.study.out / BEST)
    done = [o.trial for o in comparison.outcomes if o.scores is not None and o.trial.share == 1]
    cards = [
        read_card(find_model(plan.study.fit(trial).run)) for trial in done if trial.setting == best
    ]
    scores = {name: round(each.mean, 4) for name, each in comparison.scores(best).items()}
    from kontur.train.finish import METRICS  # imports torch

    trained = catalog.family(plan.candidates[best].kind).trainable
    model = with_what_folds_found(read_model(path), cards, scores, trained=trained)
    write_model(path, model)
    about = {
        "scores": scores,
        "thresholds": model.card.thresholds.model_dump(),
        "training": model.card.training,
    }
    write_text(path.with_name(METRICS), json.dumps(about, indent=2, ensure_ascii=False) + "\n")


def _known(result: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in result.items() if value is not None}
