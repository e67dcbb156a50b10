"""The objects with which a plane begins, and what the files beside an image tell of it before."""

from pathlib import Path
from typing import NamedTuple

from kontur.data.layouts.layout import AnnotatedImage
from kontur.errors import InputError
from kontur.formats.geojson import format as geojson
from kontur.formats.label_ids import different_ids
from kontur.formats.outline_file import OutlineFile
from kontur.instances import Instances
from kontur.web import files_beside
from kontur.web.annotated_planes import (
    annotated_pages,
    annotated_planes,
    by_page,
)
from kontur.web.authorship import status_of_file
from kontur.web.history import Status
from kontur.web.image_folder import FolderImage, ImageFolder
from kontur.web.pixels import Pictures


class FirstObjects(NamedTuple):
    """The objects of planes, by page, what they make of the image, and our file, if they are of it.

    They are of every plane that the file of outlines or labels names: else our next file would lack
    the others.
    """

    planes: dict[int, Instances]
    status: Status
    file: OutlineFile | None


def first_objects(
    folder: ImageFolder, pictures: Pictures, image: FolderImage, page: int
) -> FirstObjects:
    """Those of our file beside the image, else of its annotation, else none.

    `page` is among the planes. Raises `InputError` where the image or the objects cannot be read.
    """
    size = pictures.read(image, page).size
    ours = files_beside.our_file(image.path, folder.shared_stems)
    none = Instances.empty(size)
    if ours is not None:
        found = planes_of(ours, image.path)
        return FirstObjects({page: none} | found, status_of_file(list(found.values())), ours)
    if image.annotated is not None:
        found = annotated_planes(pictures, image, image.annotated, page)
        if image.annotated.class_of_value:  # regions, which are numbered anew on each plane
            found = dict(zip(found, different_ids([*found.values()]), strict=True))
        return FirstObjects({page: none} | found, "done", None)
    return FirstObjects({page: none}, "untouched", None)


def planes_of(file: OutlineFile, image: Path) -> dict[int, Instances]:
    """The objects of each plane of a file of ours, by page; of the size that the file says."""
    found = [annotation.instances for annotation in geojson.read(file)]
    found = [objects if objects.size is None else objects.clip(objects.size) for objects in found]
    return by_page(found, image)


class FileStatuses:
    """What the files beside images tell of those that were not opened yet; read once each."""

    def __init__(self, folder: ImageFolder):
        self._folder = folder
        self._statuses: dict[str, tuple[files_beside.Version, _FileStatus]] = {}

    def of(self, image: FolderImage) -> tuple[Status, int | None]:
        """The status, and the number of objects where it is known without the image."""
        status = self._of(image)
        return status.status, status.objects

    def right_planes(self, image: FolderImage) -> list[int]:
        """The planes whose outlines are right, since a hand drew some of them."""
        return list(self._of(image).right)

    def planes(self, image: FolderImage) -> list[int]:
        """The planes on which objects lie; the first one where it is not known."""
        return list(self._of(image).planes)

    def _of(self, image: FolderImage) -> "_FileStatus":
        version = files_beside.version(image.path, self._folder.shared_stems)
        known = self._statuses.get(image.key)
        if known is None or known[0] != version:
            known = self._statuses[image.key] = (version, self._read(image))
        return known[1]

    def _read(self, image: FolderImage) -> "_FileStatus":
        ours = files_beside.our_file(image.path, self._folder.shared_stems)
        if ours is None:
            if image.annotated is None:
                return _FileStatus("untouched", 0, (), (0,))
            planes = self._annotated(image.annotated)
            return _FileStatus("done", None, planes, planes)
        try:
            found = [annotation.instances for annotation in geojson.read(ours)]
            on_pages = by_page(found, image.path)
        except InputError:  # which is said where the image is opened
            return _FileStatus("corrected", None, (0,), (0,))
        right = (
            page for page, objects in on_pages.items() if status_of_file([objects]) == "corrected"
        )
        return _FileStatus(status_of_file(found), sum(map(len, found)), (*right,), (*on_pages,))

    def _annotated(self, annotated: AnnotatedImage) -> tuple[int, ...]:
        try:
            return tuple(annotated_pages(annotated)) or (0,)
        except InputError:  # which is said where the image is opened
            return (0,)


class _FileStatus(NamedTuple):
    status: Status
    objects: int | None
    right: tuple[int, ...]
    planes: tuple[int, ...]
