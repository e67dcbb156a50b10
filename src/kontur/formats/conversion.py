"""Conversion: the outlines of one file written in another format, and what is lost by it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from kontur import formats
from kontur.errors import InputError
from kontur.formats import zarr_store
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation, pick
from kontur.formats.images import is_image, read_image
from kontur.formats.information_loss import information_losses

SIZE = re.compile(r"\s*(\d{1,9})\s*[x×,]\s*(\d{1,9})\s*")


class Conversion(NamedTuple):
    """How many objects and images were written, and sentences on what the new file cannot hold."""

    objects: int
    images: int
    losses: tuple[str, ...]


def convert(
    source: str | Path,
    target: str | Path,
    *,
    image: str | None = None,
    size: tuple[int, int] | None = None,
    page: int | None = None,
    task: str = "instances",
    format: str | None = None,
    overwrite: bool = True,
) -> Conversion:
    """Write the outlines of `source` to `target`, in the format of its ending or of this name.

    `image` is an image file, whose name and size count, or the name of an image that `source`
    describes. `size` is (height, width) where neither gives it. Without `image` all images are
    written where the new format holds several. Raises `InputError` where sizes differ, and as
    `formats.read` and `formats.write` do.
    """
    kind = formats.format_named(format) if format else formats.format_to_write(target)
    file = None if image is None else _image_file(image, source)
    pixels = None if file is None else read_image(file, page=page)
    of_file = None if pixels is None else pixels.pixels.shape[:2]
    entries = formats.read_images(source, page=page, task=task, size=size or of_file)
    if image is not None:
        entries = [_of_image(entries, image, file, source)]
    elif len(entries) > 1 and not _holds_all(kind, entries):
        pick(entries, None, source)  # raises: one is to be named
    if pixels is not None and of_file is not None:
        entries = [_sized(entry, of_file, source, str(file)) for entry in entries]
        entries = [entry._replace(pixel_size=pixels.pixel_size) for entry in entries]
    if size is not None:
        entries = [_sized(entry, size, source, "the size given") for entry in entries]
    formats.write_images(target, entries, format=kind.name, overwrite=overwrite)
    objects = sum(len(entry.instances) for entry in entries)
    return Conversion(objects, len(entries), tuple(information_losses(kind, entries)))


def _holds_all(kind: Format, entries: Sequence[ImageAnnotation]) -> bool:
    """Whether a format holds so many images, and so many planes of each."""
    names = {entry.file_name for entry in entries}
    return (kind.several_images or len(names) == 1) and (kind.planes or len(names) == len(entries))


def parse_size(text: str) -> tuple[int, int]:
    """Height and width from text such as `480x640`; raises `InputError` for other text.

    >>> parse_size("480x640")
    (480, 640)
    """
    numbers = SIZE.fullmatch(text)
    size = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if min(size) == 0:
        raise InputError(f"--size is HEIGHTxWIDTH in pixels, such as 480x640; got {text!r}")
    return size


def _image_file(image: str, source: str | Path) -> Path | None:
    """The image file of this name, here or beside the outlines; None where there is none."""
    places = [Path(image), Path(source).parent / image]
    return next((place for place in places if is_image(place) and zarr_store.is_file(place)), None)


def _of_image(
    entries: Sequence[ImageAnnotation], image: str, file: Path | None, source: str | Path
) -> ImageAnnotation:
    """The annotation of the image: the one of its name, or the only one."""
    if not formats.format_of(source).several_images:
        return pick(entries, None, source)._replace(file_name=file.name if file else image)
    if file is not None and len(entries) == 1:
        return entries[0]
    return pick(entries, image, source)


def _sized(
    entry: ImageAnnotation, size: tuple[int, int], source: str | Path, of: str
) -> ImageAnnotation:
    known = entry.size or entry.instances.size
    if known is not None and known != size:
        raise InputError(
            f"{source} is made for {known[0]}×{known[1]} pixels (height × width), and {of} is "
            f"{size[0]}×{size[1]}; give the image that the outlines were drawn on"
        )
    return entry._replace(size=size, instances=entry.instances.replace(size=size))
