"""Readers of outlines by the name of their image; those of large files stay on the disk."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from kontur import formats
from kontur.data.pairing.find_predictions import Source, find_predictions
from kontur.data.pairing.pair_names import name_of_image
from kontur.data.pairing.prediction_files import prediction_files
from kontur.data.planes.image_planes import states_all_planes
from kontur.data.planes.places import Place, places_of
from kontur.data.planes.predicted_pages import PredictedPages
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.outlines_on_disk import OutlinesOnDisk, on_page
from kontur.images import zarr_store
from kontur.images.nnunet_dataset import meaning_of_labels
from kontur.images.pixel_sides import Sides, pixel_sides
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.measure.in_windows import Outlines

Checked = TypeVar("Checked", Instances, Outlines)

LARGE = 1 << 24  # bytes of a file whose outlines stay on the disk: some ten thousand of them


def unstated() -> None:
    """The sides of a pixel of a file that states none."""


class Reader(NamedTuple):
    """How the objects of an image are read, all at once or left on the disk.

    Both take depth and time of the page, as a `Source` of `find_predictions`. `sides` reads
    width and height of a pixel in µm, as a label image states them.
    """

    read: Source
    open: Callable[[Place | None], Outlines]
    sides: Callable[[], Sides | None] = unstated


def readers_of(
    place: Path,
    *,
    task: str,
    page: int | None,
    entries: Sequence[ImageAnnotation] | None = None,
) -> dict[str, Reader]:
    """The readers of a file or a folder of outlines; errors as in `find_predictions`.

    Label images that lie in a data set of nnU-Net have its classes, see `meaning_of_labels`.
    `entries` are those of the file where it was read already.
    """
    if entries is None and is_large(place):
        return _of_large_file(place, page)
    stating = {
        name: partial(pixel_sides, path, page=page)
        for name, path in prediction_files(place).items()
        if formats.format_of(path).pixel_size
    }
    task, named = meaning_of_labels(place, task)
    found = find_predictions(place, task=task, class_of_value=named, page=page, entries=entries)
    readers = {
        name: Reader(read, read, stating.get(name, unstated)) for name, read in found.items()
    }
    if not zarr_store.is_folder(place):
        return readers
    large = {name: path for name, path in prediction_files(place).items() if is_large(path)}
    return readers | {
        name: Reader(readers[name].read, partial(_open, path, page)) for name, path in large.items()
    }


def with_page_checked(reader: Reader, path: Path, page: int | None) -> Reader:
    """A reader of objects without an image that refuses those of a page that nothing tells."""
    if not page or (states_all_planes(path) and len(places_of(path)) > 1):
        return reader

    def checked(found: Checked) -> Checked:
        planes = [found.plane] if len(found) else []
        PredictedPages(path).check_named(path, planes, page)
        return found

    return reader._replace(
        read=lambda at=None: checked(reader.read(at)), open=lambda at: checked(reader.open(at))
    )


def is_large(path: Path) -> bool:
    """Whether the outlines of a file stay on the disk."""
    if not path.is_file() or path.stat().st_size <= LARGE:
        return False
    format = formats.find_format(path)
    return format is not None and format.batches is not None


def _of_large_file(path: Path, page: int | None) -> dict[str, Reader]:
    """A file of one image or several, which is gone through once."""
    images: dict[str, dict[tuple[str, Plane | None], OutlinesOnDisk]] = {}
    for (file_name, plane), outlines in formats.read_to_disk(path).items():
        name = name_of_image(file_name)
        if name in images and plane is None:
            raise InputError(f"{path} holds two images of the name {name!r}; rename one of them")
        images.setdefault(name, {})[file_name, plane] = outlines
    return {name: _reader(path, own, page) for name, own in images.items()}


def _reader(
    path: Path, planes: Mapping[tuple[str, Plane | None], OutlinesOnDisk], page: int | None
) -> Reader:
    file_name, _ = next(iter(planes))

    def read(at: Place | None = None) -> Instances:
        if at is not None:
            return Instances.concat([*open_(at).parts()])
        return formats.read(path, image=file_name, page=page)

    def open_(at: Place | None) -> OutlinesOnDisk:
        if page is None:
            if len(planes) > 1:
                read()  # raises: of several planes one has to be chosen
            return next(iter(planes.values()))
        return next(iter(on_page(planes, page, path, at=at).values()))

    return Reader(read, open_)


def _open(path: Path, page: int | None, at: Place | None) -> Outlines:
    """The objects of a file of one image; where it holds several, reading says what to do."""
    images = formats.read_to_disk(path, page=page, at=at)
    return formats.read(path, page=page) if len(images) != 1 else next(iter(images.values()))
