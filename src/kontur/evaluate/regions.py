"""Scores of areas and outlines: the aggregated Jaccard index, Dice, boundary IoU, Hausdorff-95.

AJI after Kumar et al., IEEE TMI 2017: every true object takes the predicted object of largest IoU
(one may be taken several times), and whatever is never taken is added to the union. AJI+ takes each
at most once, by the matching of largest total IoU. Boundary IoU after Cheng et al., CVPR 2021, with
the authors' distance: 2 % of the image's diagonal, at least one pixel, the frame counting as
boundary; where the size of the image is not known, it is not either. None depends on classes,
except that boundaries and outlines are compared for matched pairs.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from jaxtyping import Int

from kontur.evaluate.comparison import Comparison
from kontur.evaluate.counts import mean_of_known
from kontur.evaluate.hausdorff import choose, hausdorff_of_foregrounds, hausdorff_of_pairs
from kontur.evaluate.matching import assign, match
from kontur.geometry.runs import Grid, Runs, intersect, subtract

BOUNDARY_WIDTH = 0.02  # of the image's diagonal; Cheng et al. 2021
BOUNDARY_MATCH = 0.5  # IoU from which a pair counts as matched and its boundaries are compared


@dataclass(frozen=True)
class Areas:
    """Numerators and denominators of the area scores of one or more images, to be added up.

    `objects` counts the objects of both sides: with none there is no score (NaN), otherwise a
    denominator of zero gives the score 0, but no Hausdorff distance (NaN). A pair of NaN was not
    measured, and makes every sum that it enters NaN.
    """

    objects: int = 0
    aji: tuple[float, float] = (0.0, 0.0)
    aji_plus: tuple[float, float] = (0.0, 0.0)
    dice: tuple[float, float] = (0.0, 0.0)
    boundary_iou: tuple[float, float] = (0.0, 0.0)
    hausdorff_95: tuple[float, float] = (0.0, 0.0)
    image_hausdorff_95: tuple[float, float] = (0.0, 0.0)

    def __add__(self, other: "Areas") -> "Areas":
        return Areas(
            self.objects + other.objects,
            _plus(self.aji, other.aji),
            _plus(self.aji_plus, other.aji_plus),
            _plus(self.dice, other.dice),
            _plus(self.boundary_iou, other.boundary_iou),
            _plus(self.hausdorff_95, other.hausdorff_95),
            _plus(self.image_hausdorff_95, other.image_hausdorff_95),
        )


@dataclass(frozen=True)
class AreaScores:
    """The area scores in [0, 1] and distances in pixels.

    NaN where neither side has an object, and for metrics that were not measured.

    Attributes:
        aji: shared over united area, each true object paired with the predicted one of largest IoU.
        aji_plus: the same, paired one to one.
        dice: of the foregrounds, that is of everything covered by any object.
        boundary_iou: mean over the pairs of IoU >= 0.5; 0 where there is no such pair, and NaN
            where there is one and the size of its image is not known.
        hausdorff_95: pixels between the outlines of a pair, the mean over the pairs of IoU >= 0.5;
            NaN where there is no such pair.
        image_hausdorff_95: the same of the foregrounds, the mean over the images in which both
            sides have one.
    """

    aji: float
    aji_plus: float
    dice: float
    boundary_iou: float
    hausdorff_95: float
    image_hausdorff_95: float

    @classmethod
    def of(cls, areas: Areas) -> "AreaScores":
        """The scores of some areas."""
        shares = (areas.aji, areas.aji_plus, areas.dice, areas.boundary_iou)
        distances = (areas.hausdorff_95, areas.image_hausdorff_95)
        nan = float("nan")
        nothing = 0.0 if areas.objects else nan
        return cls(
            *(part / whole if whole else nothing for part, whole in shares),
            *(part / whole if whole else nan for part, whole in distances),
        )

    @classmethod
    def mean(cls, scores: Sequence["AreaScores"]) -> "AreaScores":
        """The mean of each score over the images that have it."""
        values = [list(astuple(score)) for score in scores]
        return cls(*mean_of_known(np.array(values)).tolist())


def areas(comparison: Comparison, metrics: Collection[str]) -> Areas:
    """The areas of one image; those that `metrics` do not name are NaN.

    Predicted objects excused by an ignore region add nothing unmatched.
    """
    rows, cols, iou = comparison.rows, comparison.cols, comparison.iou
    known: dict[str, tuple[float, float]] = {}
    if "aji" in metrics:
        by_quality = np.lexsort((cols, -iou, rows))
        best = by_quality[np.flatnonzero(np.diff(rows[by_quality], prepend=-1))]
        known["aji"] = _jaccard(comparison, best)
        known["aji_plus"] = _jaccard(comparison, assign(rows, cols, iou))
    if "dice" in metrics:
        known["dice"] = _dice(comparison)
    outlined = {"boundary_iou", "hausdorff_95"} & set(metrics)
    pairs = _matched(comparison) if outlined else rows[:0]
    if "boundary_iou" in metrics:
        known["boundary_iou"] = _boundary(comparison, pairs)
    if "hausdorff_95" in metrics:
        distances = hausdorff_of_pairs(comparison, rows[pairs], cols[pairs])
        known["hausdorff_95"] = float(distances.sum()), float(len(pairs))
        distance = hausdorff_of_foregrounds(comparison)
        known["image_hausdorff_95"] = (0.0, 0.0) if math.isnan(distance) else (distance, 1.0)
    objects = len(comparison.true_areas) + int((~comparison.excused).sum())
    names = [field.name for field in fields(Areas) if field.name != "objects"]
    return Areas(objects, **{name: known.get(name, (math.nan, math.nan)) for name in names})


def boundary_distance(size: tuple[int, int]) -> int:
    """The width of a boundary in pixels for an image of `size` (h, w)."""
    return max(1, round(BOUNDARY_WIDTH * float(np.hypot(*size))))


def boundary(runs: Runs, grid: Grid, distance: int) -> Runs:
    """The pixels of each object within `distance` of its outside, diagonals counting as one step.

    The same as taking away the mask eroded `distance` times by 3×3 on an image padded with
    background.
    """
    return subtract(runs, grid.erode(runs, distance))


def _jaccard(comparison: Comparison, pairs: Int[np.ndarray, " m"]) -> tuple[float, float]:
    """Shared and united area of some pairs, with the area of every object in none of them."""
    rows, cols = comparison.rows[pairs], comparison.cols[pairs]
    true_areas, predicted_areas = comparison.true_areas, comparison.predicted_areas
    intersection = comparison.intersections[pairs].sum()
    union = true_areas[rows].sum() + predicted_areas[cols].sum() - intersection
    alone = ~comparison.excused
    alone[cols] = False
    missed = np.ones(len(true_areas), dtype=bool)
    missed[rows] = False
    rest = true_areas[missed].sum() + predicted_areas[alone].sum()
    return float(intersection), float(union + rest)


def _dice(comparison: Comparison) -> tuple[float, float]:
    """Twice the shared foreground and the sum of both, outside of ignore regions."""
    truth, predicted = comparison.foregrounds
    both = truth.length.sum() + predicted.length.sum()
    return 2.0 * float(intersect(truth, predicted).length.sum()), float(both)


def _matched(comparison: Comparison) -> Int[np.ndarray, " m"]:
    """The places of the pairs of one class whose outlines are compared."""
    rows, cols, iou = comparison.rows, comparison.cols, comparison.iou
    same = np.flatnonzero(comparison.true_labels[rows] == comparison.predicted_labels[cols])
    return same[match(rows[same], cols[same], iou[same], BOUNDARY_MATCH)]


def _boundary(comparison: Comparison, pairs: Int[np.ndarray, " m"]) -> tuple[float, float]:
    """Sum of boundary IoU over the matched pairs, and their number.

    NaN where there are pairs and nothing says how large the image is: objects that end early would
    make boundaries narrow, and the score of the same outlines low.
    """
    if len(pairs) == 0:
        return 0.0, 0.0
    if comparison.image_size is None:
        return math.nan, math.nan
    grid, distance = comparison.grid, boundary_distance(comparison.image_size)
    sides = (comparison.truth, comparison.rows), (comparison.predicted, comparison.cols)
    first, second = (
        boundary(grid.runs(choose(spans, objects[pairs])), grid, distance)
        for spans, objects in sides
    )
    total_first, total_second, intersection = (
        np.bincount(runs.start // grid.plane, weights=runs.length, minlength=len(pairs))
        for runs in (first, second, intersect(first, second))
    )
    union = total_first + total_second - intersection
    return float((intersection / union).sum()), float(len(pairs))


def _plus(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] + b[0], a[1] + b[1]
