"""Files to objects and back: one module a format, all of them in one table.

The ending of a file's name decides its format; where other files have it too (`.json`), the
content does. A new format is a module with a constant `FORMAT` and a line in `FORMATS`: reading,
writing, conversion, folders, commands and help texts follow from the table.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kontur.errors import InputError
from kontur.formats import (
    atomic,
    attributes,
    cellpose,
    coco,
    collector,
    cvat,
    geojson,
    geojson_lines,
    geoparquet,
    imagej,
    label_studio,
    labelme,
    labels,
    nifti_labels,
    ome_zarr_labels,
    table,
    via,
    yolo,
    zarr_store,
)
from kontur.formats.format import Format
from kontur.formats.image_annotation import ClassPrediction, ImageAnnotation, pick
from kontur.formats.information_loss import lost_objects
from kontur.formats.lazy_sequence import LazySequence
from kontur.formats.outline_file import OutlineFile
from kontur.formats.outlines_on_disk import OutlinesOnDisk, on_page, spill
from kontur.formats.unsupported_outlines import program_of
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.wording import listed, nearest

FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        geojson.FORMAT,
        coco.FORMAT,
        labels.FORMAT,
        ome_zarr_labels.FORMAT,
        table.FORMAT,
        imagej.FORMAT,
        labelme.FORMAT,
        yolo.FORMAT,
        cvat.FORMAT,
        via.FORMAT,
        geoparquet.FORMAT,
        geojson_lines.FORMAT,
        cellpose.FORMAT,
        label_studio.FORMAT,
        nifti_labels.FORMAT,
    )
}
attributes.READERS.update(
    {one.extras: one.attributes for one in FORMATS.values() if one.attributes}
)
attributes.IMAGE_READERS.update(
    {one.extras: one.image_attributes for one in FORMATS.values() if one.image_attributes}
)
WRITABLE: Mapping[str, Format] = {  # the others are only read
    name: one for name, one in FORMATS.items() if one.write is not None
}

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
        return _recognised(file).read(file)


def read_to_disk(
    path: str | Path, *, page: int | None = None, at: tuple[int, int] | None = None
) -> dict[tuple[str, Plane | None], OutlinesOnDisk]:
    """The objects of each image and plane of a file, never all in memory at once.

    `at` is the depth and time of `page`, where they are to tell the plane. The format must have
    `batches`. Errors as in `read`.
    """
    file = OutlineFile(Path(path))
    batches = _recognised(file).batches
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
    a label image; what else a format does not hold, `conversion.convert` and the documentation say.
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
    chosen = _recognised(file)
    if chosen.relabel is None:
        raise InputError(f"{path} is a {chosen.title}, which cannot hold classes")
    atomic.write_text(target, chosen.relabel(file, predicted, classes), overwrite=overwrite)


def can_read(path: str | Path) -> bool:
    """Whether the ending of a name is that of a format."""
    return bool(_candidates(Path(path)))


def format_of(path: str | Path, *, numbered_in: Sequence[Path] | None = None) -> Format:
    """The format of a file that is there; `InputError` where it is of none."""
    return _recognised(OutlineFile(Path(path), numbered_in=numbered_in))


def find_format(path: str | Path) -> Format | None:
    """The format of a file that may be something else, by ending and content; None if it is none.

    Only the beginning of the file is read, and nothing where the ending alone decides.
    """
    file = OutlineFile(Path(path))
    candidates = _candidates(file.path)
    if candidates and _ends(file.path, candidates[0].own_endings):
        return candidates[0]
    if program_of(file) is not None:
        return None
    return next((one for one in candidates if _is(one, file)), None)


def all_endings() -> tuple[str, ...]:
    """Every ending that is read, in the order in which files of one image are chosen.

    Outlines come before rasters, and endings of one format before those that several share.
    """
    known: dict[str, None] = {}
    for raster in (False, True):
        ordered = [one for one in FORMATS.values() if one.raster == raster]
        known |= dict.fromkeys(ending for one in ordered for ending in one.endings)
        known |= dict.fromkeys(ending for one in ordered for ending in one.shared_endings)
    return tuple(known)


def ending_of(path: str | Path) -> str:
    """The longest ending of a name that a format has, as it is written there; empty if none.

    >>> ending_of("out/a01.coco.json"), ending_of("a01.v2.CSV"), ending_of("plain")
    ('.coco.json', '.CSV', '')
    """
    name = zarr_store.name_of(path)
    fitting = [len(ending) for ending in all_endings() if name.lower().endswith(ending)]
    return name[-max(fitting) :] if fitting else ""


def format_to_write(path: str | Path) -> Format:
    """The format of a file to write, by its longest ending; `InputError` for other endings.

    So for a folder that is there and has such an ending, which no file can take the place of.
    """
    if zarr_store.is_folder(path) and ending_of(path):
        raise InputError(f"wanted to write the file {path}, but a folder has that name")
    candidates = _candidates(Path(path))
    fitting = [one for one in candidates if _ends(path, one.endings)]
    if not fitting:
        raise _unknown(path)
    chosen, ending = fitting[0], ending_of(path)
    if ending.lower() not in chosen.endings:  # a longer one, of a format that is read
        raise InputError(f"{path}: a file of the ending {ending} is read and never written")
    if chosen.write is None:
        raise InputError(f"{path} would be a file of {chosen.title}, which Kontur reads only")
    return chosen


def format_named(name: str) -> Format:
    """The format of this name that is written; raises `InputError` for another word."""
    if name not in WRITABLE:
        raise InputError(f"there is no output format {name!r}; {nearest(name, [*WRITABLE])}")
    return WRITABLE[name]


def name_of(path: str | Path) -> str:
    """A file's name without its folder and its ending, see `ending_of`.

    >>> name_of("out/a01.coco.json"), name_of("a01.v2.csv"), name_of("plain")
    ('a01', 'a01.v2', 'plain')
    """
    return Path(path).name.removesuffix(ending_of(path))


def _recognised(file: OutlineFile) -> Format:
    """The format by ending and content; where no content fits, the one whose reader says why."""
    candidates = _candidates(file.path)
    if not candidates:
        raise _unknown(file.path)
    program = program_of(file)
    if program is not None:
        raise InputError(
            f"{file.path} is of {program.name}, which Kontur does not read: {program.advice}"
        )
    chosen = next((one for one in candidates if _is(one, file)), None)
    if chosen is not None:
        return chosen
    if _ends(file.path, (".json",)) and not _ends(file.path, candidates[0].own_endings):
        content = file.json  # raises where it is no JSON at all
        keys = listed(sorted(file.json_keys), most=8) if content else ""
        titles = " nor ".join(one.title for one in candidates)
        raise InputError(f"{file.path} is neither {titles}; it has {keys or 'no keys'}")
    return next((one for one in candidates if _ends(file.path, one.endings)), candidates[0])


def _is(format: Format, file: OutlineFile) -> bool:
    try:
        return format.recognise(file)
    except InputError:
        return False


def _candidates(path: Path) -> list[Format]:
    """The formats of which a file may be by its name, those of the longest ending first.

    A folder may be one of files of one object each.
    """

    name = zarr_store.name_of(path).lower()

    def length(one: Format) -> int:
        endings = (*one.endings, *one.shared_endings)
        return max((len(ending) for ending in endings if name.endswith(ending)), default=0)

    if zarr_store.is_folder(path):
        return [one for one in FORMATS.values() if one.object_ending]
    return sorted(filter(length, FORMATS.values()), key=length, reverse=True)


def _ends(path: str | Path, endings: Iterable[str]) -> bool:
    return zarr_store.name_of(path).lower().endswith(tuple(endings))


def _unknown(path: str | Path) -> InputError:
    ending = Path(path).suffix.lower() or "no ending"
    known = dict.fromkeys(end for one in WRITABLE.values() for end in one.endings)
    return InputError(
        f"{path}: the ending decides the format, and {ending} is none of {', '.join(known)}"
    )


def _printable(name: str) -> str:
    """A name of a file as text: bytes that are no UTF-8 become the sign for unknown letters."""
    return name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
