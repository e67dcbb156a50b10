"""Conversion of whole folders: data sets and files of outlines, joined and written in one format.

A training folder is read as such, with the names and sizes of its images; a folder of outlines
without images, and a file, as it is. The target is one file, where the format lists images, or a
folder with a file an image; with the images and their `metadata.csv` it is a data set again.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from kontur import formats, select
from kontur.data.annotations.folder_tables import METADATA_FILE, groups_of
from kontur.data.conversion import image_copies
from kontur.data.conversion.convert_file import Conversion
from kontur.data.conversion.image_names import with_image_names
from kontur.data.file_names import partner_name, stem
from kontur.data.folder import open_folder
from kontur.data.layouts.recognise_layout import recognise_layout
from kontur.data.layouts.work_in_folder import other_annotation, refuse_annotated
from kontur.data.pairing.prediction_files import are_annotations, prediction_files
from kontur.data.planes.image_planes import Pages, read_on_page
from kontur.data.planes.places import places_of, plane_on
from kontur.errors import InputError
from kontur.files import atomic
from kontur.formats import Format, ImageAnnotation
from kontur.formats.coco.writer import lost_by_joining
from kontur.formats.image_annotation import pick, unique_ids
from kontur.formats.information_loss import information_losses
from kontur.formats.output_names import check_is_of_format, has_ending_of
from kontur.images import embedded_picture, zarr_store
from kontur.images.page_count import count_pages
from kontur.select.split_names import split_of
from kontur.wording import quoted

UNSAFE = re.compile(r'[\x00-\x1f<>:"|?*]')  # in names of files, on one system or another
LONGEST = 200  # bytes of a name, so that an ending can follow
JOINED = "annotations"  # the file of a format that lists images, in a folder


class _Named(NamedTuple):
    """An image of a source: its name without the ending, unique, and its objects on each plane."""

    name: str
    entries: tuple[ImageAnnotation, ...]
    image: Path | None = None
    metadata: Mapping[str, str] = {}

    @property
    def file_name(self) -> str:
        return self.entries[0].file_name


class _Wanted(NamedTuple):
    """How sources are read, and which images of data sets; whether their files are wanted.

    `planes` is whether all planes of a stack are, where no page is chosen.
    """

    task: str
    page: int | None
    split: str | None
    where: tuple[str, ...]
    with_images: bool
    planes: bool


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
    planes. Nothing is written where a file exists
    already, unless `overwrite`. Raises `InputError` for images of one name, for sources without
    images where these are wanted, and as reading and writing do.
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
    wanted = _Wanted(task, page, split, tuple(where), way != "none", kind.planes)
    found = [image for source in sources for image in _images(Path(source), wanted)]
    if not found:
        raise InputError(f"{' and '.join(map(str, sources))} holds no image with outlines")
    taken: set[str] = set()
    for name in (image.name for image in found):
        if name in taken:
            raise InputError(
                f"two images of the sources have the name {quoted(name)}; rename one, or convert "
                "the sources into folders of their own"
            )
        taken.add(name)
    (kept,) = select.nested([image.name for image in found], [share], seed)
    found = [image for image in found if image.name in set(kept)]
    if group is not None and val is None:
        raise InputError("--group keeps images together that --val divides; give --val too")
    if val is not None:
        found = _divided(found, val, seed, group, sources[0])
    entries = [entry for image in found for entry in image.entries]
    files = _files(target, kind, found)
    copies = _copies(target, kind, found) if way != "none" else {}
    places = [*(path for path, _ in files), *copies]
    atomic.refuse_existing(
        (path for path in places if not _same(path, copies)), overwrite=overwrite
    )
    twice = None
    if not is_file_target(target, kind.name):
        written, read = {path for path, _ in files}, [Path(source) for source in sources]
        refuse_annotated(
            target,
            "converted outlines",
            option="TARGET",
            own=lambda path: path.name.lower().endswith(kind.file_endings) or _is_of(path, read),
        )
        twice = other_annotation(target, lambda path: path in written or not _is_of(path, read))
    for path, described in files:
        formats.write_images(path, described, format=kind.name, overwrite=overwrite)
    for place, image in copies.items():
        image_copies.put(image, place, way, overwrite=overwrite)
    if copies:
        _write_metadata(_folder_of(target, kind), found, overwrite)
    objects = sum(len(entry.instances) for entry in entries)
    losses = list(information_losses(kind, entries))
    if twice is not None:
        holder = target if target in twice.parents else target.parent
        losses.append(
            f"{holder} holds the objects twice now, in {twice.name} too: move one of them away, so "
            "that what is corrected is what is read"
        )
    if kind.name == "coco":
        losses += lost_by_joining(entries)
    if way == "none" and not is_file_target(target, kind.name) and any(one.image for one in found):
        losses.append("the images stay where they are: --images copy or link brings them along")
    return Conversion(objects, len(found), tuple(losses))


def is_file_target(target: str | Path, format: str | None) -> bool:
    """Whether a target is one file: by its ending, or because the format has such."""
    path = Path(target)
    if zarr_store.is_folder(path):
        return False
    if format is None:
        return bool(formats.ending_of(path))
    return has_ending_of(path, formats.format_named(format))


def _files(
    target: Path, kind: Format, images: Sequence[_Named]
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


def _with_distinct_names(images: Sequence[_Named]) -> list[ImageAnnotation]:
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
    images: Sequence[_Named], val: float, seed: int, group: str | None, root: str | Path
) -> list[_Named]:
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


def _copies(target: Path, kind: Format, images: Sequence[_Named]) -> dict[Path, Path]:
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


def _write_metadata(folder: Path, images: Sequence[_Named], overwrite: bool) -> None:
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


def _images(source: Path, wanted: _Wanted) -> list[_Named]:
    task, page, split, where, with_images, planes = wanted
    if not zarr_store.is_folder(source) and not with_images:
        if not source.exists():
            raise InputError(f"there is no file {source}")
        if split is not None or where:
            raise InputError(f"--split and --where are for data sets, and {source} is a file")
        return _of_file(partner_name(formats.name_of(source)), source, wanted)
    try:
        layout = recognise_layout(source)
    except InputError:
        if split is not None or where or with_images:
            raise
        if formats.find_format(source) is not None:  # of files of one object each
            return _of_file(source.name, source, wanted)
        files = prediction_files(source)
        if not are_annotations(files, page=page):
            raise
        return [image for name, path in files.items() for image in _of_file(name, path, wanted)]
    stacked = page is None and planes and count_pages(layout.annotated[0].image) > 1
    pages: Pages = "all" if stacked else page
    folder = open_folder(source, task=task, page=pages, split=split, layout=layout).where(where)
    found: dict[str, list[ImageAnnotation]] = {}
    for item, sample in zip(folder.annotated, folder.samples, strict=True):
        file_name = PurePosixPath(item.name).with_name(item.image.name).as_posix()
        if with_images or embedded_picture.is_in(item.image):
            file_name = f"{item.name}{image_copies.ending_of(item.image)}"
        instances = sample.instances
        if item.page is not None and instances.plane is None:
            places = places_of(item.image)
            plane = plane_on(item.page, places) if len(places) > 1 else None
            instances = instances.replace(plane=plane)
        one = ImageAnnotation(
            file_name,
            instances.size,
            instances,
            extras=item.extras,
            pixel_size=sample.pixel_size,
            image=item.image,
        )
        found.setdefault(item.name, []).append(one)
    return [
        _Named(name, _of_planes(every, folder.task), every[0].image, folder.metadata.get(name, {}))
        for name, every in found.items()
    ]


def _of_file(name: str, path: Path, wanted: _Wanted) -> list[_Named]:
    """The images that a file lists, or the one that it is named after."""
    entries = read_on_page(path, wanted.page, task=wanted.task)
    if formats.format_of(path).several_images:
        return [image for one in _by_image(entries) for image in _of_image(one, path, wanted)]
    if len(entries) > 1 and not wanted.planes:
        pick(entries, None, path)  # raises: a plane is to be chosen
    if _named(entries[0]).name.rpartition("/")[2] != name.rpartition("/")[2]:
        entries = [entry._replace(file_name=name) for entry in entries]
    return [_Named(name, _of_planes(with_image_names(entries, path), wanted.task))]


def _by_image(entries: Sequence[ImageAnnotation]) -> list[list[ImageAnnotation]]:
    """The entries of each image, in the order of the first ones."""
    images: dict[str, list[ImageAnnotation]] = {}
    for entry in entries:
        images.setdefault(entry.file_name, []).append(entry)
    return [*images.values()]


def _of_image(entries: list[ImageAnnotation], path: Path, wanted: _Wanted) -> list[_Named]:
    """An image that a file lists, with all its planes; of one name without planes several."""
    if len(entries) == 1 or any(entry.instances.plane is None for entry in entries):
        return [_named(entry) for entry in entries]
    if not wanted.planes:
        pick(entries, None, path)  # raises: a plane is to be chosen
    return [_named(entries[0])._replace(entries=_of_planes(entries, wanted.task))]


def _of_planes(entries: Sequence[ImageAnnotation], task: str) -> tuple[ImageAnnotation, ...]:
    """The planes of an image that have objects; the first where none has.

    One id on two planes is one object. Regions of a mask are numbered anew on each plane, so that
    here they are numbered through.
    """
    if len(entries) == 1:
        return tuple(entries)
    kept = [entry for entry in entries if len(entry.instances)] or entries[:1]
    if task == "instances":
        return tuple(kept)
    ids = np.array(unique_ids([one for entry in kept for one in entry.instances.ids.tolist()]))
    parts = np.split(ids, np.cumsum([len(entry.instances) for entry in kept])[:-1])
    return tuple(
        entry._replace(instances=entry.instances.replace(ids=own))
        for entry, own in zip(kept, parts, strict=True)
    )


def _named(entry: ImageAnnotation) -> _Named:
    """The image with a name that stays below the target."""
    file = PurePosixPath(entry.file_name.replace("\\", "/"))
    folders = [part for part in file.parent.parts if part not in ("..", ".", file.anchor)]
    last = stem(Path(file)) if file.suffix else file.name
    if last in ("", ".."):
        raise InputError(f"an image has the name {quoted(entry.file_name)}, which is no file's")
    parts = [UNSAFE.sub("_", part) for part in (*folders, last)]
    long = next((part for part in parts if len(part.encode("utf-8", "replace")) > LONGEST), None)
    if long is not None:
        raise InputError(f"the name of an image is too long for a file's: {quoted(long)}")
    return _Named("/".join(parts), (entry,))


def _last(file_name: str) -> str:
    return PurePosixPath(file_name).name
