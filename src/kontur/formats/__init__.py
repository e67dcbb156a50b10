"""Files to objects and back: a module or folder a format, all in one table (`recognise_format`)."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kontur.errors import InputError
from kontur.files import atomic
from kontur.formats import collector
from kontur.formats.format import Format
from kontur.formats.image_annotation import ClassPrediction, ImageAnnotation, pick
from kontur.formats.information_loss import lost_objects
from kontur.formats.lazy_sequence import LazySequence
from kontur.formats.outline_file import OutlineFile
from kontur.formats.outlines_on_disk import OutlinesOnDisk, on_page, spill
from kontur.formats.recognise_format import (
    FORMATS,
    WRITABLE,
    all_endings,
    can_read,
    ending_of,
    find_format,
    format_named,
    format_of,
    format_to_write,
    name_of,
    recognised,
)
from kontur.instances import Instances
from kontur.instances.plane import Plane

__all__ = [
    "FORMATS",
    "WRITABLE",
    "ClassPrediction",
    "Format",
    "ImageAnnotation",
    "all_endings",
    "can_read",
    "ending_of",
    "find_format",
    "format_named",
    "format_of",
    "format_to_write",
    "name_of",
    "read",
    "read_images",
    "read_to_disk",
    "relabel",
    "stream_image",
    "write",
    "write_images",
]


def read(
    path: str | Path,
    *,
    image: str | None = None,
    page: int | None = None,
    task: str = "instances",
    class_of_value: Mapping[int, str] | None = None,
    size: tuple[int, int] | None = None,
) -> Instances:
    """The objects of one image of a file, in any of the `FORMATS`.

    `image` names the image where the file describes several; `page` (from 0) picks a plane where
    it holds several; `task` is what the values of a mask mean (`instances`, `components`,
    `semantic`), see `formats.masks`; `size` is the image's (height, width), for formats whose
    coordinates are shares of it. Raises `InputError` for other endings, for files that are not
    what they seem, and where several images or planes are left to choose from.
    """
    entries = read_images(path, page=page, task=task, class_of_value=class_of_value, size=size)
    several = format_of(path).several_images
    return pick(entries, image if several else None, path).instances


def read_images(
    path: str | Path,
    *,
    page: int | None = None,
    task: str = "instances",
    class_of_value: Mapping[int, str] | None = None,
    numbered_in: Sequence[Path] | None = None,
    size: tuple[int, int] | None = None,
) -> list[ImageAnnotation]:
    """Every image that a file describes, with its name, size and objects; as `read`.

    `numbered_in` are the files whose numbers of images and classes this one uses, see
    `OutlineFile`.
    """
    file = OutlineFile(Path(path), page, task, class_of_value, numbered_in, size)
    with collector.paused():
        return recognised(file).read(file)


def read_to_disk(
    path: str | Path, *, page: int | None = None, at: tuple[int, int] | None = None
) -> dict[tuple[str, Plane | None], OutlinesOnDisk]:
    """The objects of each image and plane of a file, never all in memory at once.

    `at` is the depth and time of `page`, where they are to tell the plane. The format must have
    `batches`. Errors as in `read`.
    """
    file = OutlineFile(Path(path))
    batches = recognised(file).batches
    assert batches is not None
    images = spill(batches(file))
    return images if page is None else on_page(images, page, path, at=at)


def write(
    path: str | Path,
    instances: Instances,
    *,
    image_name: str | None = None,
    overwrite: bool = True,
) -> None:
    """Write objects in the format of the ending, whole or not at all.

    `image_name` is the name of their image that is written into the file; by default that of the
    file. Raises `InputError` for other endings, for an existing file unless
    `overwrite`, and where the format cannot hold the objects; OSError where the file cannot be
    written. Warns (`UserWarning`) of objects that the file lacks, such as those that others hide in
    a label image; what else a format does not hold, `data.conversion.convert_file` and the
    documentation say.
    """
    given: tuple[object, object] = path, instances
    if isinstance(given[0], Instances) or not isinstance(given[1], Instances):
        came = " and ".join(type(value).__name__ for value in given)
        raise TypeError(
            f"write takes a path and then the objects: write('a.geojson', instances); got {came}"
        )
    name = name_of(path) if image_name is None else image_name
    write_images(path, [ImageAnnotation(name, instances.size, instances)], overwrite=overwrite)
    lost = lost_objects(format_to_write(path), instances)
    if lost is not None:
        warnings.warn(f"{path} lacks {lost}; a .geojson file holds all of them", stacklevel=2)


def write_images(
    path: str | Path,
    entries: Sequence[ImageAnnotation],
    *,
    format: str | None = None,
    overwrite: bool = True,
) -> None:
    """Write the objects of several images into one file; as `write`.

    `format` is its name in `WRITABLE`, where the ending is not to decide. Formats that keep planes
    take the images one by one, some more than once, and hold none: `entries` may be lazy.
    """

    def printable(number: int) -> ImageAnnotation:
        entry = entries[number]
        return entry._replace(file_name=_printable(entry.file_name))

    named = LazySequence(len(entries), printable)
    write = (format_named(format) if format else format_to_write(path)).write
    assert write is not None
    with collector.paused():
        write(Path(path), named, overwrite=overwrite)


@contextmanager
def stream_image(
    path: str | Path, image: ImageAnnotation, *, overwrite: bool = True
) -> Iterator[Callable[[Instances], None]]:
    """Write the objects of one image part by part, whole or not at all.

    `image` says what is known of it, with an `Instances` that may be empty; the function that is
    given takes the objects of a part. A format that is written from all objects holds them until
    the end. The file is the one that `write_images` writes of all parts together, but for the
    order of the objects. Errors as in `write`.
    """
    chosen = format_to_write(path)
    image = image._replace(file_name=_printable(image.file_name))
    if chosen.stream is not None:
        with chosen.stream(Path(path), image, overwrite=overwrite) as add:
            yield add
        return
    parts: list[Instances] = []
    yield parts.append
    assert chosen.write is not None
    joined = parts[0] if len(parts) == 1 else Instances.concat([image.instances, *parts])
    chosen.write(Path(path), [image._replace(instances=joined)], overwrite=overwrite)


def relabel(
    path: str | Path,
    target: str | Path,
    predicted: Sequence[Sequence[ClassPrediction]],
    classes: Sequence[str],
    *,
    page: int | None = None,
    overwrite: bool = True,
) -> None:
    """Write a file again with other classes of its objects, everything else as it is there.

    `predicted` has, for each image of `read_images`, the prediction of each object; `classes` are
    all possible classes. With `page` the objects of other planes stay as they are. Raises
    `InputError` where the objects are not so many, and where the format holds no classes
    (`Format.relabel` is None).
    """
    file = OutlineFile(Path(path), page)
    chosen = recognised(file)
    if chosen.relabel is None:
        raise InputError(f"{path} is a {chosen.title}, which cannot hold classes")
    atomic.write_text(target, chosen.relabel(file, predicted, classes), overwrite=overwrite)


def _printable(name: str) -> str:
    """A name of a file as text: bytes that are no UTF-8 become the sign for unknown letters."""
    return name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
