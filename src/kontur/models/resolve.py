"""Candidates become the objects of an image: thresholded, clipped, suppressed, best first.

The step that ends the prediction of every family, whatever proposed the candidates and wherever:
in a whole image, a window of it, or along an outline that a person drew.
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
    """The objects of one image, and how many of them had to be made valid."""

    instances: Instances
    repaired: int


def resolve(candidates: Candidates, thresholds: Thresholds) -> Resolved:
    """Valid polygons inside the image, suppressed by overlap within each class, the best first.

    What holds no pixel's centre inside the image, or lies there by less than `LEAST_INSIDE` of its
    area, is no object of it: a splinter of what the network saw in the padding.
    """
    size = candidates.size
    sure = np.flatnonzero(candidates.scores >= thresholds.score)
    polygons, scores = candidates.polygons[sure], candidates.scores[sure]
    labels, repaired = candidates.labels[sure], candidates.repaired[sure]
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
