"""Majority vote: one prediction per group from those of its objects, which all have one class."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped

from kontur.measure.learn.evaluation.intervals import Interval, wilson_interval
from kontur.measure.learn.scores import Outputs, Truth


class MajorityVote(NamedTuple):
    """Groups by name, their class, the shares of their objects by predicted class, and the winner.

    The class with most objects wins; of several, the one with the higher mean probability.
    """

    names: Shaped[np.ndarray, " g"]
    truth: Int[np.ndarray, " g"]
    shares: Float[np.ndarray, "g k"]
    predicted: Int[np.ndarray, " g"]

    @property
    def correct(self) -> int:
        """The number of groups whose vote is their class."""
        return int((self.predicted == self.truth).sum())

    @property
    def interval(self) -> Interval:
        """Wilson's interval of the share of correct groups."""
        return wilson_interval(self.correct, len(self.names))

    def __str__(self) -> str:
        return f"{self.correct} of {len(self.names)}"


def majority_vote(truth: Truth, outputs: Outputs, groups: Shaped[np.ndarray, " n"]) -> MajorityVote:
    """The vote of each group's objects by their held-out predictions."""
    names, first, member = np.unique(groups, return_index=True, return_inverse=True)
    counts, probability = np.zeros((2, len(names), outputs.shape[1]))
    np.add.at(counts, (member, outputs.argmax(axis=1)), 1)
    np.add.at(probability, member, outputs)
    size = counts.sum(axis=1, keepdims=True)
    winner = (counts + probability / size / 2).argmax(axis=1)  # below half a count: ties only
    return MajorityVote(names, truth[first].astype(int), counts / size, winner)
