"""Candidates become the objects of an image: thresholded, clipped, suppressed, best first.

The last step of prediction, the same for every family, for a whole image, a window of it, or
outlines that a person drew. Candidates that come tile by tile are resolved by `resolve_parts`.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Int, Shaped

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
    """Valid polygons inside the image, suppressed by overlap (`geometry.overlap`), the best first.

    A candidate that covers no pixel centre of the image, or has less than `LEAST_INSIDE` of its
    area in it, is dropped: it belongs to the padding.
    """
    inside, visible_index = visible(candidates, thresholds.score)
    scores, labels = candidates.scores[visible_index], candidates.labels[visible_index]
    keep = suppress(inside, scores, thresholds.overlap, labels=labels)
    instances = Instances.of_valid(
        inside[keep],
        labels=labels[keep],
        scores=scores[keep].astype(np.float64),
        size=candidates.size,
        classes=candidates.classes,
    )
    return Resolved(instances, int(candidates.repaired[visible_index[keep]].sum()))


def visible(
    candidates: Candidates, score: float
) -> tuple[Shaped[np.ndarray, " k"], Int[np.ndarray, " k"]]:
    """The polygons, cut at the image's border, of those that score enough, and their indices."""
    confident = np.flatnonzero(candidates.scores >= score)
    polygons = candidates.polygons[confident]
    inside = clip(polygons, candidates.size)
    shown = raster.have_pixels(inside, candidates.size)
    shown &= shapely.area(inside) >= LEAST_INSIDE * shapely.area(polygons)
    return inside[shown], confident[shown]
