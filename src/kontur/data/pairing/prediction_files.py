"""Prediction files: files of outlines or label images, each by the name of its image.

`NAME.geojson`, `NAME.coco.json`, `NAME.csv` or a label image `NAME.labels.tif`, `NAME_masks.png` …
has the objects of the image `NAME`; one COCO JSON or CSV may hold those of many images.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from kontur import formats
from kontur.data.annotations.folder_tables import CLASSES_FILE, METADATA_FILE
from kontur.data.checks.mask_checks import MaskFile, are_label_images
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
from kontur.data.planes.image_planes import Pages, chosen_pages, plane_name
from kontur.errors import InputError
from kontur.images import zarr_store

OTHER_FILES = (RECORD_FILE, REPORT_FILE, METADATA_FILE, CLASSES_FILE)  # files that hold no outlines


def prediction_files(place: Path) -> dict[str, Path]:
    """The file of each image name in a folder, sorted, or the one file that is given.

    Errors as in `find_predictions`.
    """
    if not place.exists():
        raise InputError(f"there are no predictions {place}")
    if not zarr_store.is_folder(place):
        return {image_of(place): place}
    of_ending: dict[str, list[Path]] = {ending: [] for ending in formats.all_endings()}
    for _, path in walk(place):
        low = path.name.lower()
        ending = formats.ending_of(low)
        if ending and low not in OTHER_FILES and not is_output_name(stem(path)):
            of_ending[ending].append(path)
    files: dict[str, Path] = {}
    for ending, paths in of_ending.items():
        earlier = set(files)
        for path in paths:
            format = formats.find_format(path)
            if format is None:
                continue  # another file of an ending that many have
            name = (path.parent / image_of(path)).relative_to(place).as_posix()
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


def image_of(path: Path) -> str:
    """The name of the image that a file of outlines belongs to, by its own name."""
    return partner_name(formats.name_of(path).removesuffix(".ome"))


def mask_files(place: Path) -> list[tuple[str, Path]]:
    """`(name, file)` of what `find_predictions` reads from label images or masks."""
    return [(name, path) for name, path in prediction_files(place).items() if is_mask(path)]


def every_mask(place: Path, page: Pages) -> list[tuple[Path, int | None]]:
    """The masks of a place, each a file and the page that is read; with "all" all its pages."""
    files = [path for _, path in mask_files(place)]
    return [(path, each) for path in files for each in chosen_pages(path, page)]


def pages_of_masks(files: Iterable[tuple[str, Path]], page: Pages) -> list[MaskFile]:
    """Each mask and the page that is read; with "all" every page, by a name of its own."""
    return [
        MaskFile(plane_name(name, each if page == "all" else None), path, each)
        for name, path in files
        for each in chosen_pages(path, page)
    ]


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
    masks = pages_of_masks(unnamed.items(), page)
    return len(unnamed) == len(files) and are_label_images(masks)
