"""The contrast in which models see the images of a folder, until another one is chosen.

Clicks, refits and predictions of the page share it. "folder" is one range measured over all images
of the folder, with the model and the channel in use, and noted: it stays until the contrast is
chosen again, also where images come later, which are refused where they are stored in another type.
"""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from kontur.errors import InputError
from kontur.images.lazy_pixels import OpenImage
from kontur.web.image_folder import FolderImage
from kontur.web.jobs import Job
from kontur.web.workspace import CHANNEL_NOTE, Workspace

if TYPE_CHECKING:  # heavy, as the predictor
    from kontur.infer.folder_contrast import FolderContrast, Images, Progress
    from kontur.infer.options import Contrast
    from kontur.infer.predict import Predictor

CONTRAST_NOTE = "contrast"  # as it was typed
MEASURED_NOTE = "folder_contrast"


class Given(NamedTuple):
    """What a model is given as contrast, never "folder"; and what was measured, where that was."""

    contrast: "Contrast | None"
    measured: "FolderContrast | None" = None

    def check(self, predictor: "Predictor", image: FolderImage, seen: OpenImage) -> None:
        """`InputError` where an image cannot be seen in the range that was measured."""
        from kontur.infer.folder_contrast import check_alike

        if self.measured is not None:
            check_alike(predictor, image.name, seen, self.measured)


def chosen(here: Workspace) -> str:
    """The contrast as it was typed; "" for the model's own."""
    word: str = here.history.note(CONTRAST_NOTE) or ""
    return word


def choose(here: Workspace, word: str, model: str) -> None:
    """Let models see images in another contrast from now on, typed as on the command line.

    Raises `InputError` for what is none, what the model cannot be given, or what cannot be
    measured over the images; the contrast then stays.
    """
    from kontur.infer.options import PredictOptions, parse_contrast

    note = None
    with here.measuring:  # nobody measures what is no longer chosen
        if word.strip():
            options = PredictOptions(contrast=parse_contrast(word))
            predictor = here.models.predictor(model)
            predictor.check_options(options)
            if options.contrast == "folder":  # over the images that there are by now
                note = _measure(here, predictor, model)
        here.history.set_note(CONTRAST_NOTE, word.strip())
        here.history.set_note(MEASURED_NOTE, note)


def contrast_of(
    here: Workspace,
    predictor: "Predictor",
    model: str,
    given: "Contrast | None" = None,
    *,
    job: Job | None = None,
) -> Given:
    """What a model is to be given, by default the contrast that was chosen.

    A `job` tells how far measuring it is, and ends it where a person has stopped the job.
    Raises `InputError` where no image can be measured.
    """
    from kontur.infer.options import parse_contrast

    word = chosen(here)
    contrast = given if given is not None or not word else parse_contrast(word)
    if contrast != "folder":
        return Given(contrast)
    measured = _measured(here, predictor, model, job)
    return Given(measured.range, measured)


def _measured(
    here: Workspace, predictor: "Predictor", model: str, job: Job | None
) -> "FolderContrast":
    from kontur.infer.folder_contrast import FolderContrast
    from kontur.infer.options import PredictOptions

    def tell(done: int, total: int) -> None:
        if job is not None:
            job.progress(done, total, "measuring the contrast")

    with here.measuring:  # a second request waits for the first
        note = here.history.note(MEASURED_NOTE)
        if note is None or note["seen"] != _seen(here, model):
            predictor.check_options(PredictOptions(contrast="folder"))
            note = _measure(here, predictor, model, tell)
            here.history.set_note(MEASURED_NOTE, note)
    return FolderContrast.of_note(note)


def _measure(
    here: Workspace,
    predictor: "Predictor",
    model: str,
    tell: "Progress" = lambda done, total: None,
) -> dict[str, Any]:
    """As it is noted."""
    from kontur.infer.folder_contrast import measure_folder

    measured = measure_folder(predictor, _images(here, predictor), progress=tell)
    return {"seen": _seen(here, model), **measured.noted()}


def _seen(here: Workspace, model: str) -> dict[str, Any]:
    """With what images are seen, so that the range is of these."""
    return {"model": model, "channel": here.history.note(CHANNEL_NOTE)}


def _images(here: Workspace, predictor: "Predictor") -> "Images":
    from kontur.infer.folder_contrast import MOST, evenly, planes_evenly

    counted: list[tuple[FolderImage, int]] = []
    for image in evenly([*here.folder.images.values()], MOST):
        with suppress(InputError):  # showing it says why
            counted.append((image, here.pictures.pages(image)))
    return [
        (image.name, partial(here.picture_for_model, predictor, image, page))
        for image, page in planes_evenly(counted, MOST)
    ]
