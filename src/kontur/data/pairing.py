"""Pairing: files of outlines or label images, and the images that they belong to by name.

`NAME.geojson`, `NAME.coco.json`, `NAME.csv` or a label image `NAME.labels.tif`, `NAME_masks.png` …
has the objects of the image `NAME`; one COCO JSON or CSV may hold those of many images. What has no
partner is left for the caller to report; it is never dropped in silence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from kontur import formats
from kontur.data.annotations.annotation_options import classes_of_values, read_labels, values_of
from kontur.data.annotations.folder_tables import CLASSES_FILE, METADATA_FILE
from kontur.data.checks.mask_checks import MaskFile, are_label_images, check_mask_files
from kontur.data.file_names import (
    RECORD_FILE,
    REPORT_FILE,
    is_label_name,
    is_mask,
    is_output_name,
    partner_name,
    stem,
    walk,
)
from kontur.data.issue import Issue
from kontur.data.layouts import nnunet_cases
from kontur.data.planes.image_planes import (
    ImagePlanes,
    Pages,
    chosen_pages,
    entries_on_page,
    of_annotations,
    plane_name,
    read_planes,
)
from kontur.data.planes.places import Place, know_both, page_of_place, places_by_page
from kontur.data.planes.predicted_pages import PredictedPages
from kontur.errors import InputError
from kontur.formats import ImageAnnotation, masks
from kontur.formats.image_annotation import pick
from kontur.formats.masks import Task, choose_task
from kontur.images import zarr_store
from kontur.instances import Instances
from kontur.wording import listed

OTHER_FILES = (RECORD_FILE, REPORT_FILE, METADATA_FILE, CLASSES_FILE)  # files that hold no outlines

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
    if task == "semantic" and named is None and mask_files(place):
        named = classes_of_values(every_mask(place, page))

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
    if task == "semantic" and named is None and mask_files(place):
        named = classes_of_values(every_mask(place, "all"))
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
        return {_image_of(place): planes_of(place)}
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


def every_mask(place: Path, page: Pages) -> list[tuple[Path, int | None]]:
    """The masks of a place, each a file and the page that is read; with "all" all its pages."""
    files = [path for _, path in mask_files(place)]
    return [(path, each) for path in files for each in chosen_pages(path, page)]


def check_task_fits(place: Path, task: str) -> None:
    """Raise `InputError` for a task of masks where there are none."""
    if choose_task(task) != "instances" and not any(
        is_mask(path) or formats.format_of(path).raster for path in prediction_files(place).values()
    ):
        raise InputError(
            f"--task {task} is for mask files, and {place} holds none: its objects are separate "
            "already; leave --task out"
        )


def mask_files(place: Path) -> list[tuple[str, Path]]:
    """`(name, file)` of what `find_predictions` reads from label images or masks."""
    return [(name, path) for name, path in prediction_files(place).items() if is_mask(path)]


def check_masks(place: Path, *, task: str = "instances", page: Pages = None) -> list[Issue]:
    """The issues of mask files whose values do not seem to fit the task."""
    return check_mask_files(_pages_of_masks(mask_files(place), page), choose_task(task))


def _pages_of_masks(files: Iterable[tuple[str, Path]], page: Pages) -> list[MaskFile]:
    """Each mask and the page that is read; with "all" every page, by a name of its own."""
    return [
        MaskFile(plane_name(name, each if page == "all" else None), path, each)
        for name, path in files
        for each in chosen_pages(path, page)
    ]


def task_of_predictions(
    truth: str,
    place: Path,
    *,
    class_of_value: Mapping[int, str] | None = None,
    page: Pages = None,
) -> Task:
    """The task by which masks of predictions are read, for truth that is read by the task `truth`.

    That of the truth where the predictions hold no values but those of its classes, or look like
    masks of it, else `instances`: masks may be compared with label images that a network made.
    """
    if class_of_value and mask_files(place):
        values = values_of(every_mask(place, page))
        if values and values <= class_of_value.keys():
            return choose_task(truth)
    doubts = {issue.kind for issue in check_masks(place, page=page)}
    return choose_task(truth) if doubts & {"binary", "semantic"} else "instances"


def prediction_files(place: Path) -> dict[str, Path]:
    """The file of each image name in a folder, sorted, or the one file that is given.

    Errors as in `find_predictions`.
    """
    if not place.exists():
        raise InputError(f"there are no predictions {place}")
    if not zarr_store.is_folder(place):
        return {_image_of(place): place}
    files: dict[str, Path] = {}
    for ending in formats.all_endings():
        earlier = set(files)
        for _, path in walk(place):
            low = path.name.lower()
            if formats.ending_of(low) != ending or low in OTHER_FILES or is_output_name(stem(path)):
                continue
            format = formats.find_format(path)
            if format is None:
                continue  # another file of an ending that many have
            name = (path.parent / _image_of(path)).relative_to(place).as_posix()
            if ending == format.object_ending and path.parent != place:
                path = path.parent  # one of its objects
                name = path.relative_to(place).as_posix()
            if name in earlier:
                continue
            other = files.setdefault(name, path)
            if other != path:
                raise InputError(f"{other} and {path} would both be the prediction of {name!r}")
    if not files:
        wanted = ", ".join(f"NAME{one.ending}" for one in formats.WRITABLE.values())
        raise InputError(f"{place} holds no predictions: wanted one of {wanted}")
    return dict(sorted(files.items()))


def _image_of(path: Path) -> str:
    """The name of the image that a file of outlines belongs to, by its own name."""
    return partner_name(formats.name_of(path).removesuffix(".ome"))


def are_annotations(files: Mapping[str, Path], *, page: Pages = None) -> bool:
    """Whether files of outlines and label images lie in a folder by themselves.

    Images with annotations that were not understood are none: a photograph read as a label image
    would be hundreds of false objects. Names such as `a_masks.png` say what they are; of others
    only the pixels tell: ids are integers of one channel and have no smooth edges.
    """
    unnamed = {
        name: path
        for name, path in files.items()
        if is_mask(path) and not is_label_name(stem(path))
    }
    if not unnamed:
        return True
    masks = _pages_of_masks(unnamed.items(), page)
    return len(unnamed) == len(files) and are_label_images(masks)


def pair(names: Sequence[str], predictions: Sequence[str]) -> dict[str, str]:
    """The prediction of each image name that has one: of the same name, or of the same last part.

    `val/a01` is also that of `a01`, the outputs of `kontur predict` having no folders, and of
    nnU-Net `CASE_0000` that of `CASE`. Raises `InputError` where the last part does not decide.

    >>> pair(["val/a", "val/b"], ["a", "c"])
    {'val/a': 'a'}
    """
    available = set(predictions)
    pairs = {name: name for name in names if name in available}
    free = [name for name in predictions if name not in pairs]
    by_last: dict[str, list[str]] = {}
    for name in free:
        by_last.setdefault(_last(name), []).append(name)
    claimed: dict[str, str] = {}
    for name in names:
        candidates = by_last.get(_last(name), []) if name not in pairs else []
        if len(candidates) > 1:
            raise InputError(
                f"the predictions {listed(candidates)} could all be of the image {name!r}; name "
                "the folder that holds those that are meant"
            )
        for candidate in candidates:
            other = claimed.setdefault(candidate, name)
            if other is not name:
                raise InputError(
                    f"the prediction {candidate!r} could be of {other!r} or {name!r}; give the "
                    "images of one folder, or to kontur evaluate one part of the data with --split"
                )
            pairs[name] = candidate
    alone = [name for name in names if name not in pairs]
    pairs |= nnunet_cases.pairs_of_cases(alone, available - set(pairs.values()))
    return {name: pairs[name] for name in names if name in pairs}


def name_of_image(file_name: str) -> str:
    """The name of an image that a file of outlines calls by its file's, with its folder.

    >>> name_of_image("plate\\\\a01_masks.png"), name_of_image("a01.tif")
    ('plate/a01', 'a01')
    """
    file = Path(file_name.replace("\\", "/"))
    return (file.parent / partner_name(stem(file))).as_posix()


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
        return {_image_of(path): whole}
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


def _last(name: str) -> str:
    """The last part of a name, as predictions are called: the image `b_mask` has those of `b`."""
    return partner_name(name.rpartition("/")[2])
