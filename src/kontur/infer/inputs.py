"""The input images of a command, and the names of their outputs.

Files, folders, training folders and patterns become a list of images in a fixed order. An output is
named after its image: of `plate/a01.ome.tif` it is `a01`. Where two images of one call have one
name, their folders or, if only their endings differ, the endings stay in the names (`p1/a`, `p2/a`;
`a01.png`, `a01.tif`).
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from glob import glob, has_magic
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from kontur.data.file_names import (
    RECORD_FILE,
    is_label_name,
    is_mask,
    is_output_name,
    partner_name,
    stem,
)
from kontur.data.layouts.other_programs import unsupported_endings
from kontur.data.layouts.recognise_layout import LABEL_FOLDERS, recognise_layout
from kontur.errors import InputError
from kontur.images import slides, zarr_store
from kontur.images.image_file import IMAGE_KINDS, files_of, is_image
from kontur.images.object_storage import url_of
from kontur.images.unsupported_images import UNSUPPORTED, advice_on, ending_of
from kontur.wording import counted, listed, plural, printable

ENOUGH = 1000  # folders that are looked into for images that are not read

# Of files that may be one image together.
SEVERAL_FILES = (".ome.tif", ".ome.tiff", *slides.DICOM)


class InputImage(NamedTuple):
    """One image file and the name of its outputs."""

    name: str
    path: Path


def find_inputs(images: Iterable[str | Path]) -> list[InputImage]:
    """The images of files, folders and glob patterns (`**` looks into folders below).

    A folder gives the images in it, sorted by name, without those whose names mark them as masks or
    by-products of another; a training folder (`images/` beside `masks/`) those that have
    annotations. A file that is named is taken whatever its name; if it is missing, reading it
    raises the error, as of a link that leads nowhere. So is a store of Zarr at a URL, such as
    `s3://bucket/a.ome.zarr`.

    Raises:
        InputError: there is nothing at all, or a folder or pattern holds no image.
    """
    paths = [path for image in images for path in _images_of(Path(image))]
    unique = list({os.path.abspath(path): path for path in paths}.values())
    if not unique:
        raise InputError("name at least one image, folder or pattern to work on")
    if not any(_exists(path) or url_of(path) for path in unique):
        more = f" ({len(unique) - 1} more are missing)" if len(unique) > 1 else ""
        raise InputError(f"there is no image or folder {printable(str(unique[0]))}{more}")
    return _named(unique)


def without_duplicates(images: Sequence[InputImage]) -> tuple[list[InputImage], list[str]]:
    """The images without those that are another one again, and a line for each of which some are.

    A film as OME-TIFF of a file for each frame is the whole film in each of its files, and so is a
    scan as DICOM of a file for each level: images that consist of the very same files are one, the
    first.
    """
    if len(images) < 2:
        return [*images], []
    alike: dict[object, list[InputImage]] = {}
    for image in images:
        alike.setdefault(_consists_of(image.path), []).append(image)
    lines = [
        f"{counted([printable(other.path.name) for other in others], 'file')} left out: one image "
        f"with {printable(first.path.name)}, which is taken once"
        for first, *others in alike.values()
        if others
    ]
    return [first for first, *_ in alike.values()], lines


def _consists_of(path: Path) -> object:
    """What two inputs have in common where they are one image."""
    if not path.name.lower().endswith(SEVERAL_FILES):
        return path
    try:
        files = frozenset(map(os.path.abspath, files_of(path)))
    except OSError:  # whoever opens it says what is wrong
        return path
    return files if len(files) > 1 else path


def unsupported_files(images: Iterable[str | Path]) -> list[str]:
    """A line for each unsupported image format in the folders given, with what to do.

    These are images beside those of `find_inputs`, such as a Zeiss CZI.
    """
    folders = [Path(image) for image in images if Path(image).is_dir()]
    return _foreign_lines(path for folder in folders for path in sorted(folder.iterdir()))


def images_below(
    images: Iterable[str | Path], inputs: Iterable[InputImage], out: Path
) -> list[str]:
    """A line for each folder given that has images, and below it more that no input is.

    Hidden folders, those of masks, `out`, and others that hold outputs do not count, and no more
    than `ENOUGH` are looked into.
    """
    read = {os.path.realpath(image.path) for image in inputs}
    lines = []
    for folder in dict.fromkeys(map(Path, images)):
        if not zarr_store.is_folder(folder) or not _in_folder(folder):
            continue
        below: Counter[str] = Counter()
        for place in islice(_folders_below(folder, out), ENOUGH):
            more = {*map(os.path.realpath, _in_folder(place))} - read
            read |= more
            below.update({place.relative_to(folder).as_posix(): len(more)} if more else {})
        if below:
            lines.append(
                f"{plural(below.total(), 'image')} not read, in folders below {folder} "
                f"({listed(below)}): name these folders too, or give a pattern with ** in quotes"
            )
    return lines


def _folders_below(folder: Path, out: Path) -> Iterator[Path]:
    """Every folder below that may hold images to work on, each once whatever leads there."""
    visited = {os.path.realpath(out)}
    for name, below, files in os.walk(folder, followlinks=True):
        place, real = Path(name), os.path.realpath(name)
        if place != folder and (real in visited or RECORD_FILE in files):
            below.clear()
            continue
        visited.add(real)
        below[:] = sorted(
            each
            for each in below
            if not each.startswith(".")
            and each.lower() not in LABEL_FOLDERS
            and not zarr_store.is_store(place / each)
        )
        if place != folder:
            yield place


def _images_of(place: Path) -> list[Path]:
    url = url_of(place)
    if url is not None:
        if not zarr_store.is_store(place):
            raise InputError(
                f"{url}: what is read from object storage are stores of Zarr (.zarr); copy other "
                "images to a disk"
            )
        return [place]
    if zarr_store.is_folder(place) and ending_of(place) is None:
        return _of_folder(place)
    if _exists(place) or not has_magic(str(place)):
        return [place]
    matches = sorted(Path(path) for path in glob(str(place), recursive=True))
    images = _without_masks([path for path in matches if _is_input(path)])
    if not images:
        lines = _foreign_lines(matches)
        advice = f"; {'; '.join(lines)}" if lines else ""
        raise InputError(f"no image ({IMAGE_KINDS}) fits the pattern {place}{advice}")
    return images


def _exists(place: Path) -> bool:
    """Whether there is a file or folder, or an archive of Zarr that the place lies in."""
    return place.exists() or zarr_store.exists(place)


def _is_input(path: Path) -> bool:
    """Whether a path is that of an image, or of a link that was to lead to one."""
    dangling = path.is_symlink() and not path.exists()
    return is_image(path) and (dangling or zarr_store.is_file(path))


def _in_folder(folder: Path) -> list[Path]:
    """The images in a folder itself, without masks and by-products; none of one that is closed."""
    try:
        return _without_masks(sorted(path for path in folder.iterdir() if _is_input(path)))
    except PermissionError:
        return []


def _of_folder(folder: Path) -> list[Path]:
    images = _in_folder(folder) or _of_training_folder(folder)
    if images:
        return images
    below = [
        path.name
        for path in sorted(folder.iterdir())
        if zarr_store.is_folder(path) and any(is_image(inside) for inside in path.iterdir())
    ]
    parts = [f"the folder {folder} holds no image ({IMAGE_KINDS})"]
    parts += [f"its folders {listed(below)} hold some: name the one you mean"] if below else []
    visible = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    results = [path.name for path in visible if is_mask(path) and not is_image(path)]
    parts += [f"{results[0]} is by its name a result, not an image"] if results else []
    raise InputError("; ".join([*parts, *_foreign_lines(sorted(folder.iterdir()))]))


def _of_training_folder(folder: Path) -> list[Path]:
    """The images of a training folder, without its masks; none where it is no such folder."""
    try:
        return [item.image for item in recognise_layout(folder).annotated]
    except InputError:
        return []


def _foreign_lines(paths: Iterable[Path]) -> list[str]:
    visible = [path for path in paths if not path.name.startswith(".") and not is_image(path)]
    return [
        f"{plural(count, f'{ending} file')} not read: {UNSUPPORTED[ending].name}; "
        f"{advice_on(ending, in_folder=True)}"
        for ending, count in sorted(unsupported_endings(visible).items())
    ]


def _without_masks(paths: list[Path]) -> list[Path]:
    """Without `a_masks.tif` where `a.tif` is there too, and without flows, overlays and so on."""
    plain = {
        (path.parent, partner_name(stem(path))) for path in paths if not is_label_name(stem(path))
    }
    return [
        path
        for path in paths
        if not is_output_name(stem(path))
        and not (is_label_name(stem(path)) and (path.parent, partner_name(stem(path))) in plain)
    ]


def _named(paths: list[Path]) -> list[InputImage]:
    """Stems; with the endings where those differ, with the folders where one name is in several.

    No two are alike, in whatever case, as some disks have it: `a.png`, which keeps its ending
    beside `a.tif`, would be the stem of `a.png.tif`, so that keeps its own.
    """
    folders = [Path(os.path.abspath(path.parent)) for path in paths]
    used = Counter(
        (folder, word.lower())
        for folder, path in zip(folders, paths, strict=True)
        for word in (stem(path), path.name)
    )
    names = [
        path.name if used[folder, stem(path).lower()] > 1 else stem(path)
        for folder, path in zip(folders, paths, strict=True)
    ]
    places = {
        (folder, word.lower())
        for folder, path, name in zip(folders, paths, names, strict=True)
        for word in (stem(path), name)
    }
    if len({word for _, word in places}) < len(places):
        top = os.path.commonpath(folders)
        below = [folder.relative_to(top) for folder in folders]
        names = [(folder / name).as_posix() for folder, name in zip(below, names, strict=True)]
    return [InputImage(name, path) for name, path in zip(names, paths, strict=True)]
