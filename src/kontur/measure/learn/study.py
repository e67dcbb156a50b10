"""Study: every setting of every family on the same folds, the choice among them, and the refit.

The folds hold out whole groups. Every setting is fitted on what a fold leaves and judged on what
it holds out. With `nested` the setting that is judged in a fold was chosen within the rest of it,
by an inner cross-validation, so the score is that of the whole procedure (Varma and Simon 2006);
plain, it is chosen by the very folds that judge it, which is quicker and a little too kind.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
import pandas as pd

from kontur.errors import InputError
from kontur.measure.learn.baselines import BASELINES, SINGLE
from kontur.measure.learn.families import CLASSIFIERS, REGRESSORS, Family
from kontur.measure.learn.fitting import Bench, Fitted
from kontur.measure.learn.importance import Bundle, importance
from kontur.measure.learn.intervals import (
    Interval,
    Resampled,
    interval,
    resample,
    resampled_scores,
)
from kontur.measure.learn.learning_curve import Curve, learning_curve
from kontur.measure.learn.majority import Votes, votes
from kontur.measure.learn.regularisation import Path, path
from kontur.measure.learn.scores import ALL, scores
from kontur.measure.learn.table_model import Decision, freeze
from kontur.measure.learn.task import Question, Task, ask
from kontur.select import (
    Outcome,
    Split,
    Trial,
    Verdict,
    cross_validate,
    decide,
    ranked,
    refit,
    trials,
)
from kontur.select.verdict import by_fold
from kontur.settings import nearest

INNER = 3  # folds within a fold: they choose a setting, they do not judge it
RANK = {"classify": "log_loss", "regress": "rmse"}  # all that a model says counts, not only calls
HEAD = {"classify": "accuracy", "regress": "r2"}  # what a report tells first
NETWORK = "network"  # the family that needs torch
WORDS = {"linear": ("logistic", "ridge", "lasso")}  # stand for several families


@dataclass(frozen=True)
class Result:
    """What one family, or baseline, reached on rows that were held out."""

    name: str
    setting: str  # what a refit on all rows takes
    chosen: tuple[str, ...]  # the setting that was judged, by fold
    outputs: np.ndarray  # (n, k), what was told of each row while it was held out
    by_fold: tuple[Mapping[str, float], ...]
    overall: Mapping[str, float]  # of all rows together
    intervals: Mapping[str, Interval]
    beyond_single: Interval  # by how much better than the best single measurement
    votes: Votes | None


@dataclass(frozen=True)
class Learned:
    """All that a study found; `fitted` is the best family, fitted on all rows."""

    question: Question
    splits: Sequence[Split]
    nested: bool
    rank: str
    results: Mapping[str, Result]  # baselines first, then families
    verdict: Verdict
    fitted: Fitted
    single: Fitted  # the best single measurement, on all rows
    outcomes: Sequence[Outcome]
    curve: Curve
    importance: Sequence[Bundle]
    path: Path
    notes: tuple[str, ...]

    @property
    def best(self) -> Result:
        """The family that was best over the folds."""
        return self.results[self.verdict.best]

    @property
    def families(self) -> list[str]:
        """The families, without baselines."""
        return [name for name in self.results if name not in BASELINES[self.question.task]]

    @property
    def decision(self) -> Decision:
        """The best family on all rows as it is written, with what it reached while held out."""
        question, best = self.question, self.best
        groups = len(np.unique(question.groups))
        decision = freeze(
            self.fitted.preparation,
            self.fitted.model,
            target=question.target,
            family=best.name,
            units=question.table.attrs.get("units", {}),
            images=groups if question.images is None else question.images,
            objects=len(question.truth),
            settings={"setting": best.setting},
            scores={name: _finite(value) for name, value in best.overall.items()},
            about={
                "group": question.group,
                "groups": groups,
                "folds": len(self.splits),
                "nested": self.nested,
                "intervals": {
                    name: [_finite(end) for end in ends] for name, ends in best.intervals.items()
                },
                "notes": self.notes,
            },
        )
        card = decision.card.replace(classes=question.classes)  # it was fitted on their places
        return replace(decision, card=card)


def learn(
    table: pd.DataFrame,
    target: str,
    *,
    group: str | None = "image",
    columns: Sequence[str] | None = None,
    without: Sequence[str] = (),
    classes: Sequence[str] | None = None,
    families: Sequence[str] | None = None,
    folds: int = 5,
    nested: bool = True,
    task: Task | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Learned:
    """Learn to tell the target from measurements, judged on groups that were not learned from.

    Args:
        table, target, group, columns, without, classes, task: as in `question.ask`.
        families: names of `families.CLASSIFIERS` or `REGRESSORS`, or linear for those;
            all by default, the network only where torch is installed.
        folds: in how many parts the groups are.
        nested: whether the setting of a family is chosen within each fold.
        seed: of the folds, of resampling and of shuffling.
        progress: told how many fits of how many are done.

    Raises `InputError` as `question.ask` does, for unknown families, and for fewer groups than
    folds.
    """
    question = ask(
        table, target, group=group, columns=columns, without=without, classes=classes, task=task
    )
    named, notes = _families(question.task, families)
    bench = Bench(question, BASELINES[question.task] | named)
    splits = bench.splits(folds, seed)
    few = min(len(split.train) for split in splits)
    if nested and few < INNER:
        raise InputError(
            f"{folds} folds of {len(np.unique(question.groups))} groups leave {few} to learn from, "
            f"and a nested choice needs {INNER}: give more groups, or choose --plain"
        )
    inner = [bench.splits(INNER, seed, split.train) for split in splits] if nested else []
    rank = RANK[question.task]

    choosing = [name for name, s in bench.settings.items() if len(_settings(bench, s.family)) > 1]
    total = len(bench.settings) * folds + len(choosing) * INNER * len(inner)
    total += Curve.fits(len(named), folds) + 2 * folds + 1
    count = iter(range(1, total + 1))

    def done() -> None:
        progress(next(count, total), total)

    told: dict[tuple[str, int], np.ndarray] = {}

    def score(fitted: Fitted, trial: Trial) -> Mapping[str, float]:
        rows = bench.rows(trial.split.held)
        told[trial.setting, trial.fold or 0] = outputs = bench.told(fitted, trial)
        return scores(question.truth[rows], outputs)

    outcomes = _counted(cross_validate(trials([*bench.settings], splits), bench.fit, score), done)
    on_all = by_fold(outcomes, rank)
    within = [
        by_fold(
            _counted(cross_validate(trials(choosing, parts), bench.fit, bench.score), done), rank
        )
        for parts in inner
    ]
    drawn = resample(question.resampled[0], np.random.default_rng(seed))
    results: dict[str, Result] = {}
    for family in bench.families:
        settings = _settings(bench, family)
        setting = _first(settings, on_all, rank)
        chosen = [_first(settings, found, rank) for found in within] or [setting] * folds
        results[family] = _result(
            bench, splits, family, setting, chosen, told, drawn, results.get(SINGLE)
        )
    verdict = decide(
        {
            name: {
                fold: ALL[rank].sign * known[rank]
                for fold, known in enumerate(results[name].by_fold)
            }
            for name in named
        }
    )
    if verdict is None:
        raise InputError("no family could be fitted in any fold; use fewer folds")
    best = results[verdict.best]
    every = np.unique(question.groups).tolist()
    fitted = refit(best.setting, every, bench.fit)
    single = refit(SINGLE, every, bench.fit)
    done()
    rng = np.random.default_rng(seed)
    return Learned(
        question,
        splits,
        nested,
        rank,
        results,
        verdict,
        fitted,
        single,
        outcomes,
        learning_curve(
            bench, splits, {name: results[name].chosen for name in named}, seed=seed, done=done
        ),
        importance(bench, splits, best.chosen, HEAD[question.task], rng, done=done),
        path(bench, splits, seed=seed, done=done),
        (*question.notes, *notes),
    )


def _families(task: Task, names: Sequence[str] | None) -> tuple[dict[str, Family], tuple[str, ...]]:
    """The families by name, and a note on those that cannot be fitted here."""
    known = CLASSIFIERS if task == "classify" else REGRESSORS
    if names is not None:
        wanted = [name for word in names for name in WORDS.get(word, (word,))]
        unknown = [name for name in names if name not in (*known, *WORDS)]
        if unknown:
            names = ", ".join(known)
            if unknown[0] in {**CLASSIFIERS, **REGRESSORS}:
                what = {"classify": "an amount, not classes", "regress": "classes, not an amount"}
                raise InputError(f"{unknown[0]} tells {what[task]}; of these know {names}")
            raise InputError(
                f"there is no family {unknown[0]!r}; {nearest(unknown[0], (*known, *WORDS))}"
            )
        if not names:
            raise InputError(f"name a family at least; known are {', '.join(known)}")
        return {name: family for name, family in known.items() if name in wanted}, ()
    if find_spec("torch") is None and NETWORK in known:
        without = {name: family for name, family in known.items() if name != NETWORK}
        return without, ("the network is left out: it needs torch, pip install 'kontur[train]'",)
    return dict(known), ()


def _settings(bench: Bench, family: str) -> list[str]:
    return [name for name, setting in bench.settings.items() if setting.family == family]


def _counted(outcomes: Iterable[Outcome], done: Callable[[], None]) -> list[Outcome]:
    """All outcomes, each told of as it comes."""
    found = []
    for outcome in outcomes:
        found.append(outcome)
        done()
    return found


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _first(settings: Sequence[str], found: Mapping[str, Mapping[int, float]], rank: str) -> str:
    """The best of some settings by their scores, which are there for all or for none."""
    signed = {
        name: {fold: ALL[rank].sign * value for fold, value in found.get(name, {}).items()}
        for name in settings
    }
    return ranked(signed)[0]


def _result(
    bench: Bench,
    splits: Sequence[Split],
    family: str,
    setting: str,
    chosen: Sequence[str],
    told: Mapping[tuple[str, int], np.ndarray],
    drawn: Resampled,
    single: Result | None,
) -> Result:
    """The held-out outputs of the chosen settings put together, and scored."""
    question = bench.question
    outputs = np.zeros((len(question.truth), max(1, len(question.classes))))
    each = []
    for fold, (split, name) in enumerate(zip(splits, chosen, strict=True)):
        rows = bench.rows(split.held)
        outputs[rows] = told[name, fold]
        each.append(scores(question.truth[rows], outputs[rows]))
    values = resampled_scores(question.truth, outputs, drawn)
    head = HEAD[question.task]
    beyond = interval(
        values[head] - resampled_scores(question.truth, single.outputs, drawn)[head]
        if single
        else np.empty(0)
    )
    return Result(
        family,
        setting,
        tuple(chosen),
        outputs,
        tuple(each),
        scores(question.truth, outputs),
        {name: interval(column) for name, column in values.items()},
        beyond,
        votes(question.truth, outputs, question.groups)
        if question.constant_within_groups
        else None,
    )
