"""The objects with which a plane begins, and what the files beside an image tell of it before."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kontur.data.annotation_options import annotation_options
from kontur.data.annotations import read_annotation, read_outlines
from kontur.data.layout import Layout
from kontur.errors import InputError
from kontur.formats import geojson
from kontur.formats.outline_file import OutlineFile
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.web import files_beside
from kontur.web.authorship import told_by
from kontur.web.history import Status
from kontur.web.image_folder import FolderImage, ImageFolder
from kontur.web.pixels import Pictures


class FirstObjects(NamedTuple):
    """The objects of planes, by page, what they make of the image, and our file, if they are of it.

    Those of our file are of every plane that it names: else the next file would lack the others.
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
        found = planes_of(ours, lambda: pictures.planes(image))
        return FirstObjects({page: none} | found, told_by(list(found.values())), ours)
    if image.annotated is not None:
        return FirstObjects({page: _annotation(image, page, size)}, "done", None)
    return FirstObjects({page: none}, "untouched", None)


def planes_of(
    file: OutlineFile, planes_of_image: Callable[[], Sequence[Plane | None]]
) -> dict[int, Instances]:
    """The objects of each plane of a file of ours, by page; of the size that the file says.

    A file names depth and time. Where both differ the planes of the image tell the pages: what lies
    on none of them is left out.
    """
    found = [annotation.instances for annotation in geojson.read(file)]
    found = [objects if objects.size is None else objects.clip(objects.size) for objects in found]
    if not _has_depths_and_times(found):
        return {_place(objects).number: objects for objects in found}
    pages = {plane[:2]: page for page, plane in enumerate(planes_of_image()) if plane is not None}
    places = [_place(objects)[:2] for objects in found]
    return {pages[place]: o for place, o in zip(places, found, strict=True) if place in pages}


def _place(objects: Instances) -> Plane:
    return objects.plane or Plane()


def _has_depths_and_times(found: Sequence[Instances]) -> bool:
    return any(_place(objects).z and _place(objects).t for objects in found) or (
        any(_place(objects).z for objects in found) and any(_place(objects).t for objects in found)
    )


class FileStatuses:
    """What the files beside images tell of those that were not opened yet; read once each."""

    def __init__(self, folder: ImageFolder):
        self._folder = folder
        self._told: dict[str, tuple[files_beside.Version, _Told]] = {}

    def of(self, image: FolderImage) -> tuple[Status, int | None]:
        """The status, and the number of objects where it is known without the image."""
        told = self._of(image)
        return told.status, told.objects

    def right_planes(self, image: FolderImage) -> list[int]:
        """The planes whose outlines are right, since a hand drew some of them."""
        return list(self._of(image).right)

    def planes(self, image: FolderImage) -> list[int]:
        """The planes on which objects lie; the first one where it is not known."""
        return list(self._of(image).planes)

    def _of(self, image: FolderImage) -> "_Told":
        version = files_beside.version(image.path, self._folder.shared_stems)
        told = self._told.get(image.key)
        if told is None or told[0] != version:
            told = self._told[image.key] = (version, self._read(image))
        return told[1]

    def _read(self, image: FolderImage) -> "_Told":
        ours = files_beside.our_file(image.path, self._folder.shared_stems)
        if ours is None:
            if image.annotated is None:
                return _Told("untouched", 0, (), (0,))
            return _Told("done", None, (0,), (0,))
        try:
            found = [annotation.instances for annotation in geojson.read(ours)]
        except InputError:  # which is said where the image is opened
            return _Told("corrected", None, (0,), (0,))
        planes: tuple[int, ...] = (0,)
        right: tuple[int, ...] = ()
        if not _has_depths_and_times(found):  # else opening the image tells the pages
            planes = tuple(_place(objects).number for objects in found)
            right = tuple(_place(o).number for o in found if told_by([o]) == "corrected")
        return _Told(told_by(found), sum(map(len, found)), right, planes)


class _Told(NamedTuple):
    status: Status
    objects: int | None
    right: tuple[int, ...]
    planes: tuple[int, ...]


def _annotation(image: FolderImage, page: int, size: tuple[int, int]) -> Instances:
    assert image.annotated is not None
    single = read_outlines((image.annotated.replace(page=page or None),))
    layout = Layout(image.annotated.kind, single)
    options = annotation_options(layout, "instances", None)
    return read_annotation(single[0], size, options)
