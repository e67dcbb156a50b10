"""The contrast in which models see the images of a folder, until another one is chosen.

Clicks, refits and predictions of the page share it. "folder" is one range measured over all images
of the folder, with the model and the channel in use, and noted: it stays until the contrast is
chosen again, also where images come later, which are refused where they are stored in another type.
"""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from kontur.errors import InputError
from kontur.images.channels import Channel
from kontur.images.lazy_pixels import OpenImage
from kontur.web.image_folder import FolderImage
from kontur.web.jobs import Job
from kontur.web.workspace import CHANNEL_NOTE, MODEL_NOTE, Workspace

if TYPE_CHECKING:  # heavy, as the predictor
    from kontur.data.normalisation.normalise import NormaliseConfig
    from kontur.infer.folder_contrast import FolderContrast, Images, Progress
    from kontur.infer.options import Contrast
    from kontur.infer.predict import Predictor

CONTRAST_NOTE = "contrast"  # as it was typed
MEASURED_NOTE = "folder_contrast"


class Given(NamedTuple):
    """What a model is given as contrast, never "folder"; and what was measured, where that was."""

    contrast: "Contrast | None"
    measured: "FolderContrast | None" = None

    def check(self, predictor: "Predictor", image: FolderImage, picture: OpenImage) -> None:
        """`InputError` where an image cannot be seen in the range that was measured."""
        from kontur.infer.folder_contrast import check_alike

        if self.measured is not None:
            check_alike(predictor, image.name, picture, self.measured)


def chosen(workspace: Workspace) -> str:
    """The contrast as it was typed; "" for the model's own."""
    word: str = workspace.history.note(CONTRAST_NOTE) or ""
    return word


def choose(
    workspace: Workspace, word: str | None, model: str, channel: Channel | None = None
) -> None:
    """Use a model from now on, a channel of images of several stains, and a contrast.

    Without a channel it is the one that the model learned from, or stays as it is; without a
    `word`, typed as on the command line, the contrast stays. Raises `InputError` for a model that
    is not there and a contrast that is none, that the model cannot be given, or that cannot be
    measured over the images; all of them then stay. Windows are told how far measuring is.
    """
    from kontur.infer.options import PredictOptions, parse_contrast

    learned = workspace.models.card(model).channel
    channel = learned if channel is None else channel
    notes: dict[str, Any] = {MODEL_NOTE: model}
    if channel is not None:
        notes[CHANNEL_NOTE] = channel
    if word is None:
        workspace.history.set_notes(notes)
        return
    with workspace.measuring:  # nobody measures what is no longer chosen
        notes |= {CONTRAST_NOTE: word.strip(), MEASURED_NOTE: None}
        if word.strip():
            options = PredictOptions(contrast=parse_contrast(word))
            predictor = workspace.models.predictor(model)
            predictor.check_options(options)
            if options.contrast == "folder":  # over the images that there are by now
                view_channel = workspace.history.note(CHANNEL_NOTE) if channel is None else channel
                notes[MEASURED_NOTE] = _measure(
                    workspace, predictor, model, view_channel, _publish_progress(workspace)
                )
        workspace.history.set_notes(notes)


def settings_to_learn(
    predictor: "Predictor", contrast: "Contrast | None"
) -> "NormaliseConfig | None":
    """The normalisation of a model that is to learn from images in a contrast, as it will see them.

    None where it is its own: without a contrast, and where each image is searched for one.
    """
    if contrast is None or isinstance(contrast, str):
        return None
    if isinstance(contrast, tuple):
        return predictor.normalise.replace(mode="range", range=contrast)
    return predictor.normalise.replace(mode="percentile", range=None, high=contrast)


def contrast_of(
    workspace: Workspace,
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

    word = chosen(workspace)
    contrast = given if given is not None or not word else parse_contrast(word)
    if contrast != "folder":
        return Given(contrast)
    measured = _measured(workspace, predictor, model, job)
    return Given(measured.range, measured)


def _measured(
    workspace: Workspace, predictor: "Predictor", model: str, job: Job | None
) -> "FolderContrast":
    from kontur.infer.folder_contrast import FolderContrast
    from kontur.infer.options import PredictOptions

    def of_job(done: int, total: int) -> None:
        assert job is not None
        job.progress(done, total, "measuring the contrast")

    with workspace.measuring:  # a second request waits for the first
        note, channel = workspace.history.note(MEASURED_NOTE), workspace.history.note(CHANNEL_NOTE)
        if note is None or note["seen"] != _view_note(model, channel):
            predictor.check_options(PredictOptions(contrast="folder"))
            progress = _publish_progress(workspace) if job is None else of_job
            note = _measure(workspace, predictor, model, channel, progress)
            workspace.history.set_note(MEASURED_NOTE, note)
    return FolderContrast.of_note(note)


def _publish_progress(workspace: Workspace) -> "Progress":
    """Tells all windows how far measuring is, where no job does it."""
    return lambda done, total: workspace.events.publish("measuring", done=done, total=total)


def _measure(
    workspace: Workspace,
    predictor: "Predictor",
    model: str,
    channel: Channel | None,
    progress: "Progress",
) -> dict[str, Any]:
    """As it is noted."""
    from kontur.infer.folder_contrast import measure_folder

    measured = measure_folder(predictor, _images(workspace, predictor, channel), progress=progress)
    return {"seen": _view_note(model, channel), **measured.noted()}


def _view_note(model: str, channel: Channel | None) -> dict[str, Any]:
    """With what images are seen, so that the range is of these."""
    return {"model": model, "channel": channel}


def _images(workspace: Workspace, predictor: "Predictor", channel: Channel | None) -> "Images":
    from kontur.infer.folder_contrast import MOST, evenly, planes_evenly

    counted: list[tuple[FolderImage, int]] = []
    for image in evenly([*workspace.folder.images.values()], MOST):
        with suppress(InputError):  # showing it says why
            counted.append((image, workspace.pictures.pages(image)))
    return [
        (image.name, partial(workspace.picture_in_channel, predictor, image, page, channel))
        for image, page in planes_evenly(counted, MOST)
    ]
