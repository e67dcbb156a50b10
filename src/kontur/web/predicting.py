"""Running a model on images as a job.

Outlines that a hand drew or changed stay, those of models are replaced.
"""

from collections.abc import Sequence
from typing import Any

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
    page: int,
    options: PredictOptions,
) -> dict[str, Any]:
    """Outline the objects of images one after the other; what is done when it stops is kept.

    An image that fails is named in the result and does not stop the others; the only one raises
    its `InputError`.
    """
    failed: list[str] = []
    objects = 0
    job.progress(0, len(images), "")
    predictor = here.models.predictor(model)
    for done, image in enumerate(images):
        job.progress(done, len(images), image.name)
        try:
            objects += _predict_one(here, image, predictor, page, options)
        except (InputError, MemoryError) as error:
            if len(images) == 1:
                raise
            failed.append(f"{image.name}: {error}")
    job.progress(len(images), len(images), "")
    return {
        "images": len(images) - len(failed),
        "objects": objects,
        "failed": failed[:20],
        "message": f"{plural(len(failed), 'image')} failed: {listed(failed, most=1)}"
        if failed
        else "",
    }


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
