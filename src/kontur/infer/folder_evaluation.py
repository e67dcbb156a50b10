"""Evaluation of a whole folder: predictions in files, or those of a model, against annotations.

Predictions and truth are paired by name, see `data.pairing`. What has no partner is reported; it
neither counts nor is it dropped in silence.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kontur.data.folder import Folder
from kontur.data.pairing import find_predictions, pair
from kontur.data.truth import Truth
from kontur.errors import InputError
from kontur.evaluate import ImageScores, Summary, evaluate, summarise
from kontur.evaluate.class_lists import ClassLists
from kontur.formats.images import Image
from kontur.infer.options import DEFAULT_OPTIONS, PredictOptions
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.wording import listed

Progress = Callable[[int, int], None]
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class FolderEvaluation:
    """The scores of the images that have a prediction, and the names that have no partner."""

    images: tuple[ImageScores, ...]
    without_prediction: tuple[str, ...] = ()
    without_truth: tuple[str, ...] = ()
    ignored_classes: tuple[str, str] | None = None  # see `ClassLists.ignored`

    @property
    def without_size(self) -> tuple[str, ...]:
        """The images whose size neither side knew, so that they have no boundary IoU."""
        return tuple(i.name for i in self.images if math.isnan(i.areas.boundary_iou[0]))

    @property
    def summary(self) -> Summary:
        """The scores over all images."""
        return summarise(self.images)

    def by(self, column: Mapping[str, str]) -> dict[str, Summary]:
        """The scores over the images of each value of a column, sorted by the value."""
        values = sorted({column[image.name] for image in self.images})
        return {
            value: summarise(image for image in self.images if column[image.name] == value)
            for value in values
        }


def evaluate_files(
    predictions: Path,
    truth: Truth,
    *,
    task: str = "instances",
    page: int | None = None,
    progress: Progress | None = None,
) -> FolderEvaluation:
    """Evaluate a folder of predictions, or one COCO JSON or CSV that holds those of many images.

    `task` is what the values of predicted masks mean; `page` (from 0) is the plane of stacks that
    counts.

    Raises:
        InputError: no prediction belongs to any image, a file cannot be read, or sizes differ.
    """
    sources = find_predictions(
        predictions,
        task=task,
        class_of_value=truth.class_of_value,
        numbered_in=truth.coco,
        page=page,
    )
    pairs = pair(truth.names, tuple(sources))
    if not pairs:
        raise InputError(
            f"none of the {len(sources)} predictions in {predictions} ({listed(sources)}) has the "
            f"name of an image in {truth.path} ({listed(truth.names)})"
        )
    lists, scores = ClassLists(), dict[str, ImageScores]()

    def add(name: str, sides: tuple[Instances, Instances]) -> None:
        scores[name] = _score(name, sides[0], lambda: sides[1])
        if progress is not None:
            progress(len(scores), len(pairs))

    def read(name: str) -> tuple[Instances, Instances]:
        return truth.sources[name](), _named(name, sources[pairs[name]])

    for name in pairs:
        sides = read(name)
        if lists.add(*sides):
            add(name, sides)
    for name in [each for each in pairs if each not in scores]:  # all names decide on them
        add(name, lists.applied(*read(name)))
    used = set(pairs.values())
    return FolderEvaluation(
        tuple(scores[name] for name in pairs),
        without_prediction=tuple(name for name in truth.names if name not in pairs),
        without_truth=tuple(name for name in sources if name not in used),
        ignored_classes=lists.ignored,
    )


def evaluate_model(
    predictor: Predictor,
    truth: Folder,
    *,
    options: PredictOptions = DEFAULT_OPTIONS,
    progress: Progress | None = None,
) -> FolderEvaluation:
    """Evaluate the predictions of a model on a folder's images, in the folder's channel and page.

    A folder of all channels is looked at in the one that the model learned from.

    Raises:
        InputError: the folder holds no image, or a file cannot be read.
    """
    samples = truth.samples
    scores = []
    for index, name in enumerate(truth.names):
        sample = samples[index]

        image = Image(sample.image, sample.pixel_size, sample.stains)

        def predict(image: Image = image) -> Instances:
            return predictor.predict_detailed(image, options).instances

        scores.append(_score(name, sample.instances, predict))
        if progress is not None:
            progress(index + 1, len(samples))
    if not scores:
        raise InputError(f"{truth.path} holds no image to evaluate")
    return FolderEvaluation(tuple(scores))


def _score(name: str, truth: Instances, predict: Callable[[], Instances]) -> ImageScores:
    """The scores of one image; an error names it."""
    return _named(name, lambda: evaluate(truth, predict(), name=name))


def _named(name: str, make: Callable[[], Made]) -> Made:
    """What is made of an image; an error names it."""
    try:
        return make()
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
