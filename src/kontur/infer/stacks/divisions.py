"""Divisions: an object that became two.

The mother is there at one time. At the next two objects lie on both sides of where it is looked
for, their middle near its centre, of about the same size, and together of about its area. One of
them may have been taken for the mother, the other begins. Whether it was a division is told later:
an outline that falls apart on one frame and is whole on the next is none (`link.LASTS`).
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.infer.stacks.displacement import ALIKE, alike, diameters, near
from kontur.infer.stacks.frames import Frame

FARTHEST = 1.0  # diameters of the mother between its centre and a daughter's
ASIDE = 1 / 3  # diameters of the mother between its centre and the middle of its daughters
TOGETHER = (0.5, 1.4)  # areas of the mother that its daughters have together


class Division(NamedTuple):
    """The objects of a mother and of its two daughters, by their numbers."""

    mother: int
    daughters: tuple[int, int]


def divisions(
    before: Frame,
    after: Frame,
    steps: Float[np.ndarray, "k 2"],
    successor: Int[np.ndarray, " k"],
    begins: Bool[np.ndarray, " l"],
) -> list[Division]:
    """The objects of `before` that may have become two of `after`, each daughter of one mother.

    `successor` is what each object was linked to, -1 for none; `begins` what was linked to nothing.
    """
    free = np.flatnonzero(begins)
    if not len(before) or not len(free):
        return []
    there, widths = before.centres + steps, diameters(before.areas)
    i, j = near(there, after.centres[free], FARTHEST * widths)
    share = after.areas[free[j]] / before.areas[i]
    kept = (share < 1) & (share > TOGETHER[0] / (1 + ALIKE))
    i, j = i[kept], j[kept]
    found = []
    by_mother = np.argsort(i, kind="stable")
    near_mothers, starts = np.unique(i[by_mother], return_index=True)
    daughters_of = np.split(free[j[by_mother]], starts[1:])
    for mother, begun in zip(near_mothers.tolist(), daughters_of, strict=False):
        candidates = begun.tolist()
        candidates += [int(successor[mother])] if successor[mother] >= 0 else []
        for pair in combinations(candidates, 2):
            aside = _aside(before, after, mother, pair, there[mother], widths[mother])
            if aside < ASIDE:
                found.append((aside, Division(mother, pair)))
    chosen, mothers, daughters = [], set[int](), set[int]()
    for _, division in sorted(found):
        if division.mother not in mothers and daughters.isdisjoint(division.daughters):
            chosen.append(division)
            mothers.add(division.mother)
            daughters.update(division.daughters)
    return chosen


def _aside(
    before: Frame,
    after: Frame,
    mother: int,
    pair: tuple[int, int],
    there: Float[np.ndarray, " 2"],
    width: float,
) -> float:
    """How many diameters of the mother the middle of two objects lies from where it is looked for.

    Infinite where they are no daughters of it.
    """
    both = [*pair]
    areas = after.areas[both]
    low, high = TOGETHER
    fits = (
        (after.labels[both] == before.labels[mother]).all()
        and alike(areas[:1], areas[1:]).all()
        and (areas < before.areas[mother]).all()
        and low <= areas.sum() / before.areas[mother] <= high
        and (np.hypot(*(after.centres[both] - there).T) < FARTHEST * width).all()
    )
    middle = after.centres[both].mean(axis=0) - there
    return float(np.hypot(*middle)) / width if fits else np.inf
