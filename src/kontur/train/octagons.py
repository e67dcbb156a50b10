"""Whether a snake's contours have left the octagon: how well each of the two covers true objects.

A training that was too short, or that sees its objects too large, finds them and draws octagons
around them. Its losses fall, for sizes and centres are learned first, and only this tells.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Shaped

from kontur.data.sample import Sample
from kontur.infer.predict import Predictor

FOUND = 0.25  # IoU from which on an outline is meant for an object


class OctagonOverlap(NamedTuple):
    """The mean IoU of true objects with their octagons and with their contours, of so many found.

    NaN where none was found.
    """

    octagon: float
    contour: float
    objects: int


def octagon_overlap(predictor: Predictor, samples: Sequence[Sample]) -> OctagonOverlap | None:
    """How well octagons and contours cover the objects; None for kinds of models without stages."""
    found = [np.empty((0, 2))]
    for sample in samples:
        stages = [each.polygons for each in predictor.outlines_by_stage(sample.image).values()]
        if not stages:
            return None
        truth = sample.instances[~sample.instances.ignore].polygons
        both = [best_overlap(truth, stage) for stage in (stages[0], stages[-1])]
        found.append(np.column_stack(both))
    overlaps = np.concatenate(found)
    overlaps = overlaps[overlaps.max(axis=1) >= FOUND]
    if not len(overlaps):
        return OctagonOverlap(math.nan, math.nan, 0)
    octagon, contour = overlaps.mean(axis=0).tolist()
    return OctagonOverlap(octagon, contour, len(overlaps))


def best_overlap(
    truth: Shaped[np.ndarray, " k"], outlines: Shaped[np.ndarray, " m"]
) -> Float[np.ndarray, " k"]:
    """The largest IoU of each true object with any outline; 0 where none meets it."""
    best = np.zeros(len(truth))
    i, j = shapely.STRtree(outlines).query(truth)
    shared = shapely.area(shapely.intersection(truth[i], outlines[j]))
    joined = shapely.area(truth)[i] + shapely.area(outlines)[j] - shared
    np.maximum.at(best, i, shared / np.maximum(joined, np.finfo(float).tiny))
    return best
