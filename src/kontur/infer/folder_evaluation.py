"""Evaluation of a whole folder: predictions in files, or those of a model, against annotations.

Predictions and truth are paired by name, see `data.pairing`. What has no partner is reported; it
neither counts nor is it dropped in silence. Where all planes of stacks are evaluated, each counts
as an image: a plane of the truth without objects is empty, and what is predicted there is false.
"""

import logging
import math
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from kontur.data.annotations.exchanged_axes import ADVICE, EXCHANGED, axes_exchanged
from kontur.data.checks.image_statistics import fingerprint
from kontur.data.file_names import is_mask, stem
from kontur.data.folder import Folder
from kontur.data.layouts.layout import AnnotatedImage
from kontur.data.normalisation.ranges import Ranges
from kontur.data.pairing.find_predictions import (
    PlanesSource,
    Source,
    find_planes,
    find_predictions,
    place_of_page,
)
from kontur.data.pairing.pair_names import pair
from kontur.data.pairing.prediction_files import are_annotations, prediction_files
from kontur.data.planes.image_planes import (
    ImagePlanes,
    Page,
    Pages,
    check_page_exists,
    pages_named,
    plane_name,
    states_all_planes,
)
from kontur.data.planes.places import Place, places_of
from kontur.data.planes.predicted_pages import PredictedPages
from kontur.data.planes.shared_planes import SharedPlanes, numbered_alike, shared_planes
from kontur.data.truth import Truth
from kontur.errors import InputError
from kontur.evaluate import ImageScores, Summary, evaluate, summarise
from kontur.evaluate.class_lists import ClassLists
from kontur.formats.nifti.space import check_same_space
from kontur.images.image_file import Image, is_image, open_image
from kontur.images.lazy_pixels import OpenImage
from kontur.infer.folder_contrast import measure_folder
from kontur.infer.model_channels import in_learned_channel
from kontur.infer.options import DEFAULT_OPTIONS, PredictOptions
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.logged_once import lines_once
from kontur.wording import counted, listed

log = logging.getLogger("kontur.infer")

Progress = Callable[[int, int], None]
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class FolderEvaluation:
    """The scores of the images that have a prediction, and the names that have no partner.

    Where all planes are evaluated, `images` are planes, and those of a stack that only one side has
    are `planes_without_prediction` and `planes_without_truth`, such as "film page 3". `learned` are
    those that the model learned from, as far as that is known, and `contrast` is the range that was
    measured over all images, where that was asked for.
    """

    images: tuple[ImageScores, ...]
    without_prediction: tuple[str, ...] = ()
    without_truth: tuple[str, ...] = ()
    planes_without_prediction: tuple[str, ...] = ()
    planes_without_truth: tuple[str, ...] = ()
    ignored_classes: tuple[str, str] | None = None  # see `ClassLists.ignored`
    learned: tuple[str, ...] = ()
    contrast: Ranges | None = None

    @property
    def without_size(self) -> tuple[str, ...]:
        """The images whose size neither side knew, so that they have no boundary IoU."""
        unknown = (i.name for i in self.images if math.isnan(i.areas.boundary_iou[0]))
        return tuple(dict.fromkeys(unknown))

    @property
    def empty_planes(self) -> tuple[str, ...]:
        """The planes of stacks on which only the prediction has objects."""
        return tuple(
            plane_name(image.name, image.page)
            for image in self.images
            if image.page is not None and image.predicted_count > image.true_count == 0
        )

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


@lines_once()
def evaluate_files(
    predictions: Path,
    truth: Truth,
    *,
    task: str = "instances",
    page: Pages = None,
    progress: Progress | None = None,
) -> FolderEvaluation:
    """Evaluate a folder of predictions, or one COCO JSON or CSV that holds those of many images.

    `task` is what the values of predicted masks mean; `page` (from 0) is the plane of stacks that
    counts, or "all": each plane then counts as an image does, and `truth` was opened so too.

    Raises:
        InputError: no prediction belongs to any image, a file cannot be read, sizes differ, the
            truth was opened with another page, or with all pages a side does not say on which plane
            of a stack its objects lie.
    """
    if None not in (page, truth.page) and page != truth.page:
        raise InputError(
            f"page {truth.page} of the truth {truth.path} was opened, and of {predictions} "
            f"{'all pages are' if page == 'all' else f'page {page} is'} wanted; open the truth "
            "with the same page"
        )
    sources, pairs = _paired(predictions, truth, task=task, page=page)
    lists, files = ClassLists(), prediction_files(predictions)
    scores: dict[tuple[str, Page], ImageScores | None] = {}  # None: all names decide on them
    shared: dict[str, SharedPlanes] = {}
    exchanged: list[str] = []

    def read(name: str) -> tuple[ImagePlanes, ImagePlanes]:
        return numbered_alike(truth.sources[name](), _named(name, sources[pairs[name]]))

    for number, name in enumerate(pairs):
        true, predicted = read(name)
        shared[name] = shared_planes(name, true, predicted)
        for plane in shared[name].both:
            sides = _named(plane_name(name, plane), partial(_on, true, predicted, plane))
            if isinstance(page, int):
                _check_page_stated(truth, name, files.get(pairs[name], predictions), sides, page)
            if axes_exchanged(sides[1].boxes, sides[0].size or sides[1].size):
                exchanged.append(plane_name(name, plane))
            scores[name, plane] = _score(name, plane, *sides) if lists.add(*sides) else None
        if progress is not None:
            progress(number + 1, len(pairs))
    if exchanged:
        log.warning("%s: %s; %s", counted(exchanged, "prediction"), EXCHANGED, ADVICE)
    for name in dict.fromkeys(name for (name, _), known in scores.items() if known is None):
        true, predicted = read(name)
        for plane in shared[name].both:
            if scores[name, plane] is None:
                sides = lists.applied(*_on(true, predicted, plane))
                scores[name, plane] = _score(name, plane, *sides)
    if isinstance(page, int) and page and not any(map(_counts, scores.values())):
        _check_page_exists(truth, [files.get(o, predictions) for o in pairs.values()], page)
    if not scores:
        raise InputError(
            f"no plane of {listed([*pairs])} is both in {truth.path} and in {predictions}"
        )
    used = set(pairs.values())
    return FolderEvaluation(
        tuple(known for known in scores.values() if known is not None),
        without_prediction=tuple(name for name in truth.names if name not in pairs),
        without_truth=tuple(name for name in sources if name not in used),
        planes_without_prediction=tuple(
            plane_name(name, page) for name in pairs for page in shared[name].without_prediction
        ),
        planes_without_truth=tuple(
            plane_name(name, page) for name in pairs for page in shared[name].without_truth
        ),
        ignored_classes=lists.ignored,
    )


def _paired(
    predictions: Path, truth: Truth, *, task: str, page: Pages
) -> tuple[dict[str, PlanesSource], dict[str, str]]:
    """All predictions, and by the name of a true image that of its prediction, at least one."""
    named, numbered = truth.class_of_value, truth.coco
    if page == "all":
        sources = find_planes(
            predictions, task=task, class_of_value=named, numbered_in=numbered, page=page
        )
        return sources, _pairs(predictions, truth, sources)
    found = find_predictions(
        predictions, task=task, class_of_value=named, numbered_in=numbered, page=page
    )
    pairs = _pairs(predictions, truth, found)
    places: dict[str, Place | None] = {}  # of the page, by the name of a prediction
    if page is not None:
        for name, other in pairs.items():
            if name in truth.files:
                places[other] = place_of_page(truth.files[name], page, name)
    return {other: _of_page(read, places.get(other)) for other, read in found.items()}, pairs


def _of_page(read: Source, at: Place | None) -> PlanesSource:
    return lambda: ImagePlanes.single(read(at))


def _pairs(predictions: Path, truth: Truth, sources: Collection[str]) -> dict[str, str]:
    """The name of the prediction of each true image that has one; errors as `evaluate_files`."""
    pairs = pair(truth.names, tuple(sources))
    if not pairs:
        raise InputError(
            f"none of the {len(sources)} predictions in {predictions} ({listed(sources)}) has the "
            f"name of an image in {truth.path} ({listed(truth.names)}); give each that of its image"
        )
    files = prediction_files(predictions)
    _check_no_images({truth.files.get(name): files.get(other) for name, other in pairs.items()})
    for name, other in pairs.items():
        if name in truth.files and other in files:
            check_same_space(files[other], truth.files[name], called="the image of its truth")
    return pairs


def _check_page_stated(
    truth: Truth, name: str, file: Path, sides: Sequence[Instances], page: int
) -> None:
    """`InputError` for a page but the first that neither an image nor a side tells."""
    true_file = truth.files.get(name)
    if true_file is None or (is_image(true_file) and not truth.alone):
        return
    if any(states_all_planes(each) and len(places_of(each)) > 1 for each in (true_file, file)):
        return
    planes = [side.plane for side in sides if len(side)]
    PredictedPages(file).check_named(file, planes, page)


def _counts(scores: ImageScores | None) -> bool:
    """Whether an image has objects on a side; those whose classes wait have."""
    return scores is None or scores.true_count + scores.predicted_count > 0


def _check_page_exists(truth: Truth, files: Iterable[Path], page: int) -> None:
    """`InputError` for a page behind all outlines of both sides, where no pixels tell of it."""
    places = list(dict.fromkeys([*truth.files.values(), *files]))
    if not any(is_image(path) or states_all_planes(path) for path in places):
        check_page_exists(places[-1], page, {n for path in places for n in pages_named(path, page)})


def _check_no_images(pairs: Mapping[Path | None, Path | None]) -> None:
    """`InputError` where the prediction of an image is the image, not labels that are the truth."""
    for image, file in pairs.items():
        if image is None or file is None or not is_mask(file):
            continue
        same = os.path.realpath(image) == os.path.realpath(file)
        if same and not are_annotations({stem(file): file}):
            raise InputError(
                f"{file} is an image of the truth and no prediction; give the folder of the "
                "predictions alone"
            )


def evaluate_model(
    predictor: Predictor,
    truth: Folder,
    *,
    options: PredictOptions = DEFAULT_OPTIONS,
    learned: Collection[str] = (),
    progress: Progress | None = None,
    on_measured: Progress = lambda done, total: None,
) -> FolderEvaluation:
    """Evaluate the predictions of a model on a folder's images, in the folder's channel and page.

    Of a folder that was opened with all pages every plane counts as an image does. A folder of all
    channels is looked at in the one that the model learned from. A line of logging (`kontur.infer`)
    names images of which hardly a value lies in a given range of intensities. `learned` are the
    fingerprints of the images that the model learned from (`learned_images.read_learned`). The
    contrast "folder" is measured first, over all images, of which `on_measured` tells.

    Raises:
        InputError: the folder holds no image, or a file cannot be read.
    """
    samples = truth.samples
    measured = None
    if options.contrast == "folder" and samples:
        predictor.check_options(options)
        images = [(item.plane_name, partial(_opened, truth, item)) for item in truth.annotated]
        measured = measure_folder(predictor, images, progress=on_measured).range
        options = options.replace(contrast=measured)
    scores, learned_names = [], []
    hints: dict[str, list[str]] = {}  # each with the images that it is for
    for index, item in enumerate(truth.annotated):
        sample = samples[index]
        page = item.page if item.is_plane else None
        image = Image(sample.image, sample.pixel_size, sample.stains)
        predict = partial(predictor.predict_detailed, image, options)
        predicted = _named(item.plane_name, predict)
        if predicted.hint is not None:
            hints.setdefault(predicted.hint, []).append(item.plane_name)
        if learned:
            picture = in_learned_channel(image, predictor.card, item.name).pixels
            learned_names += (
                [item.plane_name] if fingerprint(np.asarray(picture)) in learned else []
            )
        scores.append(_score(item.name, page, sample.instances, predicted.instances))
        if progress is not None:
            progress(index + 1, len(samples))
    if not scores:
        raise InputError(f"{truth.path} holds no image to evaluate")
    for hint, names in hints.items():
        log.warning("%s: %s", listed(names), hint)
    return FolderEvaluation(tuple(scores), learned=tuple(learned_names), contrast=measured)


def _opened(truth: Folder, item: AnnotatedImage) -> OpenImage:
    return open_image(item.image, channel=truth.channel, page=item.page)


def _on(true: ImagePlanes, predicted: ImagePlanes, page: Page) -> tuple[Instances, Instances]:
    """The objects of both sides on one page."""
    return true.on(page), predicted.on(page)


def _score(name: str, page: Page, true: Instances, predicted: Instances) -> ImageScores:
    """The scores of one image or plane; an error names it."""
    scores = _named(plane_name(name, page), lambda: evaluate(true, predicted, name=name))
    return replace(scores, page=page)


def _named(name: str, make: Callable[[], Made]) -> Made:
    """What is made of an image; an error names it."""
    try:
        return make()
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
