"""Bootstrap intervals: the variation of a score between samples of images.

Objects of one image are alike, so that a thousand of them are fewer independent observations.
Whole groups are resampled with replacement (the cluster bootstrap, Davison and Hinkley 1997,
section 3.8), with all their objects and the predictions for them while they were held out; models
are not fitted again. A count of groups, such as wells with a correct majority vote, has Wilson's
interval (1927): the bootstrap of a score of 1 would have no width.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped, UInt8

from kontur.measure.extra import package
from kontur.measure.learn.scores import Outputs, Truth, auc, row_sums, scores_of_sums

RESAMPLES = 1000
LEVEL = 0.95
BLOCK = 2_000_000  # numbers in memory at once


class Interval(NamedTuple):
    """Both ends; NaN where there is none."""

    low: float
    high: float

    def __str__(self) -> str:
        return "–" if math.isnan(self.low) else f"{self.low:.3f} … {self.high:.3f}"


class BootstrapDraws(NamedTuple):
    """How often each group was drawn in each resampling, and the group of every row."""

    counts: UInt8[np.ndarray, "r g"]
    member: Shaped[np.ndarray, " n"]


def draw_bootstrap(
    groups: Shaped[np.ndarray, " n"], rng: np.random.Generator, rounds: int = RESAMPLES
) -> BootstrapDraws:
    """Draw as many groups as there are, with replacement, `rounds` times."""
    names, member = np.unique(groups, return_inverse=True)
    number = len(names)
    counts = np.empty((rounds, number), np.uint8)  # of 100,000 groups 100 MB; beyond 255 never
    for index in range(rounds):
        counts[index] = np.bincount(rng.integers(number, size=number), minlength=number)
    return BootstrapDraws(counts, member)


def bootstrap_scores(
    truth: Truth, outputs: Outputs, drawn: BootstrapDraws
) -> dict[str, Float[np.ndarray, " r"]]:
    """Every score in every resampling."""
    rows, classes = row_sums(truth, outputs), outputs.shape[1]
    by_group = np.zeros((drawn.counts.shape[1], rows.shape[1]))
    np.add.at(by_group, drawn.member, rows)
    step = max(1, BLOCK // len(truth))
    parts = []
    for start in range(0, len(drawn.counts), step):
        counts = drawn.counts[start : start + step].astype(float)
        block_scores = scores_of_sums(counts @ by_group, classes)
        if classes > 1:
            block_scores["auc"] = auc(truth, outputs, counts[:, drawn.member])
        parts.append(block_scores)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def percentile_interval(values: Float[np.ndarray, " r"]) -> Interval:
    """The range of the middle 95 % of values.

    >>> [round(end, 9) for end in percentile_interval(np.arange(1001.0))]
    [25.0, 975.0]
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return Interval(math.nan, math.nan)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))


def wilson_interval(correct: int, number: int) -> Interval:
    """The 95 % interval of a share of independent trials.

    >>> (
    ...     [round(end, 3) for end in wilson_interval(53, 53)],
    ...     [round(end, 3) for end in wilson_interval(1, 2)],
    ... )
    ([0.932, 1.0], [0.095, 0.905])
    """
    if not number:
        return Interval(math.nan, math.nan)
    test = package("scipy.stats").binomtest(correct, number)
    interval = test.proportion_ci(LEVEL, method="wilson")
    return Interval(float(interval.low), float(interval.high))
