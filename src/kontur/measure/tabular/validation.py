"""Validation rows: held out while a network is trained, so that it stops in time."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Shaped

from kontur.errors import InputError
from kontur.select import holdout

FEWEST = 20  # rows; with fewer none is held out, and the training loss decides when to stop


def validation_rows(
    count: int,
    share: float,
    seed: int,
    labels: Shaped[np.ndarray, " b"] | None,
    groups: Any,
) -> Bool[np.ndarray, " b"]:
    """Which rows are held out: about `share` of each class, groups never parted.

    None where there are too few rows or groups, or where a whole class would be held out.
    """
    validation = np.zeros(count, dtype=bool)
    words = None if groups is None else list(map(str, groups))
    if words is not None and len(words) != count:
        raise InputError(f"wanted a group for each of the {count} rows, got {len(words)}")
    if share == 0 or count < FEWEST or (words is not None and len(set(words)) < 2):
        return validation
    names = [str(i) for i in range(count)]
    split = holdout(
        names,
        share,
        seed,
        groups=None if words is None else dict(zip(names, words, strict=True)),
        labels=None if labels is None else dict(zip(names, map(str, labels), strict=True)),
    )
    validation[[int(name) for name in split.held]] = True
    if (~validation).sum() < 2:
        return np.zeros(count, dtype=bool)
    if labels is not None and len(np.unique(labels[~validation])) < len(np.unique(labels)):
        return np.zeros(count, dtype=bool)
    return validation
