"""Annotation options: how the annotations of a folder are read, and which classes they hold.

`task` is what the values of a mask file mean, see `formats.masks`. Classes come from `classes.csv`,
from the annotation itself (COCO, GeoJSON) or, for `semantic`, from the values in the masks, which
are all read once for this.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Integer

from kontur.data.folder_tables import ClassTable
from kontur.data.layout import AnnotatedImage, Layout
from kontur.errors import InputError
from kontur.formats import labels as label_images
from kontur.formats.masks import IGNORE, Task, choose_task, class_names
from kontur.formats.page_count import count_pages
from kontur.instances import CLASSES


class AnnotationOptions(NamedTuple):
    """How annotations are read: the same for all images of a folder.

    Attributes:
        task: what the values of a mask file mean.
        classes: the class names, without `ignore`.
        table: the class of each object, where there is a `classes.csv`.
        class_of_value: the class of each pixel value, for the task `semantic`.
        page: the page that is read of images with several, from 0.
    """

    task: Task
    classes: tuple[str, ...]
    table: ClassTable | None = None
    class_of_value: Mapping[int, str] | None = None
    page: int | None = None


def annotation_options(
    layout: Layout, task: str, table: ClassTable | None, page: int | None
) -> AnnotationOptions:
    """The reading of a layout; raises `InputError` for a task that does not fit it."""
    chosen = choose_task(task)
    masks = [item for item in layout.annotated if item.kind == "labels"]
    if chosen == "components" and not masks:
        raise InputError(
            f"task=components is for one binary mask per image, but the annotations are of the "
            f"layout {layout.kind!r}, where every object is separate already; leave the task out"
        )
    if chosen == "semantic" and masks:
        names = _value_classes(masks, table, page)
        classes = tuple(dict.fromkeys(name for name in names.values() if name != IGNORE))
        return AnnotationOptions(chosen, classes or CLASSES, None, names, page)
    if table is not None:
        return AnnotationOptions(chosen, table.classes or CLASSES, table, None, page)
    declared = layout.classes if layout.classes is not None else _outline_classes(layout.annotated)
    return AnnotationOptions(chosen, declared or CLASSES, None, None, page)


def read_labels(path: Path, *, page: int | None = None) -> Integer[np.ndarray, "h w"]:
    """A label image as stored: 0 is background, negative values are regions to ignore.

    `page` counts where the file has several; masks of one page of a stack often have but one.
    """
    try:
        return label_images.read_array(path)
    except InputError:
        if page is None:
            raise
        return label_images.read_array(path, page=page)


def classes_of_values(files: Sequence[Path], *, page: int | None = None) -> dict[int, str]:
    """The class that each value of semantic masks stands for, from all of their values.

    Those of a page, or of all pages where none is chosen. A mask that cannot be read is skipped
    here; reading its sample raises the error. Raises `InputError` for too many values, see
    `masks.class_names`.
    """

    def values_of(path: Path) -> set[int]:
        try:
            pages = [page] if page is not None else range(count_pages(path))
            arrays = (read_labels(path, page=number) for number in pages)
            return {int(value) for array in arrays for value in np.unique(array)}
        except InputError:
            return set()

    with ThreadPoolExecutor() as pool:
        values: set[int] = set().union(*pool.map(values_of, files))
    return class_names({value for value in values if value > 0})


def _value_classes(
    masks: Sequence[AnnotatedImage], table: ClassTable | None, page: int | None
) -> dict[int, str]:
    """The class of every pixel value: from `classes.csv`, or the value itself as its name."""
    if table is None:
        return classes_of_values([item.annotation for item in masks], page=page)
    if table.of_object or table.of_image or not table.of_id:
        raise InputError(
            f"for task=semantic {table.path} has the columns id,class, where id is the pixel "
            "value; a column image does not fit"
        )
    return dict(sorted(table.of_id.items()))


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
