"""Which setting is best, and whether by more than chance.

Settings are compared fold by fold, because a difficult fold is difficult for all of them: whether
two differ depends not on the spread of each one's scores but on the spread of their differences, by
the paired t-test, one-sided at 95 % (Dietterich 1998, Neural Computation 10). It is a lenient
bound: the training parts of folds overlap, so the true chance of an error is above 5 %.
"""

import math
import statistics
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kontur.select.cross_validation import Outcome

ByFold = Mapping[int, float]  # one score of a setting by fold; folds without it are left out

# Student's t at 0.95 by degrees of freedom, NIST/SEMATECH e-Handbook, 1.3.6.7.2; between two of
# them the smaller one's is taken, which is the larger bound.
T_95 = {
    **{1: 6.314, 2: 2.920, 3: 2.353, 4: 2.132, 5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833},
    **{10: 1.812, 12: 1.782, 15: 1.753, 20: 1.725, 30: 1.697, 60: 1.671, 100: 1.660},
}


class Spread(NamedTuple):
    """Mean and standard deviation (n - 1) of some values; NaN of none, or the latter of one."""

    mean: float
    deviation: float
    number: int

    @property
    def above_zero(self) -> bool:
        """Whether differences lie above 0 by a t-test, one-sided at 95 %; never of one alone.

        >>> spread([0.2, 0.1]).above_zero, spread([0.2, 0.1, 0.2]).above_zero
        (False, True)
        """
        if self.number < 2:
            return False
        t = T_95[max(freedom for freedom in T_95 if freedom < self.number)]
        return self.mean > t * self.deviation / math.sqrt(self.number)

    def __str__(self) -> str:
        """`0.612 ± 0.021`, without the deviation where there is none."""
        if not self.number:
            return "–"
        if math.isnan(self.deviation):
            return f"{self.mean:z.3f}"  # z: no -0.000
        return f"{self.mean:z.3f} ± {self.deviation:.3f}"


def spread(values: Iterable[float | None]) -> Spread:
    """Mean and deviation of the values that are known.

    >>> spread([0.5, 0.7, None]), spread([0.5]).number, spread([]).mean
    (Spread(mean=0.6, deviation=0.14142135623730948, number=2), 1, nan)
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    return Spread(
        statistics.fmean(known) if known else math.nan,
        statistics.stdev(known) if len(known) > 1 else math.nan,
        len(known),
    )


class Verdict(NamedTuple):
    """The best setting, compared with the second best.

    `difference` is that of the best over the second on the folds that both finished, `wins` on how
    many of them the best was better. `clear`: the difference is above 0 by the t-test.
    Without a second setting it is None.
    """

    best: str
    second: str | None
    difference: Spread
    wins: int

    @property
    def clear(self) -> bool:
        return self.difference.above_zero


def by_fold(outcomes: Iterable[Outcome], score: str) -> dict[str, dict[int, float]]:
    """One score by setting and fold, of the trials on all that a fold leaves."""
    by_setting: dict[str, dict[int, float]] = {}
    for trial, scores, _ in outcomes:
        values = by_setting.setdefault(trial.setting, {})
        value = None if scores is None else scores.get(score)
        whole = trial.fold is not None and trial.share == 1
        if whole and value is not None and math.isfinite(value):
            values[trial.fold or 0] = value
    return by_setting


def paired(a: ByFold, b: ByFold) -> Spread:
    """The difference a - b on the folds that both have.

    >>> paired({0: 0.5, 1: 0.75}, {0: 0.25, 1: 0.5, 2: 0.9})
    Spread(mean=0.25, deviation=0.0, number=2)
    """
    return spread(a[fold] - b[fold] for fold in a if fold in b)


def ranked(scores: Mapping[str, ByFold]) -> list[str]:
    """The settings from best to worst; one that finished fewer folds comes after all with more.

    >>> ranked({"a": {0: 0.5, 1: 0.5}, "b": {0: 0.6, 1: 0.6}, "c": {0: 0.9}, "d": {}})
    ['b', 'a', 'c', 'd']
    """
    return sorted(
        scores, key=lambda name: (-len(scores[name]), -spread(scores[name].values()).mean)
    )


def decide(scores: Mapping[str, ByFold]) -> Verdict | None:
    """The best setting compared with the second best; None where no setting finished a fold.

    >>> decide({"a": {0: 0.5, 1: 0.6}, "b": {0: 0.3, 1: 0.5}}).clear
    False
    """
    order = [name for name in ranked(scores) if scores[name]]
    if not order:
        return None
    best, second = order[0], order[1] if len(order) > 1 else None
    if second is None:
        return Verdict(best, None, spread([]), 0)
    a, b = scores[best], scores[second]
    wins = sum(a[fold] > b[fold] for fold in a if fold in b)
    return Verdict(best, second, paired(a, b), wins)
