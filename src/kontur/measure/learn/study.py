"""A study: all settings of all families on the same folds, the choice among them, and the refit.

The folds hold out whole groups. Every setting is fitted on the rest of a fold and evaluated on what
it holds out. In nested cross-validation the setting that is evaluated in a fold was chosen within
the rest of it, by inner folds, so that the score is that of the whole procedure (Varma and Simon
2006); otherwise it is chosen by the folds that evaluate it, which is quicker and optimistic.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import count
from typing import NamedTuple

import numpy as np
import pandas as pd

from kontur import extra
from kontur.errors import InputError
from kontur.measure.learn.evaluation.importance import permutation_importance
from kontur.measure.learn.evaluation.intervals import (
    bootstrap_scores,
    draw_bootstrap,
    percentile_interval,
)
from kontur.measure.learn.evaluation.lasso import lasso_path
from kontur.measure.learn.evaluation.learning_curve import LearningCurve, learning_curve
from kontur.measure.learn.evaluation.majority import majority_vote
from kontur.measure.learn.families.baselines import BASELINES, SINGLE
from kontur.measure.learn.families.family import CLASSIFIERS, REGRESSORS, Family
from kontur.measure.learn.families.fitting import Evaluation, FittedModel, Fitter
from kontur.measure.learn.leakage import copies_note, image_note
from kontur.measure.learn.result import FamilyResult, Study
from kontur.measure.learn.scores import ALL, HEADLINE, RANKING, scores
from kontur.measure.learn.task import LearningTask, TaskKind, make_task
from kontur.measure.learn.trained.training_rows import row_digests
from kontur.select import Split, Verdict, decide, ranked, refit, trials
from kontur.select.verdict import ByFold, by_fold
from kontur.wording import nearest

INNER = 3  # folds within a fold, which choose a setting and do not evaluate it
NETWORK = "network"  # the family that needs torch
WORDS = {"linear": ("logistic", "ridge", "lasso")}  # names for several families


class Choice(NamedTuple):
    """The setting of a family for a refit on all rows, and the one evaluated in each fold."""

    setting: str
    by_fold: tuple[str, ...]


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
    task: TaskKind | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Study:
    """Learn to predict the target from measurements, evaluated on groups that were held out.

    Args:
        table, target, group, columns, without, classes: as in `task.make_task`.
        families: names of `families.family.CLASSIFIERS` or `REGRESSORS`, or linear for those;
            all by default, the network only where torch is installed.
        folds: the number of parts that the groups are split into.
        nested: whether the setting of a family is chosen within each fold.
        task: classify or regress; by default as `make_task` decides.
        seed: of the folds, of resampling and of shuffling.
        progress: called with the number of finished fits and of all.

    Raises `InputError` as `make_task` does, for unknown families, and for fewer groups than
    folds.
    """
    learning = make_task(
        table, target, group=group, columns=columns, without=without, classes=classes, kind=task
    )
    candidates, notes = _candidates(learning.kind, families)
    fitter = Fitter(learning, BASELINES[learning.kind] | candidates)
    _check_folds(folds, len(np.unique(learning.groups)), nested=nested)
    splits = fitter.splits(folds, seed)
    inner = _inner_splits(fitter, splits, seed) if nested else []
    alternatives, ranking = fitter.alternatives, RANKING[learning.kind]
    fits = _FitCount(progress, _number_of_fits(fitter, len(candidates), folds, len(inner)))

    evaluations = tuple(fits.counted(fitter.evaluate(trials([*fitter.settings], splits))))
    outer_scores = _scores_by_fold(evaluations, ranking)
    inner_scores = [
        _scores_by_fold(fits.counted(fitter.evaluate(trials(alternatives, parts))), ranking)
        for parts in inner
    ]
    choices = _choices(fitter, outer_scores, inner_scores, folds)
    results = _results(fitter, splits, evaluations, choices, seed)
    verdict = _verdict({name: results[name] for name in candidates}, ranking)
    best = choices[verdict.best]
    fitted = _refit(fitter, best.setting)
    single = _refit(fitter, SINGLE)
    fits.advance()

    of_candidates = {name: choices[name].by_fold for name in candidates}
    curve = learning_curve(fitter, splits, of_candidates, seed=seed, done=fits.advance)
    importance = permutation_importance(
        fitter,
        splits,
        best.by_fold,
        HEADLINE[learning.kind],
        np.random.default_rng(seed),
        done=fits.advance,
    )
    lasso = lasso_path(fitter, splits, seed=seed, done=fits.advance)
    return Study(
        task=learning,
        splits=splits,
        nested=nested,
        ranking=ranking,
        results=results,
        verdict=verdict,
        fitted=fitted,
        single=single,
        evaluations=evaluations,
        curve=curve,
        importance=importance,
        lasso=lasso,
        notes=(*_leakage_notes(learning, fitted), *learning.notes, *notes),
    )


class _FitCount:
    """Reports the number of finished fits, and of all, after each."""

    def __init__(self, report: Callable[[int, int], None], total: int) -> None:
        self._report, self._total = report, total
        self._finished = count(1)

    def advance(self) -> None:
        self._report(next(self._finished), self._total)

    def counted(self, evaluations: Iterable[Evaluation]) -> Iterator[Evaluation]:
        """The evaluations, each reported when the next is asked for."""
        for evaluation in evaluations:
            yield evaluation
            self.advance()


def _number_of_fits(fitter: Fitter, families: int, folds: int, nested_folds: int) -> int:
    """Those of the folds and the folds within, the curve, importance and lasso, and the refit."""
    evaluated = len(fitter.settings) * folds + len(fitter.alternatives) * INNER * nested_folds
    return evaluated + LearningCurve.fits(families, folds) + 2 * folds + 1


def _candidates(
    kind: TaskKind, names: Sequence[str] | None
) -> tuple[dict[str, Family], tuple[str, ...]]:
    """The families by name, and a note on those that cannot be fitted here."""
    known = CLASSIFIERS if kind == "classify" else REGRESSORS
    if names is None:
        if NETWORK not in known or find_spec("torch") is not None:
            return dict(known), ()
        rest = {name: family for name, family in known.items() if name != NETWORK}
        needs = f"it needs torch, {extra.install('train')}{extra.torch_size()}"
        return rest, (f"the network is left out: {needs}",)
    if not names:
        raise InputError(f"name a family at least; known are {', '.join(known)}")
    for name in names:
        if name in known or name in WORDS:
            continue
        if name in {**CLASSIFIERS, **REGRESSORS}:
            what = {"classify": "an amount, not classes", "regress": "classes, not an amount"}
            raise InputError(
                f"{name} predicts {what[kind]}; the families for this are {', '.join(known)}"
            )
        raise InputError(f"there is no family {name!r}; {nearest(name, (*known, *WORDS))}")
    wanted = [name for word in names for name in WORDS.get(word, (word,))]
    return {name: family for name, family in known.items() if name in wanted}, ()


def _check_folds(folds: int, groups: int, *, nested: bool) -> None:
    if groups < folds:
        raise InputError(
            f"{folds} folds need at least {folds} groups, got {groups}; {_ways(groups, nested)}"
        )


def _ways(groups: int, nested: bool) -> str:
    """What can be done with so few groups, for the end of a sentence."""
    if groups < 2:
        return "give more groups"
    way = f"take --folds {groups}"
    if nested and groups - 1 < INNER:  # one is held out
        way += " --plain"
    return f"{way}, or give more groups"


def _inner_splits(fitter: Fitter, splits: Sequence[Split], seed: int) -> list[list[Split]]:
    """The folds within each fold."""
    fewest = min(len(split.train) for split in splits)
    if fewest < INNER:
        number = len(np.unique(fitter.task.groups))
        ways = _ways(number, nested=True)
        ways += "" if "--plain" in ways else ", or choose --plain"
        raise InputError(
            f"{len(splits)} folds of {number} groups leave {fewest} to learn from, and the choice "
            f"of settings within them needs {INNER}: {ways}"
        )
    return [fitter.splits(INNER, seed, split.train) for split in splits]


def _scores_by_fold(evaluations: Iterable[Evaluation], ranking: str) -> dict[str, ByFold]:
    """The score that ranks, more being better, by setting and fold."""
    values = by_fold((evaluation.outcome for evaluation in evaluations), ranking)
    sign = ALL[ranking].sign
    return {
        name: {fold: sign * value for fold, value in of_folds.items()}
        for name, of_folds in values.items()
    }


def _choices(
    fitter: Fitter,
    outer: Mapping[str, ByFold],
    inner: Sequence[Mapping[str, ByFold]],
    folds: int,
) -> dict[str, Choice]:
    """The best setting of every family by all folds, and in each fold by its inner folds."""
    choices = {}
    for family in fitter.families:
        settings = fitter.settings_of(family)
        setting, *within = (
            ranked({name: by_setting.get(name, {}) for name in settings})[0]
            for by_setting in (outer, *inner)
        )
        choices[family] = Choice(setting, tuple(within) or (setting,) * folds)
    return choices


def _results(
    fitter: Fitter,
    splits: Sequence[Split],
    evaluations: Sequence[Evaluation],
    choices: Mapping[str, Choice],
    seed: int,
) -> dict[str, FamilyResult]:
    """The predictions of every family for held-out rows, put together and scored."""
    task = fitter.task
    headline, baselines = HEADLINE[task.kind], BASELINES[task.kind]
    draws = draw_bootstrap(task.resampling_units[0], np.random.default_rng(seed))
    of_trial = {
        (evaluation.trial.setting, evaluation.trial.fold): evaluation for evaluation in evaluations
    }
    parts = {
        family: [of_trial[name, fold] for fold, name in enumerate(choice.by_fold)]
        for family, choice in choices.items()
    }
    outputs = {family: _assembled(fitter, splits, own) for family, own in parts.items()}
    drawn = {name: bootstrap_scores(task.truth, values, draws) for name, values in outputs.items()}
    beyond = {
        name: np.empty(0) if name in baselines else drawn[name][headline] - drawn[SINGLE][headline]
        for name in drawn
    }
    return {
        family: FamilyResult(
            name=family,
            setting=choices[family].setting,
            chosen=choices[family].by_fold,
            outputs=values,
            by_fold=tuple(evaluation.scores or {} for evaluation in parts[family]),
            overall=scores(task.truth, values),
            intervals={name: percentile_interval(v) for name, v in drawn[family].items()},
            beyond_single=percentile_interval(beyond[family]),
            majority=majority_vote(task.truth, values, task.groups)
            if task.constant_within_groups
            else None,
        )
        for family, values in outputs.items()
    }


def _assembled(
    fitter: Fitter, splits: Sequence[Split], evaluations: Sequence[Evaluation]
) -> np.ndarray:
    """The held-out predictions of all folds in the order of the rows."""
    task = fitter.task
    outputs = np.zeros((len(task.truth), max(1, len(task.classes))))
    for fold, (split, evaluation) in enumerate(zip(splits, evaluations, strict=True), start=1):
        if evaluation.outputs is None:
            raise InputError(
                f"fold {fold} of {len(splits)} cannot be evaluated: {evaluation.failure}; choose "
                "another number of folds, or give more groups of the rarer classes"
            )
        outputs[fitter.rows(split.held)] = evaluation.outputs
    return outputs


def _verdict(results: Mapping[str, FamilyResult], ranking: str) -> Verdict:
    sign = ALL[ranking].sign
    verdict = decide(
        {
            name: {fold: sign * values[ranking] for fold, values in enumerate(result.by_fold)}
            for name, result in results.items()
        }
    )
    assert verdict is not None  # every fold of every family was evaluated
    return verdict


def _refit(fitter: Fitter, setting: str) -> FittedModel:
    """A setting fitted on all rows."""
    return refit(setting, np.unique(fitter.task.groups).tolist(), fitter.fit)


def _leakage_notes(task: LearningTask, fitted: FittedModel) -> list[str]:
    """What may make the scores too good: images in several groups, and copies of rows."""
    values = row_digests(fitted.preparation.recipe(), task.table, identity=())
    return [note for note in (image_note(task), copies_note(task, values)) if note]
