"""The objects of every image as they stand now, and the one way to change them.

A change is a pure function of `kontur.edit.moves`, made on the newest objects under a lock and kept
in the history before it is answered; the file beside the image follows, at once or, of a crowd, as
soon as it is through (`files_writer`). Windows say which revision they have seen: an object that
somebody else changed since is not touched, and the window is told.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from kontur.errors import InputError
from kontur.instances import CLASSES, Instances
from kontur.instances.plane import Plane
from kontur.web import files_beside, plane_statuses
from kontur.web.authorship import FILE, HAND, MODEL, by_model, without_scores
from kontur.web.changed_files import COMING, ChangedFiles
from kontur.web.events import Events
from kontur.web.files_writer import FilesWriter
from kontur.web.first_objects import first_objects
from kontur.web.folder_classes import FolderClasses
from kontur.web.history import History, ImageRow, Status
from kontur.web.image_folder import FolderImage, ImageFolder
from kontur.web.image_statuses import ImageStatuses
from kontur.web.object_text import (
    instances_of,
    of_text,
    on_the_wire,
    to_text,
    with_rounded_changes,
)
from kontur.web.picture_changes import PictureChanges, is_outside, stamp_or_none
from kontur.web.pixels import Picture, Pictures
from kontur.web.plane_objects import Changes, Conflict, PlaneObjects, numbered_apart

KEPT = 16  # planes whose objects stay in memory
AT_ONCE = 500  # objects of an image up to which its file is written before an edit is answered


class Annotations:
    """The objects of all images of a folder; `statuses` says how far each image is."""

    def __init__(
        self,
        folder: ImageFolder,
        pictures: Pictures,
        history: History,
        events: Events,
    ):
        self._folder, self._pictures, self._history = folder, pictures, history
        self._events = events
        self._writer = FilesWriter(
            self.write, lambda sentence: events.publish("problem", message=sentence)
        )
        self._kept: OrderedDict[tuple[str, int], PlaneObjects] = OrderedDict()
        self._stamps: dict[tuple[str, int], str | None] = {}  # of the files of these
        self._changes = PictureChanges(history)
        self.statuses = ImageStatuses(folder, pictures, history, self._changes)
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()
        self._classes = FolderClasses(history, self._classes_changed)
        self._changed_files = ChangedFiles(
            folder, pictures, history, events, self._classes, self._forget, self._writer.write_soon
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names of the folder, which labels index."""
        return self._classes.names

    def name_classes(self, names: Sequence[str]) -> tuple[str, ...]:
        """Rename classes, in their order, and add further ones behind them.

        Raises `InputError` for fewer than there are, and for names that are empty or not unique.
        """
        self._classes.name(names)
        return self.classes

    def _classes_changed(self, renamed: bool) -> None:
        self._kept.clear()
        if renamed:
            for key in self._history.write_again():
                if key in self._folder.images:
                    self._writer.write_soon(self._folder[key])

    def set_status(self, image: FolderImage, status: Status) -> None:
        """Say that an image is done, or not yet."""
        with self._lock_of(image):
            self.open(image, 0)
            self._history.set_status(image.key, status)
        self.write(image)

    def open(self, image: FolderImage, page: int) -> PlaneObjects:
        """The objects of a plane; the first time those of the file beside it, or of the annotation.

        Raises `InputError` where the image or its annotation cannot be read.
        """
        with self._lock_of(image):
            self._changed_files.take(image)
            plane_key, stamp = (image.key, page), stamp_or_none(image)
            if plane_key in self._kept and stamp in (None, self._stamps[plane_key]):
                self._kept.move_to_end(plane_key)
                return self._kept[plane_key]
            self.statuses.count_planes(image)
            picture = self._pictures.read(image, page)
            if self._may_begin(image, page):
                self._begin(image, page)
            self._check_picture(image, page, picture)
            self._stamps[plane_key] = stamp
            return self._read(image, page, picture.size, picture.image.plane)

    def _read(
        self, image: FolderImage, page: int, size: tuple[int, int], plane: Plane | None
    ) -> PlaneObjects:
        """The objects of a plane as the history has them."""
        texts = self._history.texts(image.key, page)
        stored = {number: of_text(text) for number, text in texts.items()}
        instances = instances_of(stored, size=size, classes=self.classes or CLASSES)
        authors = {number: one.by for number, one in stored.items()}
        made = PlaneObjects(replace(instances, plane=plane), authors, self._row(image).revision)
        self._keep((image.key, page), made)
        return made

    def changes(self, image: FolderImage, page: int, since: int = -1) -> Changes:
        """The objects of a plane that changed after a revision; all of them by default."""
        with self._lock_of(image):
            self.open(image, page)
            row = self._row(image)
            changed = self._history.objects(image.key, page, since=since)
            return Changes(
                row.revision,
                [on_the_wire(n, of_text(text)) for n, (_, text) in changed.items() if text],
                [n for n, (_, text) in changed.items() if text is None],
                self._history.steps(image.key, page),
                row.status,
                self.classes,
                notice=self._changes.take_notices(image, page),
            )

    def edit(
        self,
        image: FolderImage,
        page: int,
        move: str,
        change: Callable[[Instances], Instances],
        *,
        known_revision: int,
        touched: Iterable[int] = (),
        by: str = HAND,
        status: Status = "corrected",
    ) -> Changes:
        """Change the objects of a plane, keep it and write it; what is new since `known_revision`.

        `touched` are the ids of the objects that the change is about. Raises `Conflict` where one
        of them changed after that revision, and what `change` raises.
        """
        with self._lock_of(image):
            before = self.open(image, page)
            self._check_unchanged_since(image, page, touched, known_revision)
            if not self.classes:
                self.name_classes(before.instances.classes)
            after = change(before.instances)
            highest = self._history.highest_id(image.key, besides=page)
            if highest is not None:
                after = numbered_apart(after, before.instances, highest)
            after, indices = with_rounded_changes(before.instances, after)
            if by == HAND:  # a model was not as sure of what a hand made of it
                after = without_scores(after, indices)
            gone = set(before.instances.ids.tolist()) - set(after.ids.tolist())
            was = {int(number): i for i, number in enumerate(before.instances.ids)}
            old: dict[int, str | None] = {}
            new: dict[int, str | None] = dict.fromkeys(sorted(gone))
            authors = {number: who for number, who in before.by.items() if number not in gone}
            for index in indices:
                number = int(after.ids[index])
                authors[number] = by
                new[number] = to_text(after, index, by)
            for number in new:
                if number in was:
                    old[number] = to_text(before.instances, was[number], before.by[number])
            if new or (by == MODEL and self._is_bare(image, page)):
                status = plane_statuses.joint_status(self._history, image.key, status, besides=page)
                revision = self._history.edit(image.key, page, move, old, new, status=status)
                self._keep((image.key, page), PlaneObjects(after, authors, revision))
            made = replace(self.changes(image, page, known_revision), move=move)
        self._follow(image, len(after))
        return made

    def _is_bare(self, image: FolderImage, page: int) -> bool:
        """Whether nobody has said anything of a plane: that a model finds nothing is news then."""
        moves, objects = self._history.moves(image.key, page), self._history.texts(image.key, page)
        return not moves and not objects and self._row(image).status != "done"

    def step(
        self,
        image: FolderImage,
        page: int,
        direction: Literal["undo", "redo"],
        *,
        known_revision: int,
    ) -> Changes:
        """Take back the newest edit of a plane, or make it again; errors as in `edit`.

        Raises `InputError` where there is none, `Conflict` where the newest edit is of another
        window and not seen yet.
        """
        with self._lock_of(image):
            before = self.open(image, page).instances
            if self._history.objects(image.key, page, since=known_revision):
                raise Conflict
            step = self._history.undo if direction == "undo" else self._history.redo
            revision = self._row(image).revision
            made = step(image.key, page)
            if made is None:
                raise InputError(f"there is nothing to {direction}")
            came = self._history.objects(image.key, page, since=revision).values()
            assert before.size is not None  # that of the picture
            if any(is_outside(text, before.size) for _, text in came if text):
                (self._history.redo if direction == "undo" else self._history.undo)(image.key, page)
                self._forget(image.key, page)
                raise InputError(
                    f"that was drawn where {image.name} has no pixels any more: it is smaller now"
                )
            self._read(image, page, before.size, before.plane)
            row = self._row(image)  # as it was before the edit; another plane may be further
            status = plane_statuses.joint_status(self._history, image.key, row.status)
            if status != row.status:
                self._history.set_status(image.key, status)
            changes = replace(self.changes(image, page, known_revision), move=made[0])
            objects = len(self.open(image, page).instances)
        self._follow(image, objects)
        return changes

    def _follow(self, image: FolderImage, objects: int) -> None:
        """Write the file beside the image: at once where that is fast."""
        if objects <= AT_ONCE:
            self.write(image)
        else:
            self._writer.write_soon(image)

    def close(self) -> None:
        """Write what is still to be written."""
        self._writer.close()

    def write(self, image: FolderImage) -> None:
        """Write the outlines of all planes of an image beside it, if they are newer than its file.

        Raises `InputError` where the name is taken and `OSError` where it cannot be written; the
        history has the objects all the same.
        """
        with self._lock_of(image, "file"):  # taken before the objects', never while holding these
            with self._lock_of(image):
                pages = self.statuses.planes(image)
                planes = [self.open(image, page).instances for page in pages]
                row = self._row(image)
            if row.written >= row.revision:
                return
            name, made = files_beside.write(
                image.path,
                planes,
                self._changed_files.known(image, row),
                self._folder.shared_stems,
                about_to=lambda made: self._history.set_note(f"{COMING} {image.key}", made),
            )
            self._history.set_written(image.key, row.revision, made, name)

    def write_all(self) -> list[str]:
        """Write what an earlier process did not get to; sentences on what cannot be written."""
        problems = []
        for key in self._history.unwritten():
            if key in self._folder.images:
                try:
                    self.write(self._folder[key])
                except (InputError, OSError) as error:
                    problems.append(str(error))
        return problems

    def in_our_classes(self, instances: Instances) -> Instances:
        """Objects of a model or a file with labels that index the classes of the folder.

        Classes that are new are added.
        """
        return self._classes.of(instances)

    def _may_begin(self, image: FolderImage, page: int) -> bool:
        """Whether nobody has worked on a plane: what lies beside the image may be new."""
        row = self._history.image(image.key)
        opened = row is not None and self._history.is_opened(image.key, page)
        return not opened or (row is not None and (row.revision, row.status) == (0, "untouched"))

    def _begin(self, image: FolderImage, page: int) -> None:
        """The objects with which a plane begins, and other planes that our file has."""
        first = first_objects(self._folder, self._pictures, image, page)
        for number, found in first.planes.items():
            if number == page or not self._history.is_opened(image.key, number):
                self._open_plane(image, number, found, first.status)
        row = self._row(image)
        if first.file is not None and row.file is None:  # a known one may be older than objects
            made = files_beside.digest(first.file.path)
            self._history.set_written(image.key, row.revision, made, first.file.path.name)

    def _check_picture(self, image: FolderImage, page: int, picture: Picture) -> None:
        """Have windows and the file follow where the picture of a plane is another than before."""
        before = self._row(image)
        self._changes.check(image, page, picture, self.classes or CLASSES)
        after = self._row(image)
        if after.revision > before.revision:
            objects = self._history.images(image.key)[image.key][1]
            self._events.publish_edit(
                image.key, page, after.revision, after.status, objects=objects
            )
        if after != before:
            self._writer.write_soon(image)

    def _open_plane(self, image: FolderImage, page: int, found: Instances, status: Status) -> None:
        found = self.in_our_classes(found) if len(found) else found
        by = np.where(by_model(found), MODEL, FILE)
        texts = {int(n): to_text(found, i, str(by[i])) for i, n in enumerate(found.ids)}
        self._history.open_plane(image.key, page, image.name, texts, status)
        self._changes.expect(image, page, found.size)

    def _check_unchanged_since(
        self, image: FolderImage, page: int, touched: Iterable[int], known_revision: int
    ) -> None:
        wanted = set(touched)
        if wanted and wanted & self._history.objects(image.key, page, since=known_revision).keys():
            raise Conflict

    def _row(self, image: FolderImage) -> ImageRow:
        row = self._history.image(image.key)
        assert row is not None  # it was opened
        return row

    def _keep(self, plane_key: tuple[str, int], made: PlaneObjects) -> None:
        self._kept[plane_key] = made
        self._kept.move_to_end(plane_key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _forget(self, key: str, page: int) -> None:
        self._kept.pop((key, page), None)

    def _lock_of(self, image: FolderImage, of: str = "objects") -> threading.RLock:
        with self._guard:
            return self._locks.setdefault(f"{of} {image.key}", threading.RLock())
