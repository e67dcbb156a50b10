"""Conversion of whole folders: data sets and files of outlines, joined and written in one format.

The target is one file, where the format lists images, or a folder with a file an image; with the
images and their `metadata.csv` it is a data set again.
"""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from kontur import formats, select
from kontur.data.annotations.folder_tables import METADATA_FILE, groups_of
from kontur.data.conversion import image_copies
from kontur.data.conversion.convert_file import Conversion
from kontur.data.conversion.source_images import Selection, SourceImage, read_source
from kontur.data.layouts.work_in_folder import other_annotation, refuse_annotated
from kontur.errors import InputError
from kontur.files import atomic
from kontur.formats import Format, ImageAnnotation
from kontur.formats.coco.writer import lost_by_joining
from kontur.formats.information_loss import information_losses
from kontur.formats.output_names import check_is_of_format, has_ending_of
from kontur.images import zarr_store
from kontur.select.split_names import split_of
from kontur.wording import quoted

JOINED = "annotations"  # the file of a format that lists images, in a folder


def convert_folders(
    sources: Sequence[str | Path],
    target: str | Path,
    *,
    format: str | None = None,
    page: int | None = None,
    task: str = "instances",
    split: str | None = None,
    where: Sequence[str] = (),
    share: float = 1.0,
    val: float | None = None,
    group: str | None = None,
    seed: int = 0,
    images: str = "none",
    overwrite: bool = False,
) -> Conversion:
    """Write the objects of all sources to `target`: a file that lists images, or a folder.

    `format` is a word of `formats.WRITABLE`, needed for a folder; the ending of a file decides
    else. Of data sets `split` takes `train`, `val` or `test` alone, and `where` the images for
    which every `COLUMN=VALUE` of their `metadata.csv` holds. `share` keeps that part of all images,
    drawn with the `seed`: a smaller part lies within a larger one. `val` divides what is left into
    `val/`, that part of it, and `train/`; images of one `group` (`folder_tables.groups_of`) stay
    together. With `images` = `copy` or `link` the images come along, see `image_copies`, and their
    rows of `metadata.csv`. Without a `page` all planes of a stack are written, where the format has
    planes. Nothing is written where a file exists already, unless `overwrite`.
    Raises `InputError` for images of one name, for sources without images where these are wanted,
    and as reading and writing do.
    """
    target = Path(target)
    if format is None and not formats.ending_of(target) and not target.suffix:
        raise InputError(
            f"{target}: the ending decides the format, and it has none; name a file such as "
            f"{target}.geojson, or a folder with --format, one of {', '.join(formats.WRITABLE)}"
        )
    kind = formats.format_named(format) if format else formats.format_to_write(target)
    check_is_of_format(target, kind)
    way = image_copies.choose_copies(images)
    wanted = Selection(task, page, split, tuple(where), way != "none", kind.planes)
    found = [image for source in sources for image in read_source(Path(source), wanted)]
    if not found:
        raise InputError(f"{' and '.join(map(str, sources))} holds no image with outlines")
    _check_distinct(found)
    (kept,) = select.nested([image.name for image in found], [share], seed)
    found = [image for image in found if image.name in set(kept)]
    if group is not None and val is None:
        raise InputError("--group keeps images together that --val divides; give --val too")
    if val is not None:
        found = _divided(found, val, seed, group, sources[0])
    files = _files(target, kind, found)
    copies = _copies(target, kind, found) if way != "none" else {}
    written = [path for path, _ in files]
    new = (path for path in (*written, *copies) if not _same(path, copies))
    atomic.refuse_existing(new, overwrite=overwrite)
    notes = []
    if not is_file_target(target, kind.name):
        notes += _check_folder(target, kind, written, [Path(source) for source in sources])
    for path, described in files:
        formats.write_images(path, described, format=kind.name, overwrite=overwrite)
    for place, image in copies.items():
        image_copies.put(image, place, way, overwrite=overwrite)
    if copies:
        _write_metadata(_folder_of(target, kind), found, overwrite)
    entries = [entry for image in found for entry in image.entries]
    objects = sum(len(entry.instances) for entry in entries)
    if kind.name == "coco":
        notes += lost_by_joining(entries)
    if way == "none" and not is_file_target(target, kind.name) and any(one.image for one in found):
        notes.append("the images stay where they are: --images copy or link brings them along")
    return Conversion(objects, len(found), (*information_losses(kind, entries), *notes))


def _check_distinct(images: Sequence[SourceImage]) -> None:
    """`InputError` where two images have one name."""
    for name, count in Counter(image.name for image in images).items():
        if count > 1:
            raise InputError(
                f"two images of the sources have the name {quoted(name)}; rename one, or convert "
                "the sources into folders of their own"
            )


def _check_folder(
    target: Path, kind: Format, written: Sequence[Path], sources: Sequence[Path]
) -> list[str]:
    """A note where a folder then holds the objects twice; `InputError` where it is annotated."""
    refuse_annotated(
        target,
        "converted outlines",
        option="TARGET",
        own=lambda path: path.name.lower().endswith(kind.file_endings) or _is_of(path, sources),
    )
    twice = other_annotation(target, lambda path: path in written or not _is_of(path, sources))
    if twice is None:
        return []
    holder = target if target in twice.parents else target.parent
    return [
        f"{holder} holds the objects twice now, in {twice.name} too: move one of them away, so "
        "that what is corrected is what is read"
    ]


def is_file_target(target: str | Path, format: str | None) -> bool:
    """Whether a target is one file: by its ending, or because the format has such."""
    path = Path(target)
    if zarr_store.is_folder(path):
        return False
    if format is None:
        return bool(formats.ending_of(path))
    return has_ending_of(path, formats.format_named(format))


def _files(
    target: Path, kind: Format, images: Sequence[SourceImage]
) -> list[tuple[Path, list[ImageAnnotation]]]:
    """Each file to write, and the images in it."""
    if is_file_target(target, kind.name):
        if not kind.several_images and len(images) > 1:
            raise InputError(
                f"{target} would be a file of {kind.title}, which is of one image, and there are "
                f"{len(images)}; name a folder, with --format {kind.name}"
            )
        return [(target, _with_distinct_names(images))]
    if kind.several_images:
        return [(target / f"{JOINED}{kind.file_endings[0]}", _with_distinct_names(images))]
    place = target / "labels" if kind.relative else target  # as its programs look for them
    return [
        (
            place / f"{image.name}{kind.file_endings[0]}",
            [one._replace(file_name=_last(one.file_name)) for one in image.entries],
        )
        for image in images
    ]


def _with_distinct_names(images: Sequence[SourceImage]) -> list[ImageAnnotation]:
    """What a file that lists images says of each; those of one name in several folders have these.

    Readers would take them for one image, with the objects of all.
    """
    times = Counter(image.file_name for image in images)
    return [
        one._replace(file_name=str(PurePosixPath(image.name).with_name(_last(one.file_name))))
        if times[one.file_name] > 1
        else one
        for image in images
        for one in image.entries
    ]


def _divided(
    images: Sequence[SourceImage], val: float, seed: int, group: str | None, root: str | Path
) -> list[SourceImage]:
    """The images with `train/` or `val/` before their names, other splits left out of these."""
    plain = [image.name for image in images]
    rows = {image.name: image.metadata for image in images}
    groups = None if group is None else groups_of(rows, plain, group, root=Path(root))
    held = set(select.holdout(plain, val, seed, groups=groups).held)
    divided = []
    for image in images:
        before = "val" if image.name in held else "train"
        first, _, rest = image.name.partition("/")
        inside = rest if rest and split_of(first) else image.name
        file = f"{before}/{PurePosixPath(inside).with_name(_last(image.file_name))}"
        entries = tuple(entry._replace(file_name=file) for entry in image.entries)
        divided.append(image._replace(name=f"{before}/{inside}", entries=entries))
    if len({image.name for image in divided}) < len(divided):
        raise InputError("images of different splits have one name, so they cannot be divided anew")
    return divided


def _copies(target: Path, kind: Format, images: Sequence[SourceImage]) -> dict[Path, Path]:
    """The image of each place in the target where one is to lie."""
    folder = _folder_of(target, kind)
    copies: dict[Path, Path] = {}
    for named in images:
        name, image = named.name, named.image
        if image is None:
            raise InputError(
                f"the image {named.file_name} was not found, so it cannot be copied or linked; "
                "convert the outlines alone, or put the image beside them"
            )
        single = is_file_target(target, kind.name) and not kind.several_images
        own = formats.name_of(target) if single else name
        copies[image_copies.place_of(own, image, kind, folder)] = image
    return copies


def _folder_of(target: Path, kind: Format) -> Path:
    return target.parent if is_file_target(target, kind.name) else target


def _is_of(path: Path, sources: Sequence[Path]) -> bool:
    """Whether a file is one of the sources, or lies in one."""
    return any(source in (path, *path.parents) for source in sources)


def _same(path: Path, copies: Mapping[Path, Path]) -> bool:
    """Whether an image is to be put where it lies."""
    return path in copies and path.exists() and path.samefile(copies[path])


def _write_metadata(folder: Path, images: Sequence[SourceImage], overwrite: bool) -> None:
    """The rows that `metadata.csv` has of the images, if any, under their names."""
    columns = list(dict.fromkeys(column for image in images for column in image.metadata))
    place = folder / METADATA_FILE
    if not columns or (place.exists() and not overwrite):
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", *columns])
    writer.writerows(
        [image.name, *(image.metadata.get(column, "") for column in columns)] for image in images
    )
    atomic.write_text(place, text.getvalue(), overwrite=overwrite)


def _last(file_name: str) -> str:
    return PurePosixPath(file_name).name
