"""Conversion: the outlines of one file written in another format, and what is lost by it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from kontur import formats
from kontur.data.annotations.exchanged_axes import ADVICE, EXCHANGED, axes_exchanged
from kontur.data.conversion.image_names import with_image_names
from kontur.data.planes.image_planes import (
    entries_on_page,
    page_in_image,
    read_on_page,
    states_all_planes,
)
from kontur.data.planes.places import (
    Place,
    check_labels_fit,
    know_both,
    label_page,
    places_of,
    plane_on,
)
from kontur.errors import InputError
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation, names_of, pick
from kontur.formats.information_loss import information_losses
from kontur.formats.nifti.axes import axes_note
from kontur.formats.nifti.space import check_same_space
from kontur.formats.output_names import check_is_of_format
from kontur.images import zarr_store
from kontur.images.image_file import is_image, open_image
from kontur.images.page_count import check_is_one_stack, count_pages

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

    `image` is an image file, whose name, size and pages count, or the name of an image that
    `source` describes. `page` is one of that file: where it knows depth and time, these tell the
    planes. `size` is (height, width) where neither gives it. Without `image` all images are written
    where the new format holds several. Raises `InputError` where sizes differ, where `source` has a
    plane that the image file lacks, for a page behind all outlines where there is no such file, and
    as `formats.read` and `formats.write` do.
    """
    kind = formats.format_named(format) if format else formats.format_to_write(target)
    check_is_of_format(Path(target), kind)
    file = None if image is None else _image_file(image, source)
    picture = None if file is None else open_image(file, page=_any_page(file, page))
    of_file = None if picture is None else (picture.pixels.shape[0], picture.pixels.shape[1])
    if file is not None:
        check_same_space(Path(source), file)
    own, at = _page_in(Path(source), file, page)
    if file is None:
        entries = read_on_page(Path(source), page, task=task, size=size)
    else:
        read = None if at is not None else own
        entries = formats.read_images(source, page=read, task=task, size=size or of_file)
    if image is None and not formats.format_of(source).several_images:
        entries = with_image_names(entries, Path(source))
    if image is not None:
        entries = _of_image(entries, image, file, source, kind, page=page, at=at)
    elif len(entries) > 1 and not _holds_all(kind, entries):
        pick(entries, None, source)  # raises: one is to be named
    if picture is not None and of_file is not None and file is not None:
        entries = [_sized(entry, of_file, source, str(file), file=file) for entry in entries]
        side = picture.pixel_size
        entries = [entry._replace(pixel_size=side, image=file) for entry in entries]
        entries = _numbered(entries, Path(source), file)
    if size is not None:
        entries = [_sized(entry, size, source, "the size given") for entry in entries]
    formats.write_images(target, entries, format=kind.name, overwrite=overwrite)
    objects = sum(len(entry.instances) for entry in entries)
    images = len({entry.file_name for entry in entries})
    exchanged = any(axes_exchanged(entry.instances.boxes, entry.size) for entry in entries)
    doubts = [f"{source}: {EXCHANGED}; {ADVICE}"] if exchanged else []
    return Conversion(objects, images, (*information_losses(kind, entries), *doubts))


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


def _any_page(file: Path, page: int | None) -> int | None:
    """A page that has the size of all, where none is chosen; None where there is none such."""
    if page is not None or count_pages(file) == 1:
        return page
    try:
        check_is_one_stack(file)
    except InputError:  # whoever opens it asks for a page
        return None
    return 0


def _page_in(source: Path, file: Path | None, page: int | None) -> tuple[int | None, Place | None]:
    """The page of labels that is of a page of the image file, or the place of that of outlines.

    Of outlines there is none where the file does not know depth and time: their numbers count.
    Labels of one plane are of whichever page is chosen.
    """
    if file is None or not source.exists():  # reading it says that there is none
        return page, None
    places = places_of(file)
    if not states_all_planes(source):
        known = dict(enumerate(places)) if know_both(places) else {}
        return page, None if page is None else known.get(page)
    if len(places) > len(places_of(source)) == 1:
        return None, None
    if page is None and len(places) > 1:
        check_labels_fit(source, file)
    return label_page(source, file, page), None


def _numbered(
    entries: Sequence[ImageAnnotation], source: Path, file: Path
) -> list[ImageAnnotation]:
    """The entries with the numbers of pages that the image file gives to their planes."""
    places = places_of(file)
    if not know_both(places):
        return list(entries)
    known = [entry.instances.plane for entry in entries]
    planes = [plane and plane_on(page_in_image(plane, source, file), places) for plane in known]
    return [
        entry._replace(instances=entry.instances.replace(plane=plane))
        for entry, plane in zip(entries, planes, strict=True)
    ]


def _of_image(
    entries: Sequence[ImageAnnotation],
    image: str,
    file: Path | None,
    source: str | Path,
    kind: Format,
    *,
    page: int | None,
    at: Place | None,
) -> list[ImageAnnotation]:
    """The annotation of the image: the one of its name, or the only one; its planes, if kept.

    Of `page` alone where `at`, the depth and time of it, is given.
    """
    several = formats.format_of(source).several_images
    alone = file is not None and len({entry.file_name for entry in entries}) == 1
    meant = names_of(image, [entry.file_name for entry in entries]) if several else None
    chosen = [entry for entry in entries if meant is None or alone or entry.file_name in meant]
    if page is not None and at is not None:
        chosen = entries_on_page(chosen, page, Path(source), at=at)
    stacked = all(entry.instances.plane is not None for entry in chosen)
    if len(chosen) != 1 and not (chosen and stacked and _holds_all(kind, chosen)):
        chosen = [pick(entries, image if several else None, source)]
    if several:
        return chosen
    return [entry._replace(file_name=file.name if file else image) for entry in chosen]


def _sized(
    entry: ImageAnnotation,
    size: tuple[int, int],
    source: str | Path,
    of: str,
    *,
    file: Path | None = None,
) -> ImageAnnotation:
    known = entry.size or entry.instances.size
    if known is not None and known != size:
        raise InputError(
            f"{source} is made for {known[0]}×{known[1]} pixels (height × width), and {of} is "
            f"{size[0]}×{size[1]}; give the image that the outlines were drawn on"
            f"{'' if file is None else axes_note(Path(source), file)}"
        )
    return entry._replace(size=size, instances=entry.instances.replace(size=size))
