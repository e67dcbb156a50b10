"""A workspace: everything that the calls of the API share, for one folder of images."""

import threading
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kontur.errors import InputError
from kontur.files.atomic import check_writable
from kontur.images.channels import Channel
from kontur.images.image_file import picked
from kontur.images.lazy_pixels import OpenImage
from kontur.web.annotations import Annotations
from kontur.web.events import Events
from kontur.web.history import FILE, FOLDER, History
from kontur.web.image_folder import FolderImage, ImageFolder
from kontur.web.jobs import Jobs
from kontur.web.models import CHOSEN, Models
from kontur.web.pixels import Pictures

if TYPE_CHECKING:
    from kontur.infer.predict import Predictor

MODEL_NOTE = "model"
CHANNEL_NOTE = "channel"
CHOOSE = "choose the one to look at in the panel Model"
TO_TRAIN = ("torch", "lightning")  # packages of the extra


class NoSuchImage(KeyError):
    """A key that none of the images has."""


@dataclass(eq=False)
class Workspace:
    """A folder that is open, and what works on it; made by `open_workspace`."""

    root: Path
    folder: ImageFolder
    pictures: Pictures
    history: History
    annotations: Annotations
    models: Models
    events: Events
    jobs: Jobs
    problems: list[str] = field(default_factory=list)
    measuring: threading.Lock = field(default_factory=threading.Lock)

    def image(self, key: str) -> FolderImage:
        """The image of a key. Raises `NoSuchImage`."""
        try:
            return self.folder[key]
        except KeyError:
            raise NoSuchImage(key) from None

    @property
    def model(self) -> str:
        """The name of the model in use: the one that was chosen, while it is there."""
        chosen, known = self.history.note(MODEL_NOTE), self.models.names()
        return chosen if chosen in known else CHOSEN if CHOSEN in known else next(iter(known), "")

    @property
    def channel(self) -> Channel:
        """The channel that models see of an image of several stains: its name, or number from 0.

        A name is looked up in each image by itself; a number means of images with fewer the last.
        """
        channel: Channel = self.history.note(CHANNEL_NOTE) or 0
        return channel

    def picture_for_model(self, predictor: "Predictor", image: FolderImage, page: int) -> OpenImage:
        """A plane as a model sees it: of stains that it did not learn one.

        A model that learned from one channel finds it by itself, unless another was chosen. Raises
        `InputError` where the plane has no such channel.
        """
        return self.picture_in_channel(predictor, image, page, self.history.note(CHANNEL_NOTE))

    def picture_in_channel(
        self, predictor: "Predictor", image: FolderImage, page: int, chosen: Channel | None
    ) -> OpenImage:
        """The same with the channel that is chosen, if one is, whichever is in use."""
        # heavy, as the predictor
        from kontur.infer.model_channels import in_learned_channel, takes_all_channels

        whole, card = self.pictures.read(image, page).image, predictor.card
        if card.channel is not None and chosen in (None, card.channel):
            return in_learned_channel(whole, card, image.name, choose=CHOOSE)
        count = whole.pixels.shape[2]
        if count == 1:
            return whole
        if card.channel is None and takes_all_channels(whole, card, predictor.config.channels):
            return whole
        channel = chosen or 0
        if isinstance(channel, int):
            channel = min(channel, count - 1)
        return picked(whole, channel, image.name)

    @property
    def can_train(self) -> bool:
        """Whether the packages of training are there."""
        return all(find_spec(name) is not None for name in TO_TRAIN)

    def close(self) -> None:
        """Stop jobs and streams, and close the history."""
        self.events.close()
        self.jobs.close()
        self.annotations.close()
        self.history.close()


def open_workspace(root: Path) -> Workspace:
    """Open a folder: what was not written to the end before is written now.

    Raises `InputError` where there is no such folder, it is open elsewhere, or its history cannot
    be used, and `OSError` where nothing can be written there.
    """
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise InputError(f"kontur serve wants a folder of images, and {root} {what}")
    check_writable(root / FOLDER)
    folder, pictures, events = ImageFolder(root), Pictures(), Events()
    history = History(root / FOLDER / FILE)
    annotations = Annotations(folder, pictures, history, events)
    made = Workspace(
        root, folder, pictures, history, annotations, Models(root), events, Jobs(events)
    )
    made.problems = [*folder.problems, *annotations.write_all()]
    return made
