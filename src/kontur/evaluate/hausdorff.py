"""Hausdorff-95: how far two outlines lie apart, all but their worst twentieth.

The Hausdorff distance is the farthest that any point of one outline is from the other; one stray
pixel decides it. The usual remedy (Huttenlocher et al., 1993; the medical challenges' HD95) takes
the 95th percentile of the distances of both directions together. An outline here is its pixels:
those of an object with a side neighbour that is not, the image's frame being outside.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.evaluate.comparison import Comparison
from kontur.evaluate.pixels import Pixels, run_starts
from kontur.geometry.morphology import distance_at

PERCENTILE = 95


def hausdorff_of_pairs(
    comparison: Comparison, rows: Int[np.ndarray, " m"], cols: Int[np.ndarray, " m"]
) -> Float[np.ndarray, " m"]:
    """Hausdorff-95 in pixels of each pair of a true and a found object that share pixels."""
    truth = outlines(comparison.truth.of(rows))
    found = outlines(comparison.found.of(cols))
    each = [apart(a, b) for a, b in zip(truth, found, strict=True)]
    return np.array(each, dtype=float).reshape(len(rows))


def hausdorff_of_foregrounds(comparison: Comparison) -> float:
    """Hausdorff-95 in pixels of everything true and everything found, outside ignore regions.

    NaN where one of the two is empty: then there is no distance.
    """
    truth, found = comparison.truth.union(), comparison.found.union()
    found &= truth | ~comparison.ignored
    if not (truth.any() and found.any()):
        return float("nan")
    return apart(*(outline(mask.reshape(comparison.size)) for mask in (truth, found)))


def outlines(pixels: Pixels) -> list[Int[np.ndarray, "p 2"]]:
    """The outline's (row, column) of each object; objects without pixels are left out."""
    places = np.stack(np.divmod(pixels.place, pixels.size[1]), axis=-1)
    starts = run_starts(pixels.owner)
    found = []
    for own in np.split(places, starts[1:]) if len(starts) else []:
        corner = own.min(axis=0)
        mask = np.zeros(own.max(axis=0) - corner + 1, bool)
        mask[tuple((own - corner).T)] = True
        found.append(outline(mask) + corner)
    return found


def outline(mask: Bool[np.ndarray, "h w"]) -> Int[np.ndarray, "p 2"]:
    """(row, column) of the mask's pixels with a side neighbour outside; so is all beyond the array.

    >>> len(outline(np.ones((3, 3), bool))), len(outline(np.zeros((3, 3), bool)))
    (8, 0)
    """
    around = np.pad(mask, 1)
    inner = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    return np.argwhere(mask & ~inner)


def apart(first: Int[np.ndarray, "p 2"], second: Int[np.ndarray, "q 2"]) -> float:
    """The 95th percentile of the distances of each outline's pixels to the other outline."""
    corner = np.minimum(first.min(axis=0), second.min(axis=0))
    size = np.maximum(first.max(axis=0), second.max(axis=0)) - corner + 1
    away = []
    for here, there in ((first - corner, second - corner), (second - corner, first - corner)):
        target = np.zeros(size, bool)
        target[tuple(there.T)] = True
        away.append(distance_at(target, here[:, 0], here[:, 1]))
    return float(np.percentile(np.concatenate(away), PERCENTILE))
