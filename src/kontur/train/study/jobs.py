"""The work of a study: each fit and each evaluation in a process of its own.

The best setting is then trained on all images. Its thresholds are those of the folds, for there is
no image left to tune them on, unless DATA has a `val` part of its own.
"""

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kontur.files.atomic import write_text
from kontur.infer.load import find_model
from kontur.infer.worker_process import run_worker
from kontur.models import catalog
from kontur.models.archive import Model, read_card, read_model, write_model
from kontur.models.card import Card, Thresholds
from kontur.select import Trial
from kontur.settings import merge
from kontur.train.config import RunConfig
from kontur.train.run_folder import METRICS
from kontur.train.study.monitor import StudyMonitor, describe_fits, shorter_study
from kontur.train.study.plan import Plan
from kontur.train.study.report import Comparison
from kontur.train.study.study_files import BEST, FitFiles


class Jobs:
    """Fits and evaluates the trials of a plan, each in a process of its own."""

    def __init__(self, plan: Plan, monitor: StudyMonitor):
        self.plan, self.monitor = plan, monitor

    def finished(self, trial: Trial) -> Mapping[str, float] | None:
        """The result of a finished fit, after a check of its settings; None before."""
        if not self.plan.study.fit(trial).result.exists():
            return None
        return _known(self._prepare(trial).read() or {})

    def is_training(self, trial: Trial) -> bool:
        """Whether a network is trained; what is not, as a threshold, is tuned."""
        return catalog.family(self.plan.candidates[trial.setting].kind).trainable

    def announce(self, *, refitted: bool) -> None:
        """Print warnings on the data, and the number and length of the trainings to come."""
        for warning in self.plan.warnings:
            self.monitor.print_line(f"! {warning}")
        trained = filter(self.is_training, self.plan.trials)
        left = [trial for trial in trained if self.finished(trial) is None]
        fits = [self.plan.candidates[trial.setting].tree["training"] for trial in left]
        if fits:
            self.monitor.print_line(describe_fits(fits, refitted=refitted))
            settings = len({(trial.setting, trial.share) for trial in left})
            if advice := shorter_study(fits, settings, refitted=refitted):
                self.monitor.print_line(advice)

    def fit(self, trial: Trial) -> FitFiles:
        """Train, or resume a training that was interrupted."""
        fit = self._prepare(trial)
        if not fit.cost.exists():
            self.monitor.fit_started(trial, fit)
            words = [str(fit.config), str(fit.run), str(fit.cost)]
            run_worker("kontur.train.study.fit", words, log=fit.log, tick=self.monitor.refresh)
        return fit

    def score(self, fit: FitFiles, trial: Trial) -> Mapping[str, float]:
        """Evaluate on held-out images, write the result, and remove checkpoints."""
        job = fit.folder / "judge.json"
        out = fit.folder / "held-out.json"
        config = RunConfig.read(self.plan.candidates[trial.setting].tree).data
        content = {
            "data": config.path,
            "task": config.task,
            "channel": config.one_channel,
            "page": config.page,
            "model": str(find_model(fit.run)),
            "names": trial.split.held,
            "out": str(out),
        }
        write_text(job, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        start = time.monotonic()
        log = fit.folder / "judge-log.txt"
        run_worker("kontur.infer.held_out", [str(job)], log=log, tick=self.monitor.refresh)
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

    def refit(self, trial: Trial) -> FitFiles:
        """Fit the best setting on all images, unless that was done before."""
        candidate = self.plan.candidates[trial.setting]
        self.plan.study.prepare_best(trial, candidate)
        return self.fit(trial)

    def _prepare(self, trial: Trial) -> FitFiles:
        candidate, lengths = self.plan.candidates[trial.setting], self._lengths(trial)
        if trial.fold is not None:
            inner = self.plan.split_fold(trial)
            parts: dict[str, Any] = {"train": inner.train, "val": inner.held}
        elif self.plan.study.about["own validation part"]:
            tree = merge(candidate.tree, {"data": {"val": candidate.tree["data"]["path"]}})
            candidate = candidate._replace(tree=tree)
            return self.plan.study.prepare(trial, candidate, {}, lengths=lengths)
        else:
            parts = {"train": trial.split.train, "val": "train"}  # none is left to validate on
        return self.plan.study.prepare(trial, candidate, parts, lengths=lengths)

    def _lengths(self, trial: Trial) -> list[dict[str, Any]]:
        """Settings of the training time: with minutes, the row's first fit determines the steps.

        So all fits of a row do the same work, independent of other work on the machine. Further
        settings are those that a study may have written before its first fit was finished, or in a
        version that counted minutes by the wall clock.
        """
        training = self.plan.candidates[trial.setting].tree.get("training", {})
        if "minutes" not in training:
            return [{}]
        by_minutes: list[dict[str, Any]] = [{}, {"clock": None}]
        first = next(t for t in self.plan.trials if t.setting == trial.setting and t.share == 1)
        cost = self.plan.study.fit(first).read_cost()
        if trial == first or not cost or not cost.get("steps_of_minutes"):
            return by_minutes
        steps = {"steps": int(cost["steps_of_minutes"] or 0), "minutes": None, "clock": None}
        return [steps, *by_minutes]


def apply_fold_results(plan: Plan, best: str, comparison: Comparison) -> None:
    """Rewrite the refitted model with the thresholds and scores of the folds.

    It is repeated when a study is resumed, for folds that had failed may be finished.
    """
    if plan.study.about["own validation part"]:
        return
    path = find_model(plan.study.out / BEST)
    done = [o.trial for o in comparison.outcomes if o.scores is not None and o.trial.share == 1]
    cards = [
        read_card(find_model(plan.study.fit(trial).run)) for trial in done if trial.setting == best
    ]
    scores = {name: round(score.mean, 4) for name, score in comparison.scores(best).items()}
    trained = catalog.family(plan.candidates[best].kind).trainable
    model = with_fold_results(read_model(path), cards, scores, trained=trained)
    write_model(path, model)
    about = {
        "scores": scores,
        "thresholds": model.card.thresholds.model_dump(),
        "training": model.card.training,
    }
    write_text(path.with_name(METRICS), json.dumps(about, indent=2, ensure_ascii=False) + "\n")


def _known(result: Mapping[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in result.items() if value is not None}


def with_fold_results(
    model: Model, folds: Sequence[Card], scores: Mapping[str, float], *, trained: bool
) -> Model:
    """The model with the thresholds, the settings of decoding and the mean scores of the folds.

    Those of its own run were tuned on training images. The commonest of the tuned settings are
    taken, with the median thresholds of their folds; everything else is as it was fitted. A
    baseline, which is tuned and not `trained`, keeps its own. A graph that the settings change is
    in float32 alone from then on: which integers are as good was measured on the graph before.
    `folds` are the cards of at least one finished fold.
    """
    card = model.card
    note = f"scores are means over {len(folds)} folds"
    if trained:
        note += ", thresholds their medians"
        tuned, thresholds = _commonest(folds, catalog.family(card.kind).tunable_fields)
        card = card.replace(config={**card.config, **tuned}, thresholds=thresholds.model_dump())
    training = {**card.training, "cross_validation": note}
    card = card.replace(scores=dict(scores), training=training)
    if card.config == model.card.config:
        return replace(model, card=card)
    from kontur.infer.engines.torch_engine import rebuild
    from kontur.train.export import to_model

    made = to_model(rebuild(replace(model, card=card)), card)  # graphs know how much is decoded
    same = {
        name: each for name, each in model.int8.items() if made.graphs[name] == model.graphs[name]
    }
    return replace(made, int8=same)


def _commonest(folds: Sequence[Card], names: Sequence[str]) -> tuple[dict[str, object], Thresholds]:
    settings = [
        {name: card.config[name] for name in names if name in card.config} for card in folds
    ]
    keys = [json.dumps(thresholds_of_fold, sort_keys=True) for thresholds_of_fold in settings]
    commonest = statistics.mode(keys)
    alike = [card.thresholds for card, key in zip(folds, keys, strict=True) if key == commonest]
    thresholds = Thresholds(
        score=round(statistics.median(thresholds_of_fold.score for thresholds_of_fold in alike), 4),
        overlap=round(
            statistics.median(thresholds_of_fold.overlap for thresholds_of_fold in alike), 4
        ),
    )
    return settings[keys.index(commonest)], thresholds
