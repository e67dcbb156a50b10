"""Candidates become the objects of an image: thresholded, clipped, suppressed, best first.

The last step of prediction, the same for every family, for a whole image, a window of it, or
outlines that a person drew.
"""

from typing import NamedTuple

import numpy as np
import shapely

from kontur.geometry import raster
from kontur.geometry.overlap import suppress
from kontur.geometry.polygons import clip
from kontur.instances import Instances
from kontur.models.candidates import Candidates
from kontur.models.card import Thresholds

LEAST_INSIDE = 0.25  # of an object's area: the mirror image of one at the border shows half


class Resolved(NamedTuple):
    """The objects of one image, and how many of their outlines were repaired."""

    instances: Instances
    repaired: int


def resolve(candidates: Candidates, thresholds: Thresholds) -> Resolved:
    """Valid polygons inside the image, suppressed by overlap within each class, the best first.

    A candidate that covers no pixel centre of the image, or has less than `LEAST_INSIDE` of its
    area in it, is dropped: it belongs to the padding.
    """
    size = candidates.size
    confident = np.flatnonzero(candidates.scores >= thresholds.score)
    polygons, scores = candidates.polygons[confident], candidates.scores[confident]
    labels, repaired = candidates.labels[confident], candidates.repaired[confident]
    inside = clip(polygons, size)
    visible = raster.have_pixels(inside, size)
    visible &= shapely.area(inside) >= LEAST_INSIDE * shapely.area(polygons)
    kept = [np.zeros(0, np.int64)]
    for label in np.unique(labels):
        members = np.flatnonzero((labels == label) & visible)
        kept.append(members[suppress(inside[members], scores[members], thresholds.overlap)])
    keep = np.concatenate(kept)
    keep = keep[np.argsort(-scores[keep], kind="stable")]
    instances = Instances.of_valid(
        inside[keep],
        labels=labels[keep],
        scores=scores[keep].astype(np.float64),
        size=size,
        classes=candidates.classes,
    )
    return Resolved(instances, int(repaired[keep].sum()))
