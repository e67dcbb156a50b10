"""The scores of many images: pooled over all objects, and as the mean over images.

Pooled scores add the counts of all images before dividing, so that every object weighs the same;
the mean over images lets every image weigh the same, leaving out those without any object.
"""

import json
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from kontur.errors import InputError
from kontur.evaluate.counts import Counts, Rates, mean_of_known, total
from kontur.evaluate.image import METRICS, THRESHOLDS, ImageScores, evaluate
from kontur.evaluate.ranking import average_precision
from kontur.evaluate.regions import Areas, AreaScores
from kontur.instances import Instances

RATE_NAMES = {
    "ap": "AP",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "matched_iou": "matched IoU",
    "true_iou": "true IoU",
    "panoptic_quality": "panoptic quality",
}


@dataclass(frozen=True, eq=False)
class Summary:
    """The scores of a set of images.

    Attributes:
        images: the scores of each image.
        thresholds: IoU thresholds, the t of all rates.
        counts: of all images and classes together.
        pooled, pooled_areas: scores of the counts and areas of all images together.
        mean, mean_areas: means of the images' scores; images with no object are left out.
        classes: pooled rates of every class.
        agnostic: pooled rates when classes play no part.
        ranked_ap: COCO's average precision at each threshold, the mean over classes that occur in
            the truth; None where scores are missing or `coco_ap` was not chosen.
    """

    images: tuple[ImageScores, ...]
    thresholds: tuple[float, ...]
    counts: Counts
    pooled: Rates
    pooled_areas: AreaScores
    mean: Rates
    mean_areas: AreaScores
    classes: dict[str, Rates]
    agnostic: Rates
    ranked_ap: Float[np.ndarray, " t"] | None

    @property
    def true_count(self) -> int:
        """The number of true objects in all images."""
        return sum(image.true_count for image in self.images)

    @property
    def mean_ap(self) -> float:
        """Pooled AP, the mean over the thresholds; NaN where there is no object at all."""
        return float(self.pooled.ap.mean())

    def ap(self, threshold: float) -> float:
        """Pooled AP at one of the thresholds."""
        if round(threshold, 10) not in self.thresholds:
            raise InputError(f"AP was taken at IoU {list(self.thresholds)}, not at {threshold}")
        return float(self.pooled.ap[self.thresholds.index(round(threshold, 10))])

    def rows(self) -> list[tuple[str, list[float]]]:
        """The rows of a table: name and value at each threshold, NaN where undefined."""
        pooled = [(label, getattr(self.pooled, name)) for name, label in RATE_NAMES.items()]
        rows = [*pooled[:1], ("AP, mean over images", self.mean.ap), *pooled[1:]]
        if len(self.classes) > 1:
            rows += [(f"AP of {name}", rates.ap) for name, rates in self.classes.items()]
            rows += [("AP, mean over classes", Rates.mean(list(self.classes.values())).ap)]
            rows += [("AP, class-agnostic", self.agnostic.ap)]
        if self.ranked_ap is not None:
            rows += [("COCO AP (ranked)", self.ranked_ap)]
        return [(label, values.tolist()) for label, values in rows]

    def single_values(self) -> list[tuple[str, float]]:
        """Name and value of the pooled scores without a threshold, NaN where undefined."""
        scores = self.pooled_areas
        return [
            ("AJI", scores.aji),
            ("AJI+", scores.aji_plus),
            ("Dice", scores.dice),
            ("boundary IoU", scores.boundary_iou),
            ("Hausdorff-95", scores.hausdorff_95),
            ("Hausdorff-95 of the foreground", scores.image_hausdorff_95),
        ]

    def heading(self) -> str:
        """The numbers of images and objects behind the scores, in one line."""
        predicted = sum(image.predicted_count for image in self.images)
        empty = sum(not (image.true_count or image.predicted_count) for image in self.images)
        without = f" ({empty} with no object on either side)" if empty else ""
        images, objects = (
            _number(len(self.images), "image"),
            _number(self.true_count, "true object"),
        )
        if any(image.page is not None for image in self.images):
            stacks = _number(len({image.name for image in self.images}), "image")
            images = f"{_number(len(self.images), 'plane')} of {stacks}"
        return f"{images}{without}, {objects}, {predicted} predicted"

    def table(self) -> str:
        """The scores as plain text: a column for every IoU threshold and one for their mean."""
        rows = self.rows()
        width = max(len(label) for label, _ in rows)
        head = [f"{threshold:.2f}" for threshold in self.thresholds] + ["mean"]
        lines = [self.heading(), "", "IoU".ljust(width) + "".join(h.rjust(7) for h in head)]
        for label, values in rows:
            cells = [_cell(value) for value in [*values, sum(values) / len(values)]]
            lines.append(label.ljust(width) + "".join(cell.rjust(7) for cell in cells))
        single = "   ".join(f"{label} {_cell(value)}" for label, value in self.single_values())
        return "\n".join([*lines, "", single])

    def to_json(self) -> str:
        """All scores as JSON text, one line for each key or image; undefined scores are null."""
        return _json(self.to_dict()) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """All scores as dicts, lists and numbers; None where undefined."""
        ranked = self.ranked_ap
        content = {
            "images": len(self.images),
            "true_objects": self.true_count,
            "found_objects": sum(image.predicted_count for image in self.images),
            "thresholds": list(self.thresholds),
            "pooled": {**asdict(self.counts), **asdict(self.pooled), **asdict(self.pooled_areas)},
            "mean_over_images": {**asdict(self.mean), **asdict(self.mean_areas)},
            "classes": {name: asdict(rates) for name, rates in self.classes.items()},
            "class_agnostic": asdict(self.agnostic),
            "coco_ap": None if ranked is None else {"mean": ranked.mean(), "at": ranked},
            "per_image": [_image(image) for image in self.images],
        }
        return {key: _plain(value) for key, value in content.items()}


def summarise(images: Iterable[ImageScores]) -> Summary:
    """Pool and average the scores of images at the same thresholds.

    Raises:
        InputError: there is no image, or the thresholds differ.
    """
    images = tuple(images)
    if not images:
        raise InputError("there is no image to summarise; at least one must be evaluated")
    thresholds = images[0].thresholds
    if any(image.thresholds != thresholds for image in images):
        raise InputError("the images were evaluated at different IoU thresholds; use the same")
    counts = total([image.counts for image in images], thresholds)
    names = dict.fromkeys(name for image in images for name in image.by_class)
    by_class = {
        name: total([i.by_class[name] for i in images if name in i.by_class], thresholds)
        for name in names
    }
    summed = sum((image.areas for image in images), Areas())
    return Summary(
        images=images,
        thresholds=thresholds,
        counts=counts,
        pooled=Rates.of(counts),
        pooled_areas=AreaScores.of(summed),
        mean=Rates.mean([image.rates for image in images]),
        mean_areas=AreaScores.mean([image.area_scores for image in images]),
        classes={name: Rates.of(counts) for name, counts in by_class.items()},
        agnostic=Rates.of(total([image.agnostic for image in images], thresholds)),
        ranked_ap=_ranked_ap(images, list(names)),
    )


def evaluate_all(
    pairs: Iterable[tuple[Instances, Instances]],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    metrics: Collection[str] = METRICS,
    names: Iterable[str] | None = None,
) -> Summary:
    """Evaluate many images, given as pairs (truth, predicted); arguments as of `evaluate`."""
    listed = list(pairs)
    labels = list(names) if names is not None else [""] * len(listed)
    return summarise(
        evaluate(truth, predicted, thresholds=thresholds, metrics=metrics, name=name)
        for (truth, predicted), name in zip(listed, labels, strict=True)
    )


def _ranked_ap(
    images: Sequence[ImageScores], classes: Sequence[str]
) -> Float[np.ndarray, " t"] | None:
    ranked = [image.ranked for image in images if image.ranked is not None]
    if len(ranked) < len(images):
        return None
    of_class = [[image[name] for image in ranked if name in image] for name in classes]
    return mean_of_known(np.array([average_precision(objects) for objects in of_class]))


def _image(image: ImageScores) -> dict[str, Any]:
    return {
        "name": image.name,
        **({} if image.page is None else {"page": image.page}),
        "true_objects": image.true_count,
        "found_objects": image.predicted_count,
        **asdict(image.counts),
        **asdict(image.rates),
        **asdict(image.area_scores),
    }


def _plain(value: Any) -> Any:
    """Arrays to lists, NaN to None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value


def _json(value: Any, indent: str = "") -> str:
    """JSON with a line for each key and each member of a list of dicts; numbers stay together."""
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        lines = [
            f"{deeper}{json.dumps(k, ensure_ascii=False)}: {_json(v, deeper)}"
            for k, v in value.items()
        ]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        lines = [deeper + json.dumps(item, ensure_ascii=False, allow_nan=False) for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _number(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _cell(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
