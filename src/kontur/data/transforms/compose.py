"""Transforms carry contours with their image: each maps `(sample, rng)` to a sample.

This file composes them (`Compose`, `RandomApply`) and makes their generators; `geometric`,
`elastic` and `photometric` hold the transforms, `warp` the one resampling behind the geometric
ones, and `augment` the set that training uses. Nothing keeps a state and nothing seeds globally:
the same sample and generator give the same result in any process.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kontur.data.sample import Sample
from kontur.errors import InputError

Transform = Callable[[Sample, np.random.Generator], Sample]


@dataclass(frozen=True)
class Compose:
    """Transforms one after the other."""

    transforms: tuple[Transform, ...]

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        for transform in self.transforms:
            sample = transform(sample, rng)
        return sample


@dataclass(frozen=True)
class RandomApply:
    """A transform that is applied with a probability."""

    probability: float
    transform: Transform

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return self.transform(sample, rng) if rng.random() < self.probability else sample


def sample_rng(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The generator for one sample in one epoch, the same in any worker and any order.

    >>> sample_rng(0, 1, 2).random() == sample_rng(0, 1, 2).random() != sample_rng(0, 2, 1).random()
    True
    """
    if min(seed, epoch, index) < 0:
        raise InputError(f"seed, epoch and index count from 0, got {seed}, {epoch} and {index}")
    return np.random.default_rng(np.random.SeedSequence((seed, epoch, index)))
