"""What every kind's `decode` returns, and the step that ends all of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Shaped

from kontur.geometry import raster
from kontur.geometry.overlap import suppress
from kontur.geometry.polygons import clip
from kontur.instances import Instances
from kontur.models.found import Found

LEAST_INSIDE = 0.25  # of an object's area: the mirror image of one at the border shows half


class Decoded(NamedTuple):
    """The objects of one image, and how many of them had to be made valid."""

    instances: Instances
    repaired: int


def by_image(
    polygons: Shaped[np.ndarray, " m"],
    repaired: Bool[np.ndarray, " m"],
    found: Found,
    sizes: Sequence[tuple[int, int]],
    classes: tuple[str, ...],
    overlap: float,
) -> list[Decoded]:
    """`to_instances` for each image of a batch; the m polygons are those of `found`."""
    decoded = []
    for image, size in enumerate(sizes):
        mine = found.image_index == image
        each = to_instances(
            polygons[mine],
            repaired[mine],
            scores=found.scores[mine],
            labels=found.labels[mine],
            size=size,
            classes=classes,
            overlap=overlap,
        )
        decoded.append(each)
    return decoded


def to_instances(
    polygons: Shaped[np.ndarray, " m"],
    repaired: Bool[np.ndarray, " m"],
    *,
    scores: Float[np.ndarray, " m"],
    labels: Int[np.ndarray, " m"],
    size: tuple[int, int],
    classes: tuple[str, ...],
    overlap: float,
) -> Decoded:
    """Valid polygons cut to an image of `size` (h, w) and suppressed by overlap within each class.

    The best score first. What holds no pixel's centre inside the image, or lies there by less than
    `LEAST_INSIDE`, is no object of it: a splinter of what was seen in the padding. m may be 0.
    """
    inside = clip(polygons, size)
    visible = np.zeros(len(polygons), bool)
    visible[raster.spans(inside, size).owner] = True
    visible &= shapely.area(inside) >= LEAST_INSIDE * shapely.area(polygons)
    polygons = inside
    kept: list[np.ndarray] = []
    for label in np.unique(labels):
        members = np.flatnonzero((labels == label) & visible)
        kept.append(members[suppress(polygons[members], scores[members], overlap)])
    keep = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    keep = keep[np.argsort(-scores[keep], kind="stable")]
    instances = Instances.of_valid(
        polygons[keep],
        labels=labels[keep],
        scores=scores[keep].astype(np.float64),
        size=size,
        classes=classes,
    )
    return Decoded(instances, int(repaired[keep].sum()))
