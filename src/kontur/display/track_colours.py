"""Colours by which the tracks of a film are told apart, each the same on all planes.

Tracks differ whose objects touch on any plane. The next track is always the one whose neighbours
have the most colours by then (DSATUR, Brélaz 1979): over a long film a track meets many others, and
one after the other from left to right, as of an image, would run out of colours early. Where even
so none is left, the colour is taken that the fewest neighbours have.
"""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from kontur.display.colours import PALETTE
from kontur.display.neighbour_colours import likeness, neighbours

TOUCHING = 100.0  # what the colour of a track that touches costs; one that is alike costs 1 at most
MERGED = 100_000  # pairs that are held at least before those of several planes become one


def track_colours(
    planes: Iterable[tuple[Float[np.ndarray, "k 4"], Int[np.ndarray, " k"]]],
) -> dict[int, int]:
    """The number in the palette of each track's colour.

    Of each plane the boxes x0, y0, x1, y1 of its objects in pixels, and the number of the track of
    each, from 0. A track without neighbours has the colour of its number; the same planes always
    give the same colours.

    >>> boxes = np.array([[0, 0, 9, 9], [9, 0, 18, 9.0], [99, 0, 108, 9]])
    >>> track_colours([(boxes, np.array([1, 8, 9])), (boxes[:0], np.array([], int))])
    {1: 1, 8: 2, 9: 2}
    """
    known, own, other, weights = _met(planes)
    count, several = len(known), len(PALETTE)
    starts = np.searchsorted(own, np.arange(count + 1))
    each = [slice(*bounds) for bounds in pairwise(starts)]
    touching, alike = weights == 1, likeness()
    costs = np.zeros((count, several))
    colours = np.full(count, -1)

    def rank(i: int) -> tuple[int, int, int]:  # the least is the next
        return -int((costs[i] >= TOUCHING).sum()), -int(touching[each[i]].sum()), i

    waiting = [rank(i) for i in range(count)]
    heapify(waiting)
    while waiting:
        entry = heappop(waiting)
        i = entry[-1]
        if colours[i] >= 0 or entry != rank(i):  # a later entry is right
            continue
        turns = (known[i] + np.arange(several)) % several
        colours[i] = turns[costs[i, turns].argmin()]
        others = other[each[i]]
        costs[others] += weights[each[i]][:, None] * alike[colours[i]]
        costs[others, colours[i]] += TOUCHING * touching[each[i]]
        for j in others.tolist():
            if colours[j] < 0:
                heappush(waiting, rank(j))
    return dict(zip(known.tolist(), colours.tolist(), strict=True))


def _met(
    planes: Iterable[tuple[Float[np.ndarray, "k 4"], Int[np.ndarray, " k"]]],
) -> tuple[
    Int[np.ndarray, " t"], Int[np.ndarray, " n"], Int[np.ndarray, " n"], Float[np.ndarray, " n"]
]:
    """The numbers of all tracks; their pairs of neighbours in order, both ways, by place therein.

    And of each pair the largest weight that it has on a plane, see `neighbours`.
    """
    known = np.zeros(0, np.int64)
    met = [(np.zeros((2, 0), np.int64), np.zeros(0))]
    for boxes, tracks in planes:
        known = np.union1d(known, tracks)
        own, other, weights = neighbours(boxes)
        met.append((np.sort([tracks[own], tracks[other]], axis=0), weights))
        if sum(len(weights) for _, weights in met[1:]) > max(MERGED, len(met[0][1])):
            met = [_once_each(met)]
    pairs, weights = _once_each(met)
    apart = pairs[0] != pairs[1]
    one, two = np.searchsorted(known, pairs[:, apart])
    own, other = np.concatenate([one, two]), np.concatenate([two, one])
    order = np.lexsort([other, own])
    return known, own[order], other[order], np.tile(weights[apart], 2)[order]


def _once_each(
    met: Sequence[tuple[Int[np.ndarray, "2 _"], Float[np.ndarray, " _"]]],
) -> tuple[Int[np.ndarray, "2 n"], Float[np.ndarray, " n"]]:
    """Each pair once, with its largest weight."""
    pairs, place = np.unique(
        np.concatenate([pairs for pairs, _ in met], axis=1), axis=1, return_inverse=True
    )
    largest = np.zeros(pairs.shape[1])
    np.maximum.at(largest, place.ravel(), np.concatenate([weights for _, weights in met]))
    return pairs, largest
