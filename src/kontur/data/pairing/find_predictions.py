"""Find predictions: for each image a function that reads its objects, or those of its planes."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from kontur import formats
from kontur.data.annotations.annotation_options import read_labels
from kontur.data.file_names import is_mask
from kontur.data.pairing.mask_task import check_task_fits, classes_of_masks
from kontur.data.pairing.pair_names import name_of_image
from kontur.data.pairing.prediction_files import image_of, prediction_files
from kontur.data.planes.image_planes import (
    ImagePlanes,
    Pages,
    entries_on_page,
    of_annotations,
    read_planes,
)
from kontur.data.planes.places import Place, know_both, page_of_place, places_by_page
from kontur.data.planes.predicted_pages import PredictedPages
from kontur.errors import InputError
from kontur.formats import ImageAnnotation, masks
from kontur.formats.image_annotation import pick
from kontur.formats.masks import choose_task
from kontur.images import zarr_store
from kontur.instances import Instances

PlanesSource = Callable[[], ImagePlanes]
Read = TypeVar("Read")


@runtime_checkable
class Source(Protocol):
    """Reads the objects of an image.

    `at` are depth and time of the page that was chosen, where the image knows both.
    """

    def __call__(self, at: Place | None = None) -> Instances: ...


def find_predictions(
    place: Path,
    *,
    task: str = "instances",
    class_of_value: Mapping[int, str] | None = None,
    numbered_in: Sequence[Path] = (),
    page: int | None = None,
    entries: Sequence[ImageAnnotation] | None = None,
) -> dict[str, Source]:
    """A function for each image, by its name, that reads the image's objects.

    `task` is what the values of mask files mean, see `formats.masks`, and `class_of_value` the
    classes of `semantic` ones; without it these are the values of all masks together. COCO results
    name images and categories by the numbers that the COCO JSON files `numbered_in` give them.
    `page` picks the objects of one plane where a file has those of several, or its record says
    that they are of that one, see `PredictedPages`. `entries` are the images of a file, all of
    their planes, where it was read already.

    Raises:
        InputError: there is nothing, nothing that can be a prediction, or a task and no mask.
    """
    check_task_fits(place, task)
    named = class_of_value
    if named is None:
        named = classes_of_masks(place, task, page)
    pages = PredictedPages(place)

    def stored(path: Path, own: int | None = None) -> list[ImageAnnotation]:
        return formats.read_images(path, page=own, task=task, class_of_value=class_of_value)

    def read(path: Path, at: Place | None = None) -> Instances:
        own = page if page is None or at is None else page_of_place(path, page, at)
        if is_mask(path):
            return pages.check(path, _read_mask(path, task, named, own), own)
        if page is None or at is None or not _names_planes(path):
            return pages.check(path, pick(stored(path, own), None, path).instances, own)
        on_page = entries_on_page(stored(path), page, path, at=at)
        return pages.check(path, pick(on_page, None, path).instances, page)

    if not zarr_store.is_folder(place):
        return _of_file(place, partial(read, place), numbered_in, page, pages, entries)
    return {name: partial(read, path) for name, path in prediction_files(place).items()}


def find_planes(
    place: Path,
    *,
    task: str = "instances",
    class_of_value: Mapping[int, str] | None = None,
    numbered_in: Sequence[Path] = (),
    page: Pages = None,
) -> dict[str, PlanesSource]:
    """A function for each image, by its name, that gives the objects of its planes.

    Of the one plane `page` as `find_predictions`, which says what the options mean and what is
    raised; with "all" of every plane that its file has, see `image_planes`.
    """
    if page != "all":
        sources = find_predictions(
            place,
            task=task,
            class_of_value=class_of_value,
            numbered_in=numbered_in,
            page=page,
        )
        return {name: _single(source) for name, source in sources.items()}
    check_task_fits(place, task)
    named = class_of_value
    if named is None:
        named = classes_of_masks(place, task, "all")
    records = PredictedPages(place)

    def read(path: Path, page: int | None) -> Instances:
        if is_mask(path):
            return _read_mask(path, task, named, page)
        return formats.read(path, page=page, task=task, class_of_value=class_of_value)

    def planes_of(path: Path) -> PlanesSource:
        def planes() -> ImagePlanes:
            records.check_all(path)
            return read_planes(path, read)

        return planes

    files = prediction_files(place)
    if zarr_store.is_folder(place):
        return {name: planes_of(path) for name, path in files.items()}
    if not formats.format_of(place, numbered_in=numbered_in).several_images:
        return {image_of(place): planes_of(place)}
    entries: dict[str, list[ImageAnnotation]] = {}
    for entry in formats.read_images(place, numbered_in=numbered_in):
        entries.setdefault(name_of_image(entry.file_name), []).append(entry)
    if not entries:
        raise InputError(f"{place} holds no images")
    return {name: _constant(of_annotations(one, place)) for name, one in entries.items()}


def place_of_page(path: Path, page: int, name: str) -> Place | None:
    """Depth and time of a page of an image, by its own file or by that of its labels or outlines.

    None where the file does not know both. Errors as of reading it.
    """
    kind = formats.find_format(path)
    if kind is None or kind.raster:
        return places_by_page(path).get(page)
    if not _names_planes(path):
        return None
    entries = formats.read_images(path)
    if kind.several_images and len({entry.file_name for entry in entries}) > 1:
        entries = [entry for entry in entries if name_of_image(entry.file_name) == name]
    known = of_annotations(entries, path).places if entries else {}
    at = known.get(page)
    return at if at is not None and (all(at) or know_both([*known.values()])) else None


def _of_file(
    path: Path,
    whole: Source,
    numbered_in: Sequence[Path],
    page: int | None,
    pages: PredictedPages,
    entries: Sequence[ImageAnnotation] | None,
) -> dict[str, Source]:
    """A file that describes images by name; any other is the prediction of one, read by `whole`."""
    if not path.exists():
        raise InputError(f"there are no predictions {path}")
    kind = formats.format_of(path, numbered_in=numbered_in)
    if not kind.several_images:
        return {image_of(path): whole}
    images: dict[str, list[ImageAnnotation]] = {}
    if entries is None:
        entries = formats.read_images(path, numbered_in=numbered_in)
    for entry in entries:
        name = name_of_image(entry.file_name)
        others = images.setdefault(name, [])
        if others and (entry.instances.plane is None or others[0].file_name != entry.file_name):
            raise InputError(f"{path} holds two images of the name {name!r}; rename one of them")
        if others and page is None:
            formats.read(path, image=entry.file_name)  # raises: one plane is to be chosen
        others.append(entry)
    if not images:
        raise InputError(f"{path} holds no images")

    def read(planes: list[ImageAnnotation], at: Place | None = None) -> Instances:
        if page is not None:
            planes = entries_on_page(planes, page, path, at=at)
        return pages.check(path, planes[0].instances, page)

    return {name: partial(read, planes) for name, planes in images.items()}


def _read_mask(
    path: Path, task: str, class_of_value: Mapping[int, str] | None, page: int | None
) -> Instances:
    """The objects of a mask; `page` counts where it has several, see `read_labels`."""
    chosen = choose_task(task)
    array = read_labels(path, page=page, task=chosen)
    return masks.objects(array, chosen, where=path, class_of_value=class_of_value)


def _single(source: Source) -> PlanesSource:
    return lambda: ImagePlanes.single(source())


def _names_planes(path: Path) -> bool:
    """Whether a file is of outlines that may name the planes on which they lie."""
    kind = formats.format_of(path)
    return kind.planes and not kind.raster


def _constant(read: Read) -> Callable[[], Read]:
    return lambda: read
