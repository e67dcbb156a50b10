"""How the images of a folder and their planes stand: untouched, predicted, corrected, done.

Of an image that was opened the history knows it, of any other the file beside it.
"""

from kontur.web import plane_statuses
from kontur.web.first_objects import FileStatuses
from kontur.web.history import History, Status
from kontur.web.image_folder import FolderImage, ImageFolder
from kontur.web.picture_changes import PictureChanges, stamp_or_none
from kontur.web.pixels import Pictures


class ImageStatuses:
    """The status of every image of a folder, and its planes that count."""

    def __init__(
        self, folder: ImageFolder, pictures: Pictures, history: History, changes: PictureChanges
    ):
        self._folder, self._pictures, self._history = folder, pictures, history
        self._changes, self._files = changes, FileStatuses(folder)

    def of(self, image: FolderImage) -> tuple[Status, int | None]:
        """The status of an image, and its number of objects where it is known."""
        if self._history.image(image.key) is not None:
            self.count_planes(image)
        known = self._history.images(image.key).get(image.key)
        return known or self._files.of(image)

    def by_key(self) -> dict[str, tuple[Status, int | None]]:
        """The status and the number of objects of every image, by its key."""
        for key in self._history.films():
            if key in self._folder.images:
                self.count_planes(self._folder[key])
        known = self._history.images()
        return {
            key: known.get(key) or self._files.of(image)
            for key, image in self._folder.images.items()
        }

    def planes(self, image: FolderImage) -> list[int]:
        """The planes of an image that were opened, of one without history those of its file."""
        self.count_planes(image)
        known = self._history.planes(image.key)
        return known or self._pictures.existing_pages(image, self._files.planes(image))

    def outlined_planes(self, image: FolderImage) -> list[int]:
        """The planes of an image that anybody has outlined; of one without any the first known."""
        planes = self.planes(image)
        if self._history.image(image.key) is None:
            return planes
        outlined = set(plane_statuses.outlined_planes(self._history, image.key))
        return [page for page in planes if page in outlined] or planes[:1]

    def right_planes(self, image: FolderImage, status: Status) -> list[int]:
        """The planes of an image whose outlines are right, where the image has a status."""
        if self._history.image(image.key) is None:
            return self._pictures.existing_pages(image, self._files.right_planes(image))
        self.count_planes(image)
        return plane_statuses.right_planes(self._history, image.key, status)

    def count_planes(self, image: FolderImage) -> None:
        """Leave out the planes that an image has no longer, and bring back those it has again."""
        if stamp_or_none(image) is not None:
            self._changes.check_pages(image, self._pictures.pages(image))
