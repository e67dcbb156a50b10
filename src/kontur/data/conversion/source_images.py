"""Images of a source of a conversion: of a data set, or of files of outlines without images.

A training folder is read as such, with the names and sizes of its images; a folder of outlines
without images, and a file, as it is.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from kontur import formats
from kontur.data.conversion import image_copies
from kontur.data.conversion.image_names import with_image_names
from kontur.data.file_names import partner_name, stem
from kontur.data.folder import Folder, open_folder
from kontur.data.layouts.recognise_layout import recognise_layout
from kontur.data.pairing.prediction_files import are_annotations, prediction_files
from kontur.data.planes.image_planes import Pages, read_on_page
from kontur.data.planes.places import places_of, plane_on
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.image_annotation import by_file_name, pick, unique_ids
from kontur.images import embedded_picture, zarr_store
from kontur.images.page_count import count_pages
from kontur.wording import quoted

UNSAFE = re.compile(r'[\x00-\x1f<>:"|?*]')  # in names of files, on one system or another
LONGEST = 200  # bytes of a name, so that an ending can follow


class SourceImage(NamedTuple):
    """An image of a source: its name without the ending, unique, and its objects on each plane."""

    name: str
    entries: tuple[ImageAnnotation, ...]
    image: Path | None = None
    metadata: Mapping[str, str] = {}

    @property
    def file_name(self) -> str:
        return self.entries[0].file_name


class Selection(NamedTuple):
    """How sources are read, and which images of data sets; whether their files are wanted.

    `planes` is whether all planes of a stack are, where no page is chosen.
    """

    task: str
    page: int | None
    split: str | None
    where: tuple[str, ...]
    with_images: bool
    planes: bool


def read_source(source: Path, wanted: Selection) -> list[SourceImage]:
    """The images of a data set, or those that files of outlines list; errors as of reading them."""
    choosing = wanted.split is not None or bool(wanted.where)
    if not zarr_store.is_folder(source) and not wanted.with_images:
        if not source.exists():
            raise InputError(f"there is no file {source}")
        if choosing:
            raise InputError(f"--split and --where are for data sets, and {source} is a file")
        return _from_file(partner_name(formats.name_of(source)), source, wanted)
    try:
        layout = recognise_layout(source)
    except InputError:
        if choosing or wanted.with_images:
            raise
        if formats.find_format(source) is not None:  # of files of one object each
            return _from_file(source.name, source, wanted)
        files = prediction_files(source)
        if not are_annotations(files, page=wanted.page):
            raise
        return [image for name, path in files.items() for image in _from_file(name, path, wanted)]
    stacked = wanted.page is None and wanted.planes and count_pages(layout.annotated[0].image) > 1
    pages: Pages = "all" if stacked else wanted.page
    folder = open_folder(
        source, task=wanted.task, page=pages, split=wanted.split, layout=layout
    ).where(wanted.where)
    return _from_dataset(folder, with_images=wanted.with_images)


def _from_dataset(folder: Folder, *, with_images: bool) -> list[SourceImage]:
    """The images of a data set, each with its planes and its row of metadata."""
    found: dict[str, list[ImageAnnotation]] = {}
    for item, sample in zip(folder.annotated, folder.samples, strict=True):
        file_name = PurePosixPath(item.name).with_name(item.image.name).as_posix()
        if with_images or embedded_picture.is_in(item.image):
            file_name = f"{item.name}{image_copies.ending_of(item.image)}"
        instances = sample.instances
        if item.page is not None and instances.plane is None:
            places = places_of(item.image)
            plane = plane_on(item.page, places) if len(places) > 1 else None
            instances = instances.replace(plane=plane)
        one = ImageAnnotation(
            file_name,
            instances.size,
            instances,
            extras=item.extras,
            pixel_size=sample.pixel_size,
            image=item.image,
        )
        found.setdefault(item.name, []).append(one)
    return [
        SourceImage(
            name, _of_planes(planes, folder.task), planes[0].image, folder.metadata.get(name, {})
        )
        for name, planes in found.items()
    ]


def _from_file(name: str, path: Path, wanted: Selection) -> list[SourceImage]:
    """The images that a file lists, or the one that it is named after."""
    entries = read_on_page(path, wanted.page, task=wanted.task)
    if formats.format_of(path).several_images:
        return [
            image
            for one in by_file_name(entries).values()
            for image in _from_entries(one, path, wanted)
        ]
    if len(entries) > 1 and not wanted.planes:
        pick(entries, None, path)  # raises: a plane is to be chosen
    if _named(entries[0]).name.rpartition("/")[2] != name.rpartition("/")[2]:
        entries = [entry._replace(file_name=name) for entry in entries]
    planes = _of_planes(with_image_names(entries, path), wanted.task)
    return [SourceImage(name, planes)]


def _from_entries(
    entries: list[ImageAnnotation], path: Path, wanted: Selection
) -> list[SourceImage]:
    """An image that a file lists, with all its planes; of one name without planes several."""
    if len(entries) == 1 or any(entry.instances.plane is None for entry in entries):
        return [_named(entry) for entry in entries]
    if not wanted.planes:
        pick(entries, None, path)  # raises: a plane is to be chosen
    return [_named(entries[0])._replace(entries=_of_planes(entries, wanted.task))]


def _of_planes(entries: Sequence[ImageAnnotation], task: str) -> tuple[ImageAnnotation, ...]:
    """The planes of an image that have objects; the first where none has.

    One id on two planes is one object. Regions of a mask are numbered anew on each plane, so that
    here they are numbered through.
    """
    if len(entries) == 1:
        return tuple(entries)
    kept = [entry for entry in entries if len(entry.instances)] or entries[:1]
    if task == "instances":
        return tuple(kept)
    ids = np.array(unique_ids([one for entry in kept for one in entry.instances.ids.tolist()]))
    parts = np.split(ids, np.cumsum([len(entry.instances) for entry in kept])[:-1])
    return tuple(
        entry._replace(instances=entry.instances.replace(ids=own))
        for entry, own in zip(kept, parts, strict=True)
    )


def _named(entry: ImageAnnotation) -> SourceImage:
    """The image with a name that stays below the target."""
    file = PurePosixPath(entry.file_name.replace("\\", "/"))
    folders = [part for part in file.parent.parts if part not in ("..", ".", file.anchor)]
    last = stem(Path(file)) if file.suffix else file.name
    if last in ("", ".."):
        raise InputError(f"an image has the name {quoted(entry.file_name)}, which is no file's")
    parts = [UNSAFE.sub("_", part) for part in (*folders, last)]
    long = next((part for part in parts if len(part.encode("utf-8", "replace")) > LONGEST), None)
    if long is not None:
        raise InputError(f"the name of an image is too long for a file's: {quoted(long)}")
    return SourceImage("/".join(parts), (entry,))
