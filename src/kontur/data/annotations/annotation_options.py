"""Annotation options: how the annotations of a folder are read, and which classes they hold.

`task` is what the values of a mask file mean, see `formats.masks`. Classes come from `classes.csv`,
from the annotation itself (COCO, GeoJSON) or, for `semantic`, from the values in the masks, which
are all read once for this.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Integer

from kontur import formats
from kontur.data.annotations.folder_tables import ClassTable
from kontur.data.layouts.layout import AnnotatedImage, Layout
from kontur.data.planes.places import label_page
from kontur.errors import InputError
from kontur.formats.label_image import format as label_images
from kontur.formats.masks import IGNORE, Task, choose_task, class_names
from kontur.instances import CLASSES


class AnnotationOptions(NamedTuple):
    """How annotations are read: the same for all images of a folder.

    Attributes:
        task: what the values of a mask file mean.
        classes: the class names, without `ignore`.
        table: the class of each object, where there is a `classes.csv`.
        class_of_value: the class of each pixel value, for the task `semantic`.
    """

    task: Task
    classes: tuple[str, ...]
    table: ClassTable | None = None
    class_of_value: Mapping[int, str] | None = None


def annotation_options(layout: Layout, task: str, table: ClassTable | None) -> AnnotationOptions:
    """The reading of a layout; raises `InputError` for a task that does not fit it."""
    chosen = choose_task(task)
    named = [item.class_of_value for item in layout.annotated if item.kind == "labels"]
    if chosen == "instances" and table is None and any(named):
        chosen = "semantic"
    masks = [item for item in layout.annotated if item.kind == "labels"]
    if chosen == "components" and not masks and not _any_raster(layout):
        raise InputError(
            f"task=components is for one binary mask per image, but the annotations are of the "
            f"layout {layout.kind!r}, where every object is separate already; leave the task out"
        )
    if chosen == "semantic" and masks:
        names = _value_classes(masks, table)
        classes = tuple(dict.fromkeys(name for name in names.values() if name != IGNORE))
        return AnnotationOptions(chosen, classes or CLASSES, None, names)
    if table is not None:
        return AnnotationOptions(chosen, table.classes or CLASSES, table)
    declared = layout.classes if layout.classes is not None else _outline_classes(layout.annotated)
    return AnnotationOptions(chosen, declared or CLASSES)


def _any_raster(layout: Layout) -> bool:
    """Whether some outlines are label images of their own, as OME-Zarr has them."""
    known = {formats.find_format(item.annotation) for item in layout.annotated}
    return any(kind is not None and kind.raster for kind in known)


def read_labels(
    path: Path, *, page: int | None = None, task: str = "instances"
) -> Integer[np.ndarray, "h w"]:
    """A label image as stored: 0 is background, negative values are regions to ignore.

    `page` counts where the file has several; masks of one page of a stack often have but one.
    """
    try:
        return label_images.read_array(path, task=task)
    except InputError:
        if page is None:
            raise
        return label_images.read_array(path, page=page, task=task)


def classes_of_values(files: Iterable[tuple[Path, int | None]]) -> dict[int, str]:
    """The class that each value of semantic masks stands for, from all `values_of` them.

    Raises `InputError` for too many values, see `masks.class_names`.
    """
    return class_names(values_of(files))


def values_of(files: Iterable[tuple[Path, int | None]]) -> set[int]:
    """The values above 0 of masks, each a file and its page, where it has several.

    A mask that cannot be read is skipped here; reading its sample raises the error.
    """

    def values_in(mask: tuple[Path, int | None]) -> set[int]:
        path, page = mask
        try:
            array = read_labels(path, page=page, task="semantic")
            return {int(value) for value in np.unique(array)}
        except InputError:
            return set()

    with ThreadPoolExecutor() as pool:
        values: set[int] = set().union(*pool.map(values_in, files))
    return {value for value in values if value > 0}


def _value_classes(masks: Sequence[AnnotatedImage], table: ClassTable | None) -> dict[int, str]:
    """The class of every pixel value: from `classes.csv`, the data set, or the value as its name.

    Raises `InputError` where two data sets that were joined disagree.
    """
    if table is None:
        named = {pair for item in masks for pair in (item.class_of_value or {}).items()}
        twice = Counter(value for value, _ in named).most_common(1)
        if twice and twice[0][1] > 1:
            raise InputError(
                f"the data sets name the value {twice[0][0]} differently; give one after the other"
            )
        if named:
            return dict(sorted(named))
        return classes_of_values([(item.annotation, _page_in(item)) for item in masks])
    if table.of_object or table.of_image or not table.of_id:
        raise InputError(
            f"for task=semantic {table.path} has the columns id,class, where id is the pixel "
            "value; a column image does not fit"
        )
    return dict(sorted(table.of_id.items()))


def _page_in(item: AnnotatedImage) -> int | None:
    """The page of labels that is read; where they do not fit, reading their sample says so."""
    try:
        return label_page(item.annotation, item.image, item.page)
    except InputError:
        return item.page


def _outline_classes(annotated: tuple[AnnotatedImage, ...]) -> tuple[str, ...] | None:
    """The classes that outline files name: in their order where they agree, else sorted.

    A file without objects that names no class has the one that stands for none: it does not count
    beside others.
    """
    read = [item.instances for item in annotated if item.instances is not None]
    lists = {one.classes for one in read if len(one) or one.classes != CLASSES}
    lists = lists or {one.classes for one in read}
    if len(lists) == 1:
        return lists.pop()
    return tuple(sorted({name for classes in lists for name in classes})) or None
