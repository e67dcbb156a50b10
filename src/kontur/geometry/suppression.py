"""Greedy suppression: of shapes that overlap too much the best stays, in memory linear in them.

Pairs that overlap can be as many as the square of the shapes. So the best that are undecided are
settled a chunk at a time, and only those that stay look for the others that they suppress: what
stays overlaps little, hence the others meet few of them.
"""

from collections.abc import Callable

import numpy as np
import shapely
from jaxtyping import Bool, Int, Shaped

CHUNK = 256  # shapes that are settled together; as many pairs as its square at most

Places = Int[np.ndarray, " p"]  # named once: an annotation inside a function is made at each call
Answers = Bool[np.ndarray, " p"]
IsOver = Callable[[Places, Places], Answers]


def suppress_greedily(
    shapes: Shaped[np.ndarray, " k"], is_over: IsOver
) -> Int[np.ndarray, " kept"]:
    """The places of the shapes that stay; the best comes first in `shapes`.

    A shape stays unless `is_over(i, j)`, called for pairs whose boxes touch, is true for it (j)
    and a better one (i) that stays.
    """
    waiting = np.arange(len(shapes))
    if len(shapes) <= CHUNK:
        return waiting[_settle(shapes, waiting, is_over)]
    tree = shapely.STRtree(shapes)
    stays, undecided = np.zeros(len(shapes), bool), np.ones(len(shapes), bool)
    while len(waiting):
        best, waiting = waiting[:CHUNK], waiting[CHUNK:]
        kept = best[_settle(shapes, best, is_over)]
        stays[kept], undecided[best] = True, False
        i, j = tree.query(shapes[kept])
        i, j = kept[i[undecided[j]]], j[undecided[j]]
        undecided[j[is_over(i, j)]] = False
        waiting = waiting[undecided[waiting]]
    return np.flatnonzero(stays)


def _settle(
    shapes: Shaped[np.ndarray, " k"], chosen: Int[np.ndarray, " n"], is_over: IsOver
) -> Bool[np.ndarray, " n"]:
    """Which of a few of the shapes stay among themselves."""
    i, j = shapely.STRtree(shapes[chosen]).query(shapes[chosen])
    i, j = i[i < j], j[i < j]
    stays = np.ones(len(chosen), bool)
    while len(i):
        # What has no better neighbour that still waits is decided: it stays.
        waits = np.zeros(len(chosen), bool)
        waits[j] = True
        decided = ~waits[i]
        first, second = i[decided], j[decided]
        stays[second[is_over(chosen[first], chosen[second])]] = False
        open_pairs = ~decided & stays[i] & stays[j]
        i, j = i[open_pairs], j[open_pairs]
    return stays
