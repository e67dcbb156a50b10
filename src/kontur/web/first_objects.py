"""The objects with which a plane begins, and what the files beside an image tell of it before."""

from typing import NamedTuple

from kontur.data.annotation_options import annotation_options
from kontur.data.annotations import read_annotation, read_outlines
from kontur.data.layout import Layout
from kontur.errors import InputError
from kontur.formats import geojson
from kontur.formats.outline_file import OutlineFile
from kontur.instances import Instances
from kontur.web import files_beside
from kontur.web.authorship import told_by
from kontur.web.history import Status
from kontur.web.image_folder import FolderImage, ImageFolder


class FirstObjects(NamedTuple):
    """The objects, what they make of the image, and our file, if they are of one."""

    instances: Instances
    status: Status
    file: OutlineFile | None


def first_objects(
    folder: ImageFolder, image: FolderImage, page: int, size: tuple[int, int]
) -> FirstObjects:
    """Those of our file beside the image, else of its annotation, else none.

    Raises `InputError` where these cannot be read.
    """
    ours = files_beside.our_file(image.path, folder.shared_stems)
    if ours is not None:
        found = plane_of(ours, page, size)
        return FirstObjects(found, told_by([found]), ours)
    if image.annotated is not None:
        return FirstObjects(_annotation(image, page, size), "done", None)
    return FirstObjects(Instances.empty(size), "untouched", None)


def plane_of(file: OutlineFile, page: int, size: tuple[int, int]) -> Instances:
    """The objects of one plane of a file of ours."""
    for annotation in geojson.read(file):
        plane = annotation.instances.plane
        if (0 if plane is None else plane.number) == page:
            return annotation.instances.replace(size=size).clip(size)
    return Instances.empty(size)


class FileStatuses:
    """The status of images that were not opened yet, from the files beside them; read once each."""

    def __init__(self, folder: ImageFolder):
        self._folder = folder
        self._told: dict[str, tuple[files_beside.Version, tuple[Status, int | None]]] = {}

    def of(self, image: FolderImage) -> tuple[Status, int | None]:
        """The status, and the number of objects where it is known without the image."""
        version = files_beside.version(image.path, self._folder.shared_stems)
        told = self._told.get(image.key)
        if told is None or told[0] != version:
            told = self._told[image.key] = (version, self._read(image))
        return told[1]

    def _read(self, image: FolderImage) -> tuple[Status, int | None]:
        ours = files_beside.our_file(image.path, self._folder.shared_stems)
        if ours is None:
            return ("untouched", 0) if image.annotated is None else ("done", None)
        try:
            found = [annotation.instances for annotation in geojson.read(ours)]
        except InputError:  # which is said where the image is opened
            return "corrected", None
        return told_by(found), sum(map(len, found))


def _annotation(image: FolderImage, page: int, size: tuple[int, int]) -> Instances:
    assert image.annotated is not None
    single = read_outlines((image.annotated,), page=page or None)
    layout = Layout(image.annotated.kind, single)
    options = annotation_options(layout, "instances", None, page or None)
    return read_annotation(single[0], size, options)
