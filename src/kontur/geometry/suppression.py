"""Greedy suppression: of shapes that overlap too much the best stays, in linear memory.

The number of overlapping pairs can be quadratic. So the best undecided shapes are decided a chunk
at a time, and only those that stay are compared with the rest: what stays overlaps little, hence
every other shape overlaps few of them.
"""

from collections.abc import Callable

import numpy as np
import shapely
from jaxtyping import Bool, Int, Shaped

CHUNK = 256  # shapes decided together; at most its square of pairs

Places = Int[np.ndarray, " p"]  # named once: an annotation inside a function is made at each call
Answers = Bool[np.ndarray, " p"]
IsOver = Callable[[Places, Places], Answers]


def suppress_greedily(
    shapes: Shaped[np.ndarray, " k"], is_over: IsOver
) -> Int[np.ndarray, " kept"]:
    """The indices of the shapes that stay; `shapes` are sorted, the best first.

    A shape stays unless `is_over(i, j)`, called for pairs whose boxes touch, is true for it (j)
    and a better one (i) that stays.
    """
    waiting = np.arange(len(shapes))
    if len(shapes) <= CHUNK:
        return waiting[_decide(shapes, waiting, is_over)]
    tree = shapely.STRtree(shapes)
    stays, undecided = np.zeros(len(shapes), bool), np.ones(len(shapes), bool)
    while len(waiting):
        best, waiting = waiting[:CHUNK], waiting[CHUNK:]
        kept = best[_decide(shapes, best, is_over)]
        stays[kept], undecided[best] = True, False
        i, j = tree.query(shapes[kept])
        i, j = kept[i[undecided[j]]], j[undecided[j]]
        undecided[j[is_over(i, j)]] = False
        waiting = waiting[undecided[waiting]]
    return np.flatnonzero(stays)


def _decide(
    shapes: Shaped[np.ndarray, " k"], chosen: Int[np.ndarray, " n"], is_over: IsOver
) -> Bool[np.ndarray, " n"]:
    """Which of a few of the shapes stay among themselves."""
    i, j = shapely.STRtree(shapes[chosen]).query(shapes[chosen])
    i, j = i[i < j], j[i < j]
    stays = np.ones(len(chosen), bool)
    while len(i):
        # A shape without a better undecided neighbour stays.
        waits = np.zeros(len(chosen), bool)
        waits[j] = True
        decided = ~waits[i]
        first, second = i[decided], j[decided]
        stays[second[is_over(chosen[first], chosen[second])]] = False
        open_pairs = ~decided & stays[i] & stays[j]
        i, j = i[open_pairs], j[open_pairs]
    return stays
