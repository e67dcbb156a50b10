"""What every kind's `decode` returns, and the step that ends all of them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from kontur.geometry import raster
from kontur.geometry.overlap import suppress
from kontur.instances import Instances


class Decoded(NamedTuple):
    """The objects of one image, and how many of them had to be made valid."""

    instances: Instances
    repaired: int


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
    """Valid polygons inside an image of `size`, suppressed by overlap within each class.

    The best score first. What holds no pixel's centre is no object: a splinter of one that lies
    beyond the border. m may be 0.
    """
    visible = np.zeros(len(polygons), bool)
    visible[raster.spans(polygons, size).owner] = True
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
