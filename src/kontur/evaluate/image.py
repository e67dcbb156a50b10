"""The scores of one image: all counts and areas from which any summary follows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kontur.errors import InputError
from kontur.evaluate.comparison import compare
from kontur.evaluate.counts import Counts, Rates, count, count_agnostic, total
from kontur.evaluate.ranking import RankedPredictions, rank
from kontur.evaluate.regions import Areas, AreaScores, areas
from kontur.instances import Instances

METRICS = ("ap", "coco_ap", "aji", "dice", "boundary_iou", "hausdorff_95")
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)  # of IoU; COCO's ten


@dataclass(frozen=True, eq=False)
class ImageScores:
    """Counts and areas of one image; they add up over images, and the scores follow from them.

    Attributes:
        name: of the image, may be empty.
        page: of the image, where every plane of a stack is evaluated; else None.
        thresholds: IoU from which a pair may match; the t of all counts.
        true_count, predicted_count: number of objects of each side, ignore regions left out.
        counts: objects matched within their class, all classes together.
        by_class: the same class by class.
        agnostic: objects matched whatever their class.
        areas: for AJI, Dice, boundary IoU and Hausdorff-95; NaN for metrics that were not chosen.
        ranked: the predicted objects of each class by score; None where scores are missing, or
            `coco_ap` was not chosen.
    """

    name: str
    thresholds: tuple[float, ...]
    true_count: int
    predicted_count: int
    counts: Counts
    by_class: dict[str, Counts]
    agnostic: Counts
    areas: Areas
    ranked: dict[str, RankedPredictions] | None
    page: int | None = None

    @property
    def rates(self) -> Rates:
        """AP, precision, recall and so on of this image."""
        return Rates.of(self.counts)

    @property
    def area_scores(self) -> AreaScores:
        """AJI, Dice, boundary IoU and Hausdorff-95 of this image."""
        return AreaScores.of(self.areas)


def evaluate(
    truth: Instances,
    predicted: Instances,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    metrics: Collection[str] = METRICS,
    name: str = "",
) -> ImageScores:
    """Score the objects predicted in one image against the true ones.

    IoU is counted in pixels, a pixel being inside when its centre is. At each threshold as many
    pairs of IoU >= threshold as possible are matched one to one, then for the largest sum of IoU.
    With several classes, objects match within their class. Ignore regions of the truth are neither
    matched nor missed, and unmatched objects that lie mostly in them are not counted. An object
    that covers no pixel centre matches nothing and still counts.

    `metrics` chooses from `METRICS`. The counts, and with them AP, precision, recall, F1 and
    panoptic quality, are always computed; each other metric takes time of its own, and is NaN (the
    ranked objects: None) where it is not chosen. AP alone is `metrics=("ap",)`.
    Boundary IoU needs the size of the image, from either side, and is NaN without it.

    Raises:
        InputError: sizes differ, no class name in common, a threshold outside (0, 1], or a metric
            of another name.
    """
    levels = tuple(round(float(threshold), 10) for threshold in thresholds)
    if not levels or not all(0.0 < level <= 1.0 for level in levels):
        raise InputError(f"IoU thresholds must lie above 0 and up to 1, got {list(thresholds)}")
    if isinstance(metrics, str) or not set(metrics) <= set(METRICS):
        raise InputError(f"metrics are a list of {', '.join(METRICS)}; got {metrics!r}")
    comparison = compare(truth, predicted)
    by_class = dict(zip(comparison.classes, count(comparison, levels), strict=True))
    counts = total(list(by_class.values()), levels)
    ranked = rank(comparison, levels) if "coco_ap" in metrics else None
    return ImageScores(
        name=name,
        thresholds=levels,
        true_count=len(comparison.true_labels),
        predicted_count=len(comparison.predicted_labels),
        counts=counts,
        by_class=by_class,
        agnostic=counts if len(by_class) == 1 else count_agnostic(comparison, levels),
        areas=areas(comparison, metrics),
        ranked=None if ranked is None else dict(zip(by_class, ranked, strict=True)),
    )
