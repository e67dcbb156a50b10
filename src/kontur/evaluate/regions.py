"""Scores of areas and outlines: the aggregated Jaccard index, Dice, boundary IoU, Hausdorff-95.

AJI after Kumar et al., IEEE TMI 2017: every true object takes the found object of largest IoU
(one may be taken several times), and whatever is never taken is added to the union. AJI+ takes
each at most once, by the matching of largest total IoU. Boundary IoU after Cheng et al., CVPR 2021,
with the authors' distance: 2 % of the image's diagonal, at least one pixel, the frame counting as
boundary. None knows classes, except that boundaries and outlines are compared for matched pairs.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from jaxtyping import Bool, Int

from kontur.evaluate.comparison import Comparison
from kontur.evaluate.counts import mean_of_known
from kontur.evaluate.hausdorff import hausdorff_of_foregrounds, hausdorff_of_pairs
from kontur.evaluate.matching import assign, match
from kontur.evaluate.pixels import Pixels, run_starts, shared

BOUNDARY_WIDTH = 0.02  # of the image's diagonal; Cheng et al. 2021
BOUNDARY_MATCH = 0.5  # IoU from which a pair counts as matched and its boundaries are compared


@dataclass(frozen=True)
class Areas:
    """Numerators and denominators of the area scores of one or more images, to be added up.

    `objects` counts the objects of both sides: with none there is no score (NaN), otherwise a
    denominator of zero gives the score 0, but no Hausdorff distance (NaN).
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
    """The area scores in [0, 1] and distances in pixels, NaN where neither side has an object.

    Attributes:
        aji: shared area over united area, each true object with its best partner.
        aji_plus: the same, partners one to one.
        dice: of the foregrounds, that is of everything covered by any object.
        boundary_iou: mean over the pairs of IoU >= 0.5; 0 where there is no such pair.
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
        values = [list(astuple(each)) for each in scores]
        return cls(*mean_of_known(np.array(values)).tolist())


def areas(comparison: Comparison) -> Areas:
    """The areas of one image. Found objects excused by an ignore region add nothing unmatched."""
    rows, cols, iou = comparison.rows, comparison.cols, comparison.iou
    by_quality = np.lexsort((cols, -iou, rows))
    best = by_quality[run_starts(rows[by_quality])]
    pairs = _matched(comparison)
    away = hausdorff_of_pairs(comparison, rows[pairs], cols[pairs])
    apart = hausdorff_of_foregrounds(comparison)
    return Areas(
        objects=len(comparison.truth.areas) + int((~comparison.excused).sum()),
        aji=_jaccard(comparison, best),
        aji_plus=_jaccard(comparison, assign(rows, cols, iou)),
        dice=_dice(comparison),
        boundary_iou=_boundary(comparison, pairs),
        hausdorff_95=(float(away.sum()), float(len(pairs))),
        image_hausdorff_95=(0.0, 0.0) if math.isnan(apart) else (apart, 1.0),
    )


def boundary(pixels: Pixels, distance: int) -> Pixels:
    """The pixels of each object within `distance` of its outside, diagonals counting as one step.

    The same as taking away the mask eroded `distance` times by 3×3 on an image padded with
    background.
    """
    height, width = pixels.size
    row, col = np.divmod(pixels.place, width)
    # Numbers that go on by one along a line of one object, and jump from its end to the next line.
    across = (pixels.owner * height + row) * (width + 1) + col
    down = (pixels.owner * width + col) * (height + 1) + row
    inner = np.flatnonzero(_deep(across, distance))
    inner = inner[np.argsort(down[inner])]
    inner = inner[_deep(down[inner], distance)]
    outer = np.ones(len(pixels.place), dtype=bool)
    outer[inner] = False
    return pixels.where(outer)


def boundary_distance(size: tuple[int, int]) -> int:
    """The width of a boundary in pixels for an image of `size` (h, w)."""
    return max(1, round(BOUNDARY_WIDTH * float(np.hypot(*size))))


def _deep(numbers: Int[np.ndarray, " p"], distance: int) -> Bool[np.ndarray, " p"]:
    """Which of ascending numbers are at least `distance` away from both ends of their run."""
    starts = run_starts(numbers, step=1)
    length = np.diff(starts, append=len(numbers))
    place = np.arange(len(numbers)) - np.repeat(starts, length)
    return (place >= distance) & (place < np.repeat(length, length) - distance)


def _jaccard(comparison: Comparison, pairs: Int[np.ndarray, " m"]) -> tuple[float, float]:
    """Shared and united area of some pairs, with the area of every object in none of them."""
    rows, cols = comparison.rows[pairs], comparison.cols[pairs]
    true_areas, found_areas = comparison.truth.areas, comparison.found.areas
    intersection = comparison.intersections[pairs].sum()
    union = true_areas[rows].sum() + found_areas[cols].sum() - intersection
    alone = ~comparison.excused
    alone[cols] = False
    missed = np.ones(len(true_areas), dtype=bool)
    missed[rows] = False
    return float(intersection), float(union + true_areas[missed].sum() + found_areas[alone].sum())


def _dice(comparison: Comparison) -> tuple[float, float]:
    """Twice the shared foreground and the sum of both, outside of ignore regions."""
    truth, found = comparison.truth.union(), comparison.found.union()
    found &= truth | ~comparison.ignored
    return 2.0 * np.count_nonzero(truth & found), float(truth.sum() + found.sum())


def _matched(comparison: Comparison) -> Int[np.ndarray, " m"]:
    """The places of the pairs of one class whose outlines are compared."""
    rows, cols, iou = comparison.rows, comparison.cols, comparison.iou
    same = np.flatnonzero(comparison.true_labels[rows] == comparison.found_labels[cols])
    return same[match(rows[same], cols[same], iou[same], BOUNDARY_MATCH)]


def _boundary(comparison: Comparison, pairs: Int[np.ndarray, " m"]) -> tuple[float, float]:
    """Sum of boundary IoU over the matched pairs, and their number."""
    rows, cols = comparison.rows, comparison.cols
    distance = boundary_distance(comparison.size)
    truth = boundary(comparison.truth.of(rows[pairs]), distance)
    found = boundary(comparison.found.of(cols[pairs]), distance)
    common = shared(truth, found)
    partners = common.rows == common.cols  # both are numbered by pair
    pair, intersection = common.rows[partners], common.area[partners]
    union = truth.areas[pair] + found.areas[pair] - intersection
    return float((intersection / union).sum()), float(len(pairs))


def _plus(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] + b[0], a[1] + b[1]
