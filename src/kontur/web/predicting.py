"""Running a model on images as a job.

Outlines that a hand drew or changed stay, those of models are replaced.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from kontur.errors import InputError
from kontur.infer.options import PredictOptions
from kontur.web.authorship import MODEL, with_predicted
from kontur.web.contrast import Given, contrast_of
from kontur.web.image_folder import FolderImage
from kontur.web.jobs import Job
from kontur.web.workspace import Workspace
from kontur.wording import listed, plural

if TYPE_CHECKING:
    from kontur.infer.prediction import Prediction

SENTENCES = 20  # on images, of each kind, in a result


def predict_images(
    workspace: Workspace,
    images: Sequence[FolderImage] | None,
    job: Job,
    *,
    model: str,
    page: int | Literal["all"],
    options: PredictOptions,
) -> dict[str, Any]:
    """Outline the objects of images one after the other; what is done when it stops is kept.

    Without `images` those of the folder that nobody has corrected; `page` is a plane of each, or
    all of them, of the folder's images again those that nobody has corrected. An image that fails
    is named in the result and does not stop the others; the only one raises its `InputError`.
    `hints` of the result are sentences with the images that they are for, as of label images.
    """
    pages = _of_folder(workspace, page) if images is None else _of_images(workspace, images, page)
    failed: dict[FolderImage, str] = {}
    hints: dict[str, dict[str, None]] = {}  # each with the names that it is for
    objects = done = 0
    job.progress(0, len(pages), "")
    predictor = workspace.models.predictor(model)
    given = contrast_of(workspace, predictor, model, options.contrast, job=job)
    options = options.replace(contrast=given.contrast)
    total = sum(map(len, pages.values()))
    for image, numbers in pages.items():
        try:
            for place, number in enumerate(numbers):
                of_several = f", plane {number + 1}" if len(numbers) > 1 else ""
                job.progress(done + place, total, image.name + of_several)
                found = _predict_one(workspace, image, predictor, number, options, given)
                objects += len(found.instances)
                if found.hint is not None:
                    hints.setdefault(found.hint, {})[image.name] = None
        except (InputError, MemoryError) as error:
            if len(pages) == 1:
                raise
            failed[image] = f"{image.name}: {error}"
        done += len(numbers)
    job.progress(total, total, "")
    return {
        "images": len(pages) - len(failed),
        "objects": objects,
        "failed": list(failed.values())[:SENTENCES],
        "hints": [f"{listed(names)}: {hint}" for hint, names in hints.items()][:SENTENCES],
        "message": f"{plural(len(failed), 'image')} failed: {listed(failed.values(), most=1)}"
        if failed
        else "",
    }


Pages = Mapping[FolderImage, Sequence[int]]


def _of_images(
    workspace: Workspace, images: Iterable[FolderImage], page: int | Literal["all"]
) -> Pages:
    return {image: _pages(workspace, image) if page == "all" else [page] for image in images}


def _of_folder(workspace: Workspace, page: int | Literal["all"]) -> Pages:
    """The planes that nobody has corrected, of the images that are not done."""
    statuses = workspace.annotations.statuses.by_key()
    images = [image for key, image in workspace.folder.images.items() if statuses[key][0] != "done"]
    made = {}
    for image, pages in _of_images(workspace, images, page).items():
        right = workspace.annotations.statuses.right_planes(image, statuses[image.key][0])
        if left := [number for number in pages if number not in right]:
            made[image] = left
    return made


def _pages(workspace: Workspace, image: FolderImage) -> Sequence[int]:
    """All planes of an image; of one that cannot be read the first, where it is said."""
    try:
        return range(workspace.pictures.pages(image))
    except InputError:
        return range(1)


def _predict_one(
    workspace: Workspace,
    image: FolderImage,
    predictor: Any,
    page: int,
    options: PredictOptions,
    given: Given,
) -> "Prediction":
    picture = workspace.picture_for_model(predictor, image, page)
    given.check(predictor, image, picture)
    prediction = predictor.predict_detailed(picture, options)
    found = workspace.annotations.in_our_classes(prediction.instances)
    overlap = predictor.thresholds(options).overlap
    plane = workspace.annotations.open(image, page)
    drawn = any(who != MODEL for who in plane.by.values())
    made = workspace.annotations.edit(
        image,
        page,
        "predict",
        lambda before: with_predicted(
            before, workspace.annotations.open(image, page).by, found, most_overlap=overlap
        ),
        known_revision=plane.revision,
        by=MODEL,
        status="corrected" if drawn else "predicted",
    )
    _, objects = workspace.annotations.statuses.of(image)
    workspace.events.publish_edit(image.key, page, made.revision, made.status, objects=objects)
    return prediction
