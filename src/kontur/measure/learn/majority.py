"""Votes: what the objects of a group say together, where all of them are of one class."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Shaped

from kontur.measure.learn.intervals import Interval, wilson
from kontur.measure.learn.scores import Outputs, Truth


class Votes(NamedTuple):
    """Groups by name, their class, the share of their objects called each class, and the outcome.

    The class with most calls wins; of several, the one with the higher mean probability.
    """

    names: Shaped[np.ndarray, " g"]
    truth: Int[np.ndarray, " g"]
    shares: Float[np.ndarray, "g k"]
    told: Int[np.ndarray, " g"]

    @property
    def right(self) -> int:
        """How many groups were told rightly."""
        return int((self.told == self.truth).sum())

    @property
    def interval(self) -> Interval:
        """Of the share of groups told rightly: Wilson's."""
        return wilson(self.right, len(self.names))

    def __str__(self) -> str:
        return f"{self.right} of {len(self.names)}"


def votes(truth: Truth, outputs: Outputs, groups: Shaped[np.ndarray, " n"]) -> Votes:
    """The vote of each group on its held-out objects."""
    names, first, member = np.unique(groups, return_index=True, return_inverse=True)
    calls, surety = np.zeros((2, len(names), outputs.shape[1]))
    np.add.at(calls, (member, outputs.argmax(axis=1)), 1)
    np.add.at(surety, member, outputs)
    size = calls.sum(axis=1, keepdims=True)
    told = (calls + surety / size / 2).argmax(axis=1)  # below half a call: it decides ties only
    return Votes(names, truth[first].astype(int), calls / size, told)
