"""Running a model on images as a job.

Outlines that a hand drew or changed stay, those of models are replaced.
"""

from collections.abc import Sequence
from typing import Any, Literal

from kontur.errors import InputError
from kontur.infer.options import PredictOptions
from kontur.web.authorship import MODEL, with_predicted
from kontur.web.image_folder import FolderImage
from kontur.web.jobs import Job
from kontur.web.workspace import Workspace
from kontur.wording import listed, plural


def predict_images(
    here: Workspace,
    images: Sequence[FolderImage],
    job: Job,
    *,
    model: str,
    page: int | Literal["all"],
    options: PredictOptions,
) -> dict[str, Any]:
    """Outline the objects of images one after the other; what is done when it stops is kept.

    `page` is a plane of each image, or all of them. An image that fails is named in the result and
    does not stop the others; the only one raises its `InputError`.
    """
    failed: dict[FolderImage, str] = {}
    objects = done = 0
    job.progress(0, len(images), "")
    predictor = here.models.predictor(model)
    pages = {
        image: _pages(here, image) if page == "all" else range(page, page + 1) for image in images
    }
    total = sum(map(len, pages.values()))
    for image, numbers in pages.items():
        try:
            for number in numbers:
                of_several = f", plane {number + 1} of {len(numbers)}" if len(numbers) > 1 else ""
                job.progress(done + number - numbers.start, total, image.name + of_several)
                objects += _predict_one(here, image, predictor, number, options)
        except (InputError, MemoryError) as error:
            if len(images) == 1:
                raise
            failed[image] = f"{image.name}: {error}"
        done += len(numbers)
    job.progress(total, total, "")
    return {
        "images": len(images) - len(failed),
        "objects": objects,
        "failed": list(failed.values())[:20],
        "message": f"{plural(len(failed), 'image')} failed: {listed(failed.values(), most=1)}"
        if failed
        else "",
    }


def _pages(here: Workspace, image: FolderImage) -> range:
    """All planes of an image; of one that cannot be read the first, where it is said."""
    try:
        return range(here.pictures.pages(image))
    except InputError:
        return range(1)


def _predict_one(
    here: Workspace, image: FolderImage, predictor: Any, page: int, options: PredictOptions
) -> int:
    prediction = predictor.predict_detailed(here.seen_by(predictor, image, page), options)
    found = here.annotations.in_our_classes(prediction.instances)
    overlap = predictor.thresholds(options).overlap
    plane = here.annotations.open(image, page)
    drawn = any(who != MODEL for who in plane.by.values())
    made = here.annotations.edit(
        image,
        page,
        "predict",
        lambda before: with_predicted(
            before, here.annotations.open(image, page).by, found, most_overlap=overlap
        ),
        seen=plane.revision,
        by=MODEL,
        status="corrected" if drawn else "predicted",
    )
    here.events.publish(
        "edit",
        image=image.key,
        page=page,
        revision=made.revision,
        window="",
        status=made.status,
        objects=here.annotations.status(image)[1],
    )
    return len(found)
