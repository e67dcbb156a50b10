"""Candidates: the proposals of a model for one image, before thresholds and suppression.

Between `propose`, which runs the graphs, and `resolve`, which makes `Instances` of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from kontur.geometry.polygons import polygons_from_rings


class Boxes(NamedTuple):
    """Boxes xyxy in image pixels, of all images of a batch in order, the best first within each."""

    boxes: Float[np.ndarray, "m 4"]
    scores: Float[np.ndarray, " m"]
    labels: Int[np.ndarray, " m"]
    image_index: Int[np.ndarray, " m"]


class Features(NamedTuple):
    """The feature maps of a batch, in the engine's memory, and the index of one image in it.

    `maps` is the output of the engine's first graph: an array, or a handle to memory of a device.
    It is only used as the input of graphs of the same engine.
    """

    maps: Any
    image: int


@dataclass(frozen=True, eq=False)
class Candidates:
    """m candidates in one image, or a window of one, in its own pixels; m may be 0.

    `polygons` are valid, or empty where the network's points enclose no area; `repaired` marks
    those that were not valid before. `rings` are the points of each contour before that, for
    families whose outlines are contours, NaN where numbers overflowed. `size` (h, w) is the image's
    without padding. `quality` is the predicted IoU of each outline with its object, 0 to 1, for
    models that learn it; `scores` is then its geometric mean with the centre's score.
    """

    polygons: Shaped[np.ndarray, " m"]
    repaired: Bool[np.ndarray, " m"]
    scores: Float[np.ndarray, " m"]
    labels: Int[np.ndarray, " m"]
    boxes: Float[np.ndarray, "m 4"]
    size: tuple[int, int]
    classes: tuple[str, ...]
    rings: Float[np.ndarray, "m n 2"] | None = None
    features: Features | None = None
    quality: Float[np.ndarray, " m"] | None = None

    @classmethod
    def of_rings(
        cls,
        rings: Float[np.ndarray, "m n 2"],
        detected: Boxes,
        *,
        size: tuple[int, int],
        classes: tuple[str, ...],
        features: Features | None = None,
        quality: Float[np.ndarray, " m"] | None = None,
    ) -> Self:
        """Contours around detected boxes; a ring that crosses itself is repaired."""
        polygons, repaired = polygons_from_rings(rings.astype(np.float64))
        return cls(
            polygons,
            repaired,
            detected.scores,
            detected.labels,
            detected.boxes,
            size,
            classes,
            rings,
            features,
            quality,
        )

    def __len__(self) -> int:
        """The number of candidates."""
        return len(self.polygons)


def indices_of_image(detected: Boxes, image: int) -> Int[np.ndarray, " k"]:
    """The indices of one image's boxes in those of a batch."""
    return np.flatnonzero(detected.image_index == image)


def take(detected: Boxes, indices: Int[np.ndarray, " k"] | slice) -> Boxes:
    """Some of the boxes."""
    return Boxes(*(column[indices] for column in detected))


def concatenate(parts: Sequence[Boxes]) -> Boxes:
    """Boxes of several images, in order; at least one part."""
    return Boxes(*(np.concatenate(column) for column in zip(*parts, strict=True)))
