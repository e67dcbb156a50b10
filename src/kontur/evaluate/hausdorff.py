"""Hausdorff-95: the distance between two outlines, without its largest twentieth.

The Hausdorff distance is the farthest that any point of one outline is from the other; one stray
pixel decides it. The usual remedy (Huttenlocher et al., 1993; the medical challenges' HD95) takes
the 95th percentile of the distances of both directions together. An outline here is its pixels:
those of an object with a side neighbour that is not, the image's frame being outside.

An object that has no partner has no distance: it is neither 0 nor infinite, and is left out of the
mean over the pairs. That it was missed shows in recall, AP and AJI, and in the distance of the
foregrounds, in which its whole outline is far away.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.evaluate.comparison import Comparison
from kontur.geometry.nearest import squared_distances
from kontur.geometry.raster import Spans, ramp
from kontur.geometry.runs import intersect, subtract

PERCENTILE = 95


def hausdorff_of_pairs(
    comparison: Comparison, rows: Int[np.ndarray, " m"], cols: Int[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """Hausdorff-95 in pixels of each pair of a true and a predicted object that share pixels."""
    grid = comparison.grid
    sides = (comparison.truth, rows), (comparison.predicted, cols)
    truth, predicted = (
        grid.pixels(grid.outline(grid.runs(choose(spans, objects)))) for spans, objects in sides
    )
    return hausdorff95(truth, predicted)


def hausdorff_of_foregrounds(comparison: Comparison) -> float:
    """Hausdorff-95 in pixels of everything true and everything predicted, outside ignore regions.

    NaN where one of the two is empty: then there is no distance.
    """
    grid = comparison.grid
    truth, predicted = grid.union(comparison.truth), grid.union(comparison.predicted)
    excused = subtract(intersect(predicted, comparison.ignored), truth)
    predicted = subtract(predicted, excused)
    if not (len(truth.start) and len(predicted.start)):
        return float("nan")
    return float(hausdorff95(*(grid.pixels(grid.outline(side)) for side in (truth, predicted)))[0])


def choose(spans: Spans, objects: Int[np.ndarray, " m"]) -> Spans:
    """The spans of some objects, each named once, renumbered in the order given."""
    starts = np.searchsorted(spans.owner, objects)
    count = np.searchsorted(spans.owner, objects, side="right") - starts
    taken = np.repeat(starts, count) + ramp(count)
    owner = np.repeat(np.arange(len(objects)), count)
    return Spans(owner, spans.row[taken], spans.start[taken], spans.stop[taken])


def outline(mask: Bool[np.ndarray, "h w"]) -> Int[np.ndarray, "3 p"]:
    """0, row and column of the mask's pixels with a side neighbour outside.

    >>> outline(np.ones((3, 3), bool)).shape, outline(np.zeros((3, 3), bool)).shape
    ((3, 8), (3, 0))
    """
    around = np.pad(mask, 1)
    inner = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return np.pad(np.argwhere(mask & ~inner).T, ((1, 0), (0, 0)))


def hausdorff95(
    first: Int[np.ndarray, "3 p"], second: Int[np.ndarray, "3 q"]
) -> Float[np.ndarray, " m"]:
    """The 95th percentile of the distances of each outline's pixels to the other outline.

    Outlines are pair, row and column; the pairs are numbered from 0, and each has pixels on both
    sides.
    """
    pairs = int(first[0].max(initial=-1)) + 1
    pair = np.append(first[0], second[0])
    squared = np.append(squared_distances(first, second), squared_distances(second, first))
    farthest = int(squared.max(initial=0)) + 1
    in_order = np.sort(pair * farthest + squared)  # pair by pair
    count = np.bincount(pair, minlength=pairs)
    # Between two neighbours in the order, as numpy's percentile.
    place = (count - 1) * (PERCENTILE / 100)
    below = np.cumsum(count) - count + place.astype(np.int64)
    above = np.minimum(below + 1, len(in_order) - 1)
    start = np.arange(pairs) * farthest
    low, high = (np.sqrt(np.maximum(in_order[at] - start, 0)) for at in (below, above))
    share = place % 1
    return np.where(share > 0, low + (high - low) * share, low)
