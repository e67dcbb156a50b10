"""Annotations: the objects of one image, read from the files in which they are written."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import shapely
from jaxtyping import Integer

from kontur import formats
from kontur.data.annotations.annotation_options import AnnotationOptions, read_labels
from kontur.data.annotations.exchanged_axes import ADVICE, EXCHANGED, axes_exchanged
from kontur.data.file_names import walk
from kontur.data.layouts.layout import AnnotatedImage
from kontur.data.planes.image_planes import entries_on_page, states_all_planes
from kontur.data.planes.places import label_page, places_by_page
from kontur.errors import InputError
from kontur.formats import ImageAnnotation, masks
from kontur.formats.image_annotation import pick
from kontur.formats.nifti.axes import axes_note
from kontur.formats.nifti.space import check_same_space
from kontur.geometry import raster
from kontur.images.image_file import is_image, read_image
from kontur.instances import CLASSES, Instances

LARGEST_ID = 2**63 - 1


def read_annotation(
    item: AnnotatedImage, size: tuple[int, int], options: AnnotationOptions
) -> Instances:
    """The objects of one image of `size` (height, width); regions to ignore are among them.

    Raises `InputError` that names the file where it cannot be read or does not fit the image.
    """
    if item.kind not in ("masks", "labels"):
        read = item.instances
        if read is None:
            read = pick(_entries(item, size, options.task), None, item.annotation).instances
        _check_size(read.size, size, item.annotation, item.image)
        instances = _inside(_named(read, options.classes, item.annotation), size, item.annotation)
    elif item.kind == "masks":
        instances = _read_masks(item, size, options)
    else:
        check_same_space(item.annotation, item.image)
        array = read_labels(item.annotation, page=_page_in(item), task=options.task)
        _check_size(_size(array), size, item.annotation, item.image)
        instances = from_labels(array, item, options)
    return _with_ignore_mask(instances, item, size, options)


def read_outlines(
    annotated: Sequence[AnnotatedImage], task: str = "instances"
) -> tuple[AnnotatedImage, ...]:
    """The same images with their outline files read, since those name the classes.

    `task` is what the values of those mean that are label images (OME-Zarr). Those that were read
    already stay. A file that cannot be read stays unread: reading its sample raises the error.
    """

    def read(item: AnnotatedImage) -> AnnotatedImage:
        try:
            relative = formats.format_of(item.annotation).relative
            size = read_image(item.image, page=item.page).pixels.shape[:2] if relative else None
            entries = _entries(item, size, task)
            entry = pick(entries, None, item.annotation)
            return item.replace(instances=entry.instances, extras=entry.extras)
        except InputError:
            return item

    unread = [item.kind == "outlines" and item.instances is None for item in annotated]
    if not any(unread):
        return tuple(annotated)
    with ThreadPoolExecutor() as pool:
        waiting = [item for item, new in zip(annotated, unread, strict=True) if new]
        outlined = iter(list(pool.map(read, waiting)))
    return tuple(next(outlined) if n else item for item, n in zip(annotated, unread, strict=True))


def from_labels(
    array: Integer[np.ndarray, "h w"], item: AnnotatedImage, options: AnnotationOptions
) -> Instances:
    """The objects of one label image, by `options.task`."""
    if options.task == "components":
        instances = masks.components(array, where=item.annotation, classes=options.classes)
        return _classed(instances, item, options)
    if options.task == "semantic":
        instances = masks.semantic(array, options.class_of_value, where=item.annotation)
        return _named(instances, options.classes, item.annotation)
    masks.check_ids_did_not_run_over(array, array.dtype, item.annotation)
    instances = Instances.from_label_image(array, options.classes)
    return _classed(instances, item, options)


def _entries(
    item: AnnotatedImage, size: tuple[int, int] | None, task: str
) -> list[ImageAnnotation]:
    """What a file of outlines says of an image, or of the page of it that is chosen."""
    path, page = item.annotation, item.page
    kind = formats.format_of(path)
    if page is None or kind.raster or not kind.planes:
        return formats.read_images(path, page=_page_in(item), task=task, size=size)
    at = places_by_page(item.image).get(page)
    if at is None:
        return formats.read_images(path, page=page, size=size)
    return entries_on_page(formats.read_images(path, size=size), page, path, at=at)


def _page_in(item: AnnotatedImage) -> int | None:
    """The page of the annotation that is of the chosen page of its image."""
    if item.page is None or not (item.kind == "labels" or states_all_planes(item.annotation)):
        return item.page
    return label_page(item.annotation, item.image, item.page)


def _read_masks(
    item: AnnotatedImage, size: tuple[int, int], options: AnnotationOptions
) -> Instances:
    """One mask per object; its id is the number that is the file's name, or its place from 1.

    Each mask is traced and forgotten: a thousand of them would not fit into memory. An empty one
    is no object.
    """
    outlines, names = [], []
    for name, path in walk(item.annotation):
        if is_image(path):
            mask = read_labels(path)
            _check_size(_size(mask), size, path, item.image)
            outlines.append(raster.trace(mask != 0))
            names.append(name)
    polygons = np.array([*outlines, None], dtype=object)[:-1]  # of none too
    ids = np.arange(1, len(names) + 1)
    if all(name.isascii() and name.isdigit() for name in names):
        numbers = [int(name) for name in names]
        if len({*numbers, 0}) > len(numbers) and max(numbers, default=0) <= LARGEST_ID:
            ids = np.array(numbers, dtype=np.int64)  # all different, none 0
    filled = ~shapely.is_empty(polygons)
    instances = Instances.of_valid(
        polygons[filled], ids=ids[filled], size=size, classes=options.classes
    )
    return _classed(instances, item, options)


def _classed(instances: Instances, item: AnnotatedImage, options: AnnotationOptions) -> Instances:
    """The objects with the classes that `classes.csv` gives them."""
    if options.table is None:
        return instances
    names = [
        masks.IGNORE if ignored else options.table.class_of(item.name, int(identity))
        for identity, ignored in zip(instances.ids, instances.ignore, strict=True)
    ]
    index = {name: place for place, name in enumerate(options.classes)}
    return instances.replace(
        labels=np.array([index.get(name, 0) for name in names], dtype=np.int64),
        ignore=np.array([name == masks.IGNORE for name in names], dtype=bool),
    )


def _named(instances: Instances, classes: Sequence[str], path: Path) -> Instances:
    """The objects with labels that index the folder's classes, not the file's."""
    if instances.classes == tuple(classes):
        return instances
    index = {name: place for place, name in enumerate(classes)}
    if instances.classes == CLASSES and len(classes) == 1:
        index = {CLASSES[0]: 0}  # a file that names no class fits any single one
    used = sorted({instances.classes[label] for label in instances.labels[~instances.ignore]})
    unknown = [name for name in used if name not in index]
    if unknown:
        raise InputError(
            f"{path} holds objects of class {unknown[0]!r}, which is none of {', '.join(classes)}"
        )
    place = np.array([index.get(name, 0) for name in instances.classes], dtype=np.int64)
    return instances.replace(labels=place[instances.labels], classes=tuple(classes))


def _inside(instances: Instances, size: tuple[int, int], path: Path) -> Instances:
    """Outlines cut to the image; one that lies outside belongs to another image."""
    cut = instances.clip(size)
    image = f"its image of {size[0]}×{size[1]} pixels (height × width)"
    # A crop keeps objects that reach over its border: that alone is no ground to refuse it.
    if len(cut) < len(instances):
        if axes_exchanged(instances.boxes, size):
            raise InputError(f"outlines in {path} lie outside {image}: {EXCHANGED}; {ADVICE}")
        raise InputError(
            f"{len(instances) - len(cut)} of {len(instances)} outlines in {path} lie outside "
            f"{image}; they belong to another image, or to this one at another scale"
        )
    return cut


def _with_ignore_mask(
    instances: Instances, item: AnnotatedImage, size: tuple[int, int], options: AnnotationOptions
) -> Instances:
    if item.ignore is None:
        return instances
    mask = read_labels(item.ignore, page=label_page(item.ignore, item.image, item.page))
    _check_size(_size(mask), size, item.ignore, item.image)
    regions = masks.connected(mask != 0)
    unsure = Instances.of_valid(
        regions, ignore=np.ones(len(regions), dtype=bool), size=size, classes=options.classes
    )
    return Instances.concat([instances, unsure])


def _check_size(
    size: tuple[int, int] | None, wanted: tuple[int, int], path: Path, image: Path
) -> None:
    if size is not None and tuple(size) != tuple(wanted):
        raise InputError(
            f"{path} is made for {size[0]}×{size[1]} pixels (height × width), but its image "
            f"{image} has {wanted[0]}×{wanted[1]}; give the annotation of this image at its size"
            f"{axes_note(path, image)}"
        )


def _size(array: Integer[np.ndarray, "h w"]) -> tuple[int, int]:
    height, width = array.shape
    return height, width
