"""Hausdorff-95: the distance between two outlines, without its largest twentieth.

The Hausdorff distance is the farthest that any point of one outline is from the other; one stray
pixel decides it. The usual remedy (Huttenlocher et al., 1993; the medical challenges' HD95) takes
the 95th percentile of the distances of both directions together. An outline here is its pixels:
those of an object with a side neighbour that is not, the image's frame being outside.

An object that has no partner has no distance: it is neither 0 nor infinite, and is left out of the
mean over the pairs. That it was missed shows in recall, AP and AJI, and in the distance of the
foregrounds, in which its whole outline is far away.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from kontur.evaluate.comparison import Comparison
from kontur.geometry.nearest import squared_distances
from kontur.geometry.outlines import FAR, extents, outlines
from kontur.geometry.raster import Spans, ramp

PERCENTILE = 95
BLOCK = 16  # pixels; distances between blocks of so many each way say which pixels matter


def hausdorff_of_pairs(
    comparison: Comparison, rows: Int[np.ndarray, " m"], cols: Int[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """Hausdorff-95 in pixels of each pair of a true and a predicted object that share pixels."""
    truth, predicted = choose(comparison.truth, rows), choose(comparison.predicted, cols)
    _, left, _, right = extents(truth)
    octave = np.frexp(right - left)[1]  # like widths together: windows hardly wider than needed
    distances = np.empty(len(rows))
    for like in (np.flatnonzero(octave == one) for one in np.unique(octave)):
        distances[like] = hausdorff95(choose(truth, like), choose(predicted, like))
    return distances


def hausdorff_of_foregrounds(comparison: Comparison) -> float:
    """Hausdorff-95 in pixels of everything true and everything predicted, outside ignore regions.

    NaN where one of the two is empty: then there is no distance.
    """
    truth, predicted = (comparison.grid.spans(side) for side in comparison.foregrounds)
    if not (len(truth.start) and len(predicted.start)):
        return float("nan")
    return float(hausdorff95(truth, predicted)[0])


def choose(spans: Spans, objects: Int[np.ndarray, " m"]) -> Spans:
    """The spans of some objects, each named once, renumbered in the order given."""
    starts = np.searchsorted(spans.owner, objects)
    count = np.searchsorted(spans.owner, objects, side="right") - starts
    taken = np.repeat(starts, count) + ramp(count)
    owner = np.repeat(np.arange(len(objects)), count)
    return Spans(owner, spans.row[taken], spans.start[taken], spans.stop[taken])


def hausdorff95(first: Spans, second: Spans) -> Float[np.ndarray, " m"]:
    """The 95th percentile of the distances of each outline's pixels to the other outline.

    Owners number the pairs from 0, and each pair has pixels on both sides.
    """
    windows, *sides = outlines(first, second)
    pairs = len(windows.top)
    frequency = np.zeros((pairs, FAR + 1), np.int64)  # of each squared distance
    for side in sides:
        each = windows.pair(side.cells) * (FAR + 1) + side.squared
        frequency += np.bincount(each, minlength=frequency.size).reshape(frequency.shape)
    up_to = frequency.cumsum(axis=1)
    # Between two neighbours in the order, as numpy's percentile.
    place = (up_to[:, -1] - 1) * (PERCENTILE / 100)
    ranks = np.stack([np.floor(place), np.ceil(place)]).astype(np.int64)
    squared = (up_to <= ranks[..., None]).sum(axis=-1)
    beyond = squared[1] == FAR
    if beyond.any():
        number = np.cumsum(beyond) - 1
        pixels, near = [], []
        for side in sides:
            chosen = beyond[windows.pair(side.cells)]
            pair, row, column = windows.pixels(side.cells[chosen])
            pixels.append(np.stack([number[pair], row, column]))
            near.append(side.squared[chosen].astype(np.int64))
        squared[:, beyond] = _with_far(pixels, near, ranks[:, beyond])
    low, high = np.sqrt(squared)
    return low + (high - low) * (place % 1)


def _with_far(
    sides: Sequence[Int[np.ndarray, "3 _"]],
    squared: Sequence[Int[np.ndarray, " _"]],
    ranks: Int[np.ndarray, "2 m"],
) -> Int[np.ndarray, "2 m"]:
    """The squared distances of two ranks in pairs in which they may lie beyond the reach.

    Most pixels there need no exact distance: by its bounds it lies below the lower rank in any
    case, or above the upper one.
    """
    pair = np.concatenate([side[0] for side in sides])
    bounds = [
        _bounds(mine, other, near)
        for mine, other, near in zip(sides, sides[::-1], squared, strict=True)
    ]
    least, most = (np.concatenate(bound) for bound in zip(*bounds, strict=True))
    lowest, highest = _ranked(pair, least, ranks[0]), _ranked(pair, most, ranks[1])
    needed = (least < most) & (most >= lowest[pair]) & (least <= highest[pair])
    measured, open_ = (np.split(array, [sides[0].shape[1]]) for array in (least, needed))
    for mine, other, distance, these in zip(sides, sides[::-1], measured, open_, strict=True):
        distance[these] = squared_distances(mine[:, these], other)
    return np.stack([_ranked(pair, least, rank) for rank in ranks])


def _bounds(
    pixels: Int[np.ndarray, "3 n"], others: Int[np.ndarray, "3 m"], squared: Int[np.ndarray, " n"]
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """The squared distances with bounds for those of `FAR`, from the distances between blocks."""
    least, most, far = squared.copy(), squared.copy(), np.flatnonzero(squared == FAR)
    if len(far):
        blocks = [side // [[1], [BLOCK], [BLOCK]] for side in (pixels[:, far], others)]
        shape = np.concatenate(blocks, axis=1).max(axis=1) + 1
        (mine, block), (theirs, _) = (
            np.unique(np.ravel_multi_index(side, shape), return_inverse=True) for side in blocks
        )
        mine, theirs = (np.stack(np.unravel_index(numbers, shape)) for numbers in (mine, theirs))
        away = BLOCK * np.sqrt(squared_distances(mine, theirs))[block]
        slack = BLOCK * math.sqrt(2)  # pixels are less than that nearer or farther than blocks
        least[far] = np.maximum(away - slack, 0) ** 2
        most[far] = np.ceil((away + slack) ** 2)
    return least, most


def _ranked(
    pair: Int[np.ndarray, " p"], squared: Int[np.ndarray, " p"], rank: Int[np.ndarray, " m"]
) -> Int[np.ndarray, " m"]:
    """Of each pair the distance of a rank, from 0 in ascending order."""
    beyond = int(squared.max(initial=0)) + 1
    in_order = np.sort(pair * beyond + squared)  # pair by pair
    count = np.bincount(pair)
    return in_order[np.cumsum(count) - count + rank] - np.arange(len(count)) * beyond
