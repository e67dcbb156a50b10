"""The picture with which the page begins, before any of its modules has run."""

from typing import NamedTuple

from kontur.errors import InputError
from kontur.web.workspace import Workspace


class FirstPicture(NamedTuple):
    """The key of an image and a JPEG of it that fills a screen."""

    key: str
    jpeg: bytes


def first_picture(workspace: Workspace, key: str = "") -> FirstPicture | None:
    """The picture of the image with a key, else of the first one.

    None without images, and where it cannot be read: the page says why when it opens it.
    """
    images = workspace.folder.images
    image = images.get(key) or next(iter(images.values()), None)
    if image is None:
        return None
    try:
        return FirstPicture(image.key, workspace.pictures.read(image, 0).screenful())
    except (InputError, OSError, MemoryError):
        return None
