"""The objects of every image as they stand now, and the one way to change them.

A change is a pure function of `kontur.edit.moves`, made on the newest objects under a lock and kept
in the history before it is answered; the file beside the image follows, at once or, of a crowd, as
soon as it is through (`files_writer`). Windows say which revision they have seen: an object that
somebody else changed since is not touched, and the window is told.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from kontur.data.annotation_options import annotation_options
from kontur.data.annotations import read_annotation, read_outlines
from kontur.data.layout import Layout
from kontur.errors import InputError
from kontur.formats import geojson
from kontur.formats.outline_file import OutlineFile
from kontur.instances import CLASSES, Instances
from kontur.web import files_beside
from kontur.web.authorship import FILE, HAND, MODEL, by_model, told_by, without_scores
from kontur.web.files_beside import KnownFile
from kontur.web.files_writer import FilesWriter
from kontur.web.history import History, ImageRow, Steps
from kontur.web.image_folder import FolderImage, ImageFolder
from kontur.web.object_text import (
    instances_of,
    of_text,
    on_the_wire,
    to_text,
    with_rounded_changes,
)
from kontur.web.pixels import Pictures

Status = Literal["untouched", "predicted", "corrected", "done"]
KEPT = 16  # planes whose objects stay in memory
AT_ONCE = 500  # objects of an image up to which its file is written before an edit is answered
CLASS_NOTE = "classes"


class Conflict(Exception):
    """An object was changed in another window since this one saw it."""


@dataclass(frozen=True)
class PlaneObjects:
    """The objects of a plane at a revision, and who drew each."""

    instances: Instances
    by: dict[int, str]
    revision: int


@dataclass(frozen=True)
class Changes:
    """What changed in a plane since a revision, for a page."""

    revision: int
    objects: list[dict[str, Any]]
    deleted: list[int]
    steps: Steps
    status: str
    classes: tuple[str, ...]
    move: str = ""


class Annotations:
    """The objects of all images of a folder."""

    def __init__(
        self,
        folder: ImageFolder,
        pictures: Pictures,
        history: History,
        tell: Callable[[str], None],
    ):
        self._folder, self._pictures, self._history = folder, pictures, history
        self._writer = FilesWriter(self.write, tell)
        self._kept: OrderedDict[tuple[str, int], PlaneObjects] = OrderedDict()
        self._told: dict[str, tuple[files_beside.Version, tuple[Status, int | None]]] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()
        self._class_lock = threading.RLock()

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names of the folder, which labels index."""
        return tuple(self._history.note(CLASS_NOTE) or ())

    def name_classes(self, names: Sequence[str]) -> tuple[str, ...]:
        """Rename classes, in their order, and add further ones behind them.

        Raises `InputError` for fewer than there are, and for names that are empty or not unique.
        """
        wanted = tuple(name.strip() for name in names)
        with self._class_lock:
            if len(wanted) < len(self.classes):
                raise InputError(
                    f"there are {len(self.classes)} classes, and objects may have them; rename "
                    f"them or add further ones, got {len(wanted)} names"
                )
            if not all(wanted) or len(set(wanted)) < len(wanted):
                raise InputError("every class has a name of its own; give another one")
            renamed = wanted[: len(self.classes)] != self.classes
            self._history.set_note(CLASS_NOTE, wanted)
            for place in list(self._kept):
                self._kept.pop(place, None)
            if renamed:
                for key in self._history.write_again():
                    if key in self._folder.images:
                        self._writer.write_soon(self._folder[key])
        return wanted

    def status(self, image: FolderImage) -> tuple[Status, int | None]:
        """The status of an image, and its number of objects where it is known."""
        return self._status_of(image, self._history.images(image.key).get(image.key))

    def statuses(self) -> dict[str, tuple[Status, int | None]]:
        """The status and the number of objects of every image, by its key."""
        known = self._history.images()
        return {
            key: self._status_of(image, known.get(key))
            for key, image in self._folder.images.items()
        }

    def _status_of(
        self, image: FolderImage, known: tuple[str, int] | None
    ) -> tuple[Status, int | None]:
        if known is not None:
            return known  # type: ignore[return-value]
        return self._status_of_files(image)

    def _status_of_files(self, image: FolderImage) -> tuple[Status, int | None]:
        """The status that the outlines beside an image tell, without the image; read once each."""
        version = files_beside.version(image.path, self._folder.shared_stems)
        told = self._told.get(image.key)
        if told is None or told[0] != version:
            told = self._told[image.key] = (version, self._read_status(image))
        return told[1]

    def _read_status(self, image: FolderImage) -> tuple[Status, int | None]:
        ours = files_beside.our_file(image.path, self._folder.shared_stems)
        if ours is None:
            return ("untouched", 0) if image.annotated is None else ("done", None)
        try:
            found = [entry.instances for entry in geojson.read(ours)]
        except InputError:  # which is said where the image is opened
            return "corrected", None
        return told_by(found), sum(map(len, found))

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
            place = (image.key, page)
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place]
            picture = self._pictures.read(image, page)
            if not self._history.is_opened(image.key, page):
                self._begin(image, page, picture.size)
            row = self._row(image)
            stored = {
                number: of_text(text)
                for number, (_, text) in self._history.objects(image.key, page).items()
                if text is not None
            }
            instances = instances_of(stored, size=picture.size, classes=self.classes or CLASSES)
            instances = replace(instances, plane=picture.image.plane)
            made = PlaneObjects(
                instances, {number: one.by for number, one in stored.items()}, row.revision
            )
            self._keep(place, made)
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
            )

    def edit(
        self,
        image: FolderImage,
        page: int,
        move: str,
        change: Callable[[Instances], Instances],
        *,
        seen: int,
        touched: Iterable[int] = (),
        by: str = HAND,
        status: Status = "corrected",
    ) -> Changes:
        """Change the objects of a plane, keep it, write it, and say what is new since `seen`.

        `touched` are the ids of the objects that the change is about. Raises `Conflict` where one
        of them changed after the revision `seen`, and what `change` raises.
        """
        with self._lock_of(image):
            before = self.open(image, page)
            self._check_seen(image, page, touched, seen)
            if not self.classes:
                self.name_classes(before.instances.classes)
            after, places = with_rounded_changes(before.instances, change(before.instances))
            if by == HAND:  # a model was not as sure of what a hand made of it
                after = without_scores(after, places)
            gone = set(before.instances.ids.tolist()) - set(after.ids.tolist())
            was = {int(number): i for i, number in enumerate(before.instances.ids)}
            old: dict[int, str | None] = {}
            new: dict[int, str | None] = dict.fromkeys(sorted(gone))
            authors = {number: who for number, who in before.by.items() if number not in gone}
            for place in places:
                number = int(after.ids[place])
                authors[number] = by
                new[number] = to_text(after, place, by)
            for number in new:
                if number in was:
                    old[number] = to_text(before.instances, was[number], before.by[number])
            if new:
                revision = self._history.edit(image.key, page, move, old, new, status=status)
                self._keep((image.key, page), PlaneObjects(after, authors, revision))
            made = replace(self.changes(image, page, seen), move=move)
        self._follow(image, len(after))
        return made

    def step(
        self, image: FolderImage, page: int, direction: Literal["undo", "redo"], *, seen: int
    ) -> Changes:
        """Take back the newest edit of a plane, or make it again; errors as in `edit`.

        Raises `InputError` where there is none, `Conflict` where the newest edit is of another
        window and not seen yet.
        """
        with self._lock_of(image):
            self.open(image, page)
            if self._row(image).revision > seen:
                raise Conflict
            step = self._history.undo if direction == "undo" else self._history.redo
            made = step(image.key, page)
            if made is None:
                raise InputError(f"there is nothing to {direction}")
            self._kept.pop((image.key, page), None)
            changes = replace(self.changes(image, page, seen), move=made[0])
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
                row = self._row(image)
                pages = self._history.planes(image.key)
                planes = [self.open(image, page).instances for page in pages]
            if row.written >= row.revision:
                return
            known = None if row.file is None else KnownFile(row.file, row.digest or "")
            made = files_beside.write(image.path, planes, known, self._folder.shared_stems)
            self._history.set_written(image.key, row.revision, made.digest, made.name)

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

    def planes(self, image: FolderImage) -> list[int]:
        """The planes of an image that were opened; the first one of an image without history."""
        return self._history.planes(image.key) or [0]

    def labels_of(self, names: Sequence[str]) -> dict[int, int]:
        """The label here of each class of a model or a file; classes that are new are added."""
        with self._class_lock:
            known = list(self.classes)
            known += [name for name in names if name not in known]
            if tuple(known) != self.classes:
                self.name_classes(known)
            return {i: known.index(name) for i, name in enumerate(names)}

    def in_our_classes(self, instances: Instances) -> Instances:
        """Objects of a model or a file with labels that index the classes of the folder."""
        used = sorted(set(instances.labels.tolist()))
        names = [instances.classes[label] for label in used]
        if self.classes and instances.classes == CLASSES:  # it names none
            names = [self.classes[0] for _ in used]
        labels = self.labels_of(names or instances.classes[:1])
        place = {label: labels[i] for i, label in enumerate(used)}
        return instances.replace(
            labels=np.array([place[int(label)] for label in instances.labels], dtype=np.int64),
            classes=self.classes,
        )

    def _begin(self, image: FolderImage, page: int, size: tuple[int, int]) -> None:
        """The objects with which a plane begins."""
        ours = files_beside.our_file(image.path, self._folder.shared_stems)
        if ours is not None:
            found = _page_of(ours, page, size)
            status: str = told_by([found])
        elif image.annotated is not None:
            found, status = _annotation(image, page, size), "done"
        else:
            found, status = Instances.empty(size), "untouched"
        found = self.in_our_classes(found) if len(found) else found
        by = np.where(by_model(found), MODEL, FILE)
        texts = {int(n): to_text(found, i, str(by[i])) for i, n in enumerate(found.ids)}
        self._history.open_plane(image.key, page, image.name, texts, status)
        if ours is not None:
            made = files_beside.digest(ours.path)
            self._history.set_written(image.key, self._row(image).revision, made, ours.path.name)

    def _check_seen(self, image: FolderImage, page: int, touched: Iterable[int], seen: int) -> None:
        wanted = set(touched)
        if wanted and wanted & self._history.objects(image.key, page, since=seen).keys():
            raise Conflict

    def _row(self, image: FolderImage) -> ImageRow:
        row = self._history.image(image.key)
        assert row is not None  # it was opened
        return row

    def _keep(self, place: tuple[str, int], made: PlaneObjects) -> None:
        self._kept[place] = made
        self._kept.move_to_end(place)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _lock_of(self, image: FolderImage, of: str = "objects") -> threading.RLock:
        with self._guard:
            return self._locks.setdefault(f"{of} {image.key}", threading.RLock())


def _annotation(image: FolderImage, page: int, size: tuple[int, int]) -> Instances:
    assert image.annotated is not None
    single = read_outlines((image.annotated,), page=page or None)
    layout = Layout(image.annotated.kind, single)
    options = annotation_options(layout, "instances", None, page or None)
    return read_annotation(single[0], size, options)


def _page_of(file: OutlineFile, page: int, size: tuple[int, int]) -> Instances:
    """The objects of one plane of a file of ours."""
    for entry in geojson.read(file):
        plane = entry.instances.plane
        if (0 if plane is None else plane.number) == page:
            return entry.instances.replace(size=size).clip(size)
    return Instances.empty(size)
