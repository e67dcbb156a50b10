"""Comparison of the true and predicted objects of one image: overlaps, the basis of all scores.

Ignore regions (crowds, parts of the image that were not annotated) are taken out of the truth: they
are neither matched nor missed, and a predicted object that lies mostly in them may stay unmatched.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from kontur.errors import InputError
from kontur.geometry.overlap import shared_pixels
from kontur.geometry.raster import Spans, spans
from kontur.geometry.runs import Grid, Runs, intersect, subtract
from kontur.instances import Instances

EXCUSED = 0.5  # of a predicted object's own area in ignore regions: then it is no false positive


@dataclass(frozen=True, eq=False)
class Comparison:
    """The k true and l predicted objects of one image (no ignore regions) and their overlaps.

    Attributes:
        size: `(height, width)` of the pixels that are compared: those of the image, or as far as
            the objects reach.
        image_size: of the image; None where neither side has it.
        truth, predicted: their pixels, in runs along the rows.
        true_areas, predicted_areas: the pixels of each object; 0 where it covers no pixel centre.
        classes: the names that the label arrays count in.
        true_labels, predicted_labels: class of each object.
        scores: of the predicted objects, NaN where they have none.
        rows, cols, iou: the pairs that share pixels, by row, then column: true object, predicted
            object, intersection over union.
        intersections: the pixels that each pair shares.
        crowded: the largest share of a predicted object's area that lies in one ignore region.
        excused: predicted objects that lie mostly (`EXCUSED`) in ignore regions taken together.
        ignored: the pixels in ignore regions.
    """

    size: tuple[int, int]
    image_size: tuple[int, int] | None
    truth: Spans
    predicted: Spans
    true_areas: Int[np.ndarray, " k"]
    predicted_areas: Int[np.ndarray, " l"]
    classes: tuple[str, ...]
    true_labels: Int[np.ndarray, " k"]
    predicted_labels: Int[np.ndarray, " l"]
    scores: Float[np.ndarray, " l"]
    rows: Int[np.ndarray, " e"]
    cols: Int[np.ndarray, " e"]
    iou: Float[np.ndarray, " e"]
    intersections: Int[np.ndarray, " e"]
    crowded: Float[np.ndarray, " l"]
    excused: Bool[np.ndarray, " l"]
    ignored: Runs

    @property
    def grid(self) -> Grid:
        """The image's pixels as numbers."""
        return Grid(*self.size)

    @cached_property
    def foregrounds(self) -> tuple[Runs, Runs]:
        """Everything true and everything predicted, outside ignore regions."""
        truth, predicted = self.grid.union(self.truth), self.grid.union(self.predicted)
        excused = subtract(intersect(predicted, self.ignored), truth)
        return truth, subtract(predicted, excused)


def compare(truth: Instances, predicted: Instances) -> Comparison:
    """Rasterise both sides on the image grid and take the IoU of every pair that shares pixels.

    Classes are matched by name. Where the two sides share no name and one of them has a single
    class (a label image knows only "object"), classes are ignored. Predicted objects that are
    marked `ignore` are left out. If neither side has the image's size, the grid ends with the
    objects.

    Raises:
        InputError: the sides differ in size, or both have several classes and no name in common.
    """
    image_size = _common_size(truth, predicted)
    size = image_size or _extent(truth, predicted)
    classes, true_names, predicted_names = _common_classes(truth.classes, predicted.classes)
    regions, truth, predicted = (
        truth[truth.ignore],
        truth[~truth.ignore],
        predicted[~predicted.ignore],
    )
    sides = [spans(side.polygons, size) for side in (truth, predicted, regions)]
    areas = [
        _areas(side, len(objects)) for side, objects in zip(sides, (truth, predicted), strict=False)
    ]
    pairs = shared_pixels(sides[0], sides[1], size[1])
    union = areas[0][pairs.first] + areas[1][pairs.second] - pairs.area
    crowds = shared_pixels(sides[2], sides[1], size[1])
    crowded = np.zeros(len(predicted))
    np.maximum.at(crowded, crowds.second, crowds.area / areas[1][crowds.second])
    grid = Grid(*size)
    ignored = grid.union(sides[2])
    together = shared_pixels(grid.spans(ignored), sides[1], size[1])
    inside = np.zeros(len(predicted))
    inside[together.second] = together.area
    return Comparison(
        size=size,
        image_size=image_size,
        truth=sides[0],
        predicted=sides[1],
        true_areas=areas[0],
        predicted_areas=areas[1],
        classes=classes,
        true_labels=true_names[truth.labels],
        predicted_labels=predicted_names[predicted.labels],
        scores=predicted.scores,
        rows=pairs.first,
        cols=pairs.second,
        iou=pairs.area / union,
        intersections=pairs.area,
        crowded=crowded,
        excused=(inside >= EXCUSED * areas[1]) & (inside > 0),
        ignored=ignored,
    )


def _areas(side: Spans, count: int) -> Int[np.ndarray, " {count}"]:
    """The pixels of each object."""
    areas = np.zeros(count, dtype=np.int64)
    np.add.at(areas, side.owner, side.stop - side.start)
    return areas


def _common_size(truth: Instances, predicted: Instances) -> tuple[int, int] | None:
    if truth.size and predicted.size and truth.size != predicted.size:
        (h, w), (other_h, other_w) = truth.size, predicted.size
        raise InputError(
            f"truth and predicted objects must belong to one image, got {h}×{w} and "
            f"{other_h}×{other_w} (height × width); scale one of them or check the names"
        )
    return truth.size or predicted.size


def _extent(truth: Instances, predicted: Instances) -> tuple[int, int]:
    """The height and width of pixels from the corner of the image to the last object."""
    corners = np.concatenate([truth.boxes, predicted.boxes])[:, 2:]
    width, height = np.ceil(corners.max(axis=0, initial=0)).astype(int)
    return int(height), int(width)


def _common_classes(
    truth: tuple[str, ...], predicted: tuple[str, ...]
) -> tuple[tuple[str, ...], Int[np.ndarray, " t"], Int[np.ndarray, " f"]]:
    """Class names of both sides together, and the place of each side's classes among them."""
    if not set(truth) & set(predicted):
        if len(truth) > 1 and len(predicted) > 1:
            raise InputError(
                f"truth has the classes {', '.join(truth)} and the predicted objects have "
                f"{', '.join(predicted)}: no name in common; rename the classes of one side"
            )
        name = truth if len(truth) == 1 else predicted
        return name, np.zeros(len(truth), dtype=np.int64), np.zeros(len(predicted), dtype=np.int64)
    names = tuple(dict.fromkeys(truth + predicted))
    place = {name: label for label, name in enumerate(names)}
    return names, np.array([place[n] for n in truth]), np.array([place[n] for n in predicted])
