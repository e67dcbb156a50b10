"""Candidates: the proposals of a model for one image, before thresholds and suppression.

Between `propose`, which runs the graphs, and `resolve`, which makes `Instances` of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Shaped

from kontur.geometry.polygons import polygons_from_rings

Box = tuple[float, float, float, float]  # x0, y0, x1, y1


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
    models that learn it; `scores` is then its geometric mean with the centre's score. `points` are
    those by which candidates belong to a tile: of a region its first pixel; None where they are the
    centres of the boxes.
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
    points: Float[np.ndarray, "m 2"] | None = None

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

    @property
    def owner_points(self) -> Float[np.ndarray, "m 2"]:
        """The (x, y) of each candidate that decides to which tile of an image it belongs."""
        if self.points is not None:
            return self.points
        return np.asarray((self.boxes[:, :2] + self.boxes[:, 2:]) / 2, float)

    def selected(self, indices: Int[np.ndarray, " k"] | Bool[np.ndarray, " m"]) -> Self:
        """Some of the candidates, with their features."""
        columns = ("polygons", "repaired", "scores", "labels", "boxes")
        optional = ("rings", "quality", "points")
        chosen = {name: getattr(self, name)[indices] for name in columns}
        chosen |= {
            name: None if getattr(self, name) is None else getattr(self, name)[indices]
            for name in optional
        }
        return replace(self, **chosen)

    def located(self, corner: tuple[int, int], size: tuple[int, int]) -> Self:
        """The candidates of a window in pixels of its image of `size` (h, w), without features.

        `corner` is the (x, y) of the window's top left corner.
        """
        shift = np.array(corner, float)
        return replace(
            self,
            polygons=shapely.transform(self.polygons, lambda points: points + shift),
            boxes=self.boxes + np.tile(shift, 2),
            points=self.owner_points + shift,
            size=size,
            rings=None,
            features=None,
        )


def first_points(polygons: Shaped[np.ndarray, " m"]) -> Float[np.ndarray, "m 2"]:
    """The topmost point of each polygon, of several the leftmost: where its first pixel lies.

    >>> first_points(np.array([shapely.box(2, 1, 4, 3)])).tolist()
    [[2.0, 1.0]]
    """
    points, owner = shapely.get_coordinates(polygons, return_index=True)
    order = np.lexsort((points[:, 0], points[:, 1], owner))
    first = order[np.searchsorted(owner[order], np.arange(len(polygons)))]
    return points[first].reshape(-1, 2)


def indices_of_image(detected: Boxes, image: int) -> Int[np.ndarray, " k"]:
    """The indices of one image's boxes in those of a batch."""
    return np.flatnonzero(detected.image_index == image)


def take(detected: Boxes, indices: Int[np.ndarray, " k"] | slice) -> Boxes:
    """Some of the boxes."""
    return Boxes(*(column[indices] for column in detected))


def take_within(detected: Boxes, within: Box | None) -> Boxes:
    """The boxes whose centres lie in a box, its sides included; all where None is given."""
    if within is None:
        return detected
    centres = (detected.boxes[:, :2] + detected.boxes[:, 2:]) / 2
    inside = (centres >= within[:2]).all(axis=1) & (centres <= within[2:]).all(axis=1)
    return take(detected, np.flatnonzero(inside))


def concatenate(parts: Sequence[Boxes]) -> Boxes:
    """Boxes of several images, in order; at least one part."""
    return Boxes(*(np.concatenate(column) for column in zip(*parts, strict=True)))
