"""K-fold cross-validation of several settings, of anything that can be fitted and scored.

Every setting is fitted on the same folds, each time on the fold's training part, and scored on the
part held out; the best one is then fitted on everything (`refit`). A learning curve is the same
with smaller and smaller shares of the training part (`shares`). What is finished already is not
done again, and a fit that fails does not stop the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from kontur.select.splits import Split, nested

Fitted = TypeVar("Fitted")
Scores = Mapping[str, float]


class FitFailed(Exception):
    """A fit or its scoring failed; the message is the reason."""


class Trial(NamedTuple):
    """One fit: the name of a setting, the names it is fitted on and those it is scored on.

    `fold` counts from 0 and is None where all names are fitted on and none held out; `share` is
    the share of the fold's training part that is used.
    """

    setting: str
    fold: int | None
    split: Split
    share: float = 1.0


class Outcome(NamedTuple):
    """The result of a trial: its scores, or why there are none."""

    trial: Trial
    scores: Scores | None
    failure: str | None = None


def trials(
    settings: Sequence[str],
    splits: Sequence[Split],
    *,
    shares: Sequence[float] = (1.0,),
    fewest: int = 1,
    seed: int = 0,
) -> list[Trial]:
    """Every setting on every fold with every share of its names, `fewest` names at least.

    Fold by fold, the whole share first: at any time the finished trials compare settings on the
    same names. Smaller shares lie within larger ones; of two shares with equally
    many names the larger one stays.

    >>> split = Split(["a", "b", "c", "d"], ["e"])
    >>> [(t.setting, t.share, t.split.train) for t in trials(["x"], [split], shares=(0.5, 1.0))]
    [('x', 1.0, ['a', 'b', 'c', 'd']), ('x', 0.5, ['a', 'd'])]
    """
    planned: list[Trial] = []
    for fold, split in enumerate(splits):
        parts: dict[int, tuple[float, list[str]]] = {}
        ordered = sorted(shares, reverse=True)
        for share, part in zip(ordered, nested(split.train, ordered, seed, fewest), strict=True):
            parts.setdefault(len(part), (share, part))
        for share, part in parts.values():
            planned += [
                Trial(setting, fold, Split(part, split.held), share) for setting in settings
            ]
    return planned


def cross_validate(
    planned: Iterable[Trial],
    fit: Callable[[Trial], Fitted],
    score: Callable[[Fitted, Trial], Scores],
    *,
    finished: Callable[[Trial], Scores | None] = lambda trial: None,
) -> Iterator[Outcome]:
    """Fit and score each trial in order; each outcome is yielded as soon as it is known.

    `finished` gives the scores of a trial of an earlier run, None where there are none. A
    `FitFailed` of `fit` or `score` becomes an outcome; any other exception passes through.

    >>> split = Split(["1", "3"], ["2"])
    >>> mean = lambda trial: sum(map(float, trial.split.train)) / len(trial.split.train)
    >>> away = lambda fitted, trial: {"error": abs(fitted - float(trial.split.held[0]))}
    >>> [outcome.scores for outcome in cross_validate(trials(["mean"], [split]), mean, away)]
    [{'error': 0.0}]
    """
    for trial in planned:
        known = finished(trial)
        if known is not None:
            yield Outcome(trial, known)
            continue
        try:
            yield Outcome(trial, score(fit(trial), trial))
        except FitFailed as failure:
            yield Outcome(trial, None, str(failure))


def refit(setting: str, names: Sequence[str], fit: Callable[[Trial], Fitted]) -> Fitted:
    """The chosen setting, fitted on all names."""
    return fit(Trial(setting, None, Split(list(names), [])))
