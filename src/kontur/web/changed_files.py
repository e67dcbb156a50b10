"""What another program made of our files beside images: taken over as one more edit."""

from collections.abc import Callable

from kontur.errors import InputError
from kontur.formats.outline_file import OutlineFile
from kontur.instances import Instances
from kontur.web import files_beside
from kontur.web.authorship import FILE, MODEL, by_model, status_of_file
from kontur.web.events import Events
from kontur.web.files_beside import KnownFile
from kontur.web.first_objects import planes_of
from kontur.web.folder_classes import FolderClasses
from kontur.web.history import History, ImageRow, Status
from kontur.web.image_folder import FolderImage, ImageFolder
from kontur.web.object_text import is_same_object, of_text, to_text
from kontur.web.pixels import Pictures
from kontur.web.plane_statuses import FROM_FILE

COMING = "coming"  # note of the digest that an image's file gets next


class ChangedFiles:
    """Looks at our file of an image where it is another version than the last time.

    `forget` is told of planes whose objects changed; `write_soon` writes the file of an image.
    """

    def __init__(
        self,
        folder: ImageFolder,
        pictures: Pictures,
        history: History,
        events: Events,
        classes: FolderClasses,
        forget: Callable[[str, int], None],
        write_soon: Callable[[FolderImage], None],
    ):
        self._folder, self._pictures, self._history = folder, pictures, history
        self._events, self._classes = events, classes
        self._forget, self._write_soon = forget, write_soon
        self._versions: dict[str, files_beside.Version] = {}  # of files that were looked at

    def known(self, image: FolderImage, row: ImageRow) -> KnownFile | None:
        if row.file is None:
            return None
        coming = self._history.note(f"{COMING} {image.key}")
        return KnownFile(row.file, tuple(each for each in (row.digest, coming) if each))

    def take(self, image: FolderImage) -> None:
        """What another program made of our file becomes an edit: undo brings ours back.

        All windows are told so, also where the file cannot be read any more: then ours stay.
        """
        version = files_beside.version(image.path, self._folder.shared_stems)
        row = self._history.image(image.key)
        if row is None or self._versions.get(image.key) == version:
            return
        self._versions[image.key] = version
        known = self.known(image, row)
        if known is None:
            return
        path = image.path.with_name(known.name)
        digest = files_beside.digest(path)
        if digest is None or digest in known.digests:
            return
        file = OutlineFile(path)
        try:
            found = planes_of(file, image.path)
            existing = set(range(self._pictures.pages(image)))
            pages = sorted((set(self._history.planes(image.key)) | set(found)) & existing)
            planes = [self._of_file(image, page, found.get(page)) for page in pages]
        except InputError as error:
            self._events.publish(
                "problem", message=f"{error}; the outlines stay as they were in this page"
            )
            return
        ours = files_beside.is_ours(file)
        status = (
            status_of_file(planes) if any(map(len, planes)) else "corrected"
        )  # all were deleted
        changed = [
            self._take(image, page, found, status)
            for page, found in zip(pages, planes, strict=True)
        ]
        if ours:
            row = self._history.image(image.key) or row
            self._history.set_written(image.key, row.revision, digest, path.name)
        else:  # another program's by now: ours gets another name
            self._history.set_written(image.key, -1, None, None)
            self._write_soon(image)
        if any(changed):
            self._events.publish("file", file=path.name)

    def _of_file(self, image: FolderImage, page: int, found: Instances | None) -> Instances:
        size = self._pictures.read(image, page).size
        if found is None or not len(found):
            return Instances.empty(size)
        return self._classes.of(found.clip(size))

    def _take(self, image: FolderImage, page: int, found: Instances, status: Status) -> bool:
        """Put the objects of a file in place of those of a plane; whether they differ."""
        self._history.open_plane(image.key, page, image.name, {}, status)  # of a new one
        stored = {
            number: text
            for number, (_, text) in self._history.objects(image.key, page).items()
            if text is not None
        }
        after: dict[int, str | None] = dict.fromkeys(stored.keys() - set(found.ids.tolist()))
        for i, number in enumerate(found.ids.tolist()):
            before = stored.get(number)
            if before is None or not is_same_object(of_text(before), found, i):
                by = MODEL if by_model(found)[i] else FILE
                after[number] = to_text(found, i, by)
        if after:
            before_texts = {number: stored.get(number) for number in after}
            revision = self._history.edit(
                image.key, page, FROM_FILE, before_texts, after, status=status
            )
            self._forget(image.key, page)
            objects = self._history.images(image.key)[image.key][1]
            self._events.publish_edit(image.key, page, revision, status, objects=objects)
        return bool(after)
