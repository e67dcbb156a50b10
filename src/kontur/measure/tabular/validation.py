"""Held: the rows that a network does not learn from, so that it sees when to stop."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Shaped

from kontur.errors import InputError
from kontur.select import holdout

FEWEST = 20  # rows; with fewer nothing is held out, and the loss on them decides when it ends


def held_rows(
    count: int,
    share: float,
    seed: int,
    labels: Shaped[np.ndarray, " b"] | None,
    groups: Any,
) -> Bool[np.ndarray, " b"]:
    """Which rows are held out: about `share` of each class, groups never parted.

    None of them where there are too few rows or groups, or where a class would be held out whole.
    """
    held = np.zeros(count, dtype=bool)
    words = None if groups is None else list(map(str, groups))
    if words is not None and len(words) != count:
        raise InputError(f"wanted a group for each of the {count} rows, got {len(words)}")
    if share == 0 or count < FEWEST or (words is not None and len(set(words)) < 2):
        return held
    names = [str(i) for i in range(count)]
    split = holdout(
        names,
        share,
        seed,
        groups=None if words is None else dict(zip(names, words, strict=True)),
        labels=None if labels is None else dict(zip(names, map(str, labels), strict=True)),
    )
    held[[int(name) for name in split.held]] = True
    if (~held).sum() < 2:
        return np.zeros(count, dtype=bool)
    if labels is not None and len(np.unique(labels[~held])) < len(np.unique(labels)):
        return np.zeros(count, dtype=bool)
    return held
