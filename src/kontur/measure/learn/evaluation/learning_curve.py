"""Learning curve: the score over the share of groups to learn from, to see if more would help.

The parts are made as for `kontur compare --learning-curve`: within each fold, smaller ones are
contained in larger ones (`kontur.select.nested`), here of the groups of each class, so that few
groups still have all classes. Each fold keeps the setting that was evaluated in it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from kontur.measure.learn.families.fitting import Fitter
from kontur.select import Outcome, Split, Spread, Trial, nested, spread

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


class CurvePoint(NamedTuple):
    """Mean scores at one share of a fold's training groups, and the mean number of groups."""

    share: float
    groups: float
    scores: Mapping[str, Spread]


class LearningCurve(NamedTuple):
    """The points of every family, from few groups to all."""

    families: Mapping[str, Sequence[CurvePoint]]
    outcomes: Sequence[Outcome]

    @staticmethod
    def fits(families: int, folds: int) -> int:
        """The largest number of fits that a curve takes."""
        return families * folds * len(SHARES)


def learning_curve(
    fitter: Fitter,
    splits: Sequence[Split],
    chosen: Mapping[str, Sequence[str]],
    *,
    seed: int = 0,
    done: Callable[[], None] = lambda: None,
) -> LearningCurve:
    """Fit each family on growing shares; `chosen` has the name of its setting by fold.

    Shares with a single class are left out of the means. Of shares that are the same groups in
    every fold, as of few groups, the largest stays. `done` is called after each fit.
    """
    parts: dict[float, list[list[str]]] = {}  # by share, of each fold
    for share in reversed(SHARES):
        of_folds = [
            _part(fitter, split.train, share, seed + fold) for fold, split in enumerate(splits)
        ]
        if of_folds not in parts.values():
            parts[share] = of_folds
    planned = [
        Trial(name, fold, Split(of_folds[fold], split.held), share)
        for fold, split in enumerate(splits)
        for share, of_folds in parts.items()
        for name in chosen
    ]
    settings = (trial._replace(setting=chosen[trial.setting][trial.fold or 0]) for trial in planned)
    outcomes = []
    for trial, evaluation in zip(planned, fitter.evaluate(settings), strict=True):
        outcomes.append(Outcome(trial, evaluation.scores, evaluation.failure))
        done()
    points: dict[str, list[CurvePoint]] = {name: [] for name in chosen}
    for name in chosen:
        for share in SHARES:
            at_share = [
                outcome
                for outcome in outcomes
                if outcome.scores is not None
                and (outcome.trial.setting, outcome.trial.share) == (name, share)
            ]
            if at_share:
                known = [outcome.scores or {} for outcome in at_share]
                sizes = [len(outcome.trial.split.train) for outcome in at_share]
                by_name = {
                    score: spread(scores.get(score) for scores in known) for score in known[0]
                }
                points[name].append(CurvePoint(share, sum(sizes) / len(sizes), by_name))
    return LearningCurve(points, outcomes)


def _part(fitter: Fitter, names: Sequence[str], share: float, seed: int) -> list[str]:
    """A share of the groups of each class, one at least, in the order of the names."""
    of_class: dict[str, list[str]] = {}
    for name in names:
        of_class.setdefault(fitter.label(name), []).append(name)
    taken = {name for same in of_class.values() for name in nested(same, [share], seed)[0]}
    return [name for name in names if name in taken]
