"""One image judged: all that is needed of it for any summary."""

from collections.abc import Sequence
from dataclasses import dataclass

from kontur.errors import InputError
from kontur.evaluate.comparison import compare
from kontur.evaluate.counts import Counts, Rates, count, count_agnostic, total
from kontur.evaluate.ranking import Ranked, rank
from kontur.evaluate.regions import Areas, AreaScores, areas
from kontur.instances import Instances

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)  # of IoU; COCO's ten


@dataclass(frozen=True, eq=False)
class ImageScores:
    """Counts and areas of one image; they add up over images, and the scores follow from them.

    Attributes:
        name: of the image, may be empty.
        thresholds: IoU from which a pair may match; the t of all counts.
        true_count, found_count: number of objects, ignore regions left out.
        counts: objects matched within their class, all classes together.
        by_class: the same class by class.
        agnostic: objects matched whatever their class.
        areas: for AJI, Dice and boundary IoU.
        ranked: the found objects of each class by score; None where scores are missing.
    """

    name: str
    thresholds: tuple[float, ...]
    true_count: int
    found_count: int
    counts: Counts
    by_class: dict[str, Counts]
    agnostic: Counts
    areas: Areas
    ranked: dict[str, Ranked] | None

    @property
    def rates(self) -> Rates:
        """AP, precision, recall and so on of this image."""
        return Rates.of(self.counts)

    @property
    def area_scores(self) -> AreaScores:
        """AJI, Dice and boundary IoU of this image."""
        return AreaScores.of(self.areas)


def evaluate(
    truth: Instances,
    found: Instances,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    name: str = "",
) -> ImageScores:
    """Judge the objects found in one image.

    IoU is counted in pixels, a pixel being inside when its centre is. At each threshold as many
    pairs of IoU >= threshold as possible are matched one to one, then for the largest sum of IoU.
    With several classes, objects match within their class. Ignore regions of the truth are
    neither found nor missed, and excuse unmatched objects that lie mostly in them. An object that
    covers no pixel centre matches nothing and still counts.

    Raises:
        InputError: sizes differ, no class name in common, or a threshold outside (0, 1].
    """
    levels = tuple(round(float(threshold), 10) for threshold in thresholds)
    if not levels or not all(0.0 < level <= 1.0 for level in levels):
        raise InputError(f"IoU thresholds must lie above 0 and up to 1, got {list(thresholds)}")
    comparison = compare(truth, found)
    by_class = dict(zip(comparison.classes, count(comparison, levels), strict=True))
    counts = total(list(by_class.values()), levels)
    ranked = rank(comparison, levels)
    return ImageScores(
        name=name,
        thresholds=levels,
        true_count=len(comparison.true_labels),
        found_count=len(comparison.found_labels),
        counts=counts,
        by_class=by_class,
        agnostic=counts if len(by_class) == 1 else count_agnostic(comparison, levels),
        areas=areas(comparison),
        ranked=None if ranked is None else dict(zip(by_class, ranked, strict=True)),
    )
