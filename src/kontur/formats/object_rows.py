"""Rows of objects: what GeoParquet and GeoJSON lines have in common, an outline with columns.

Each row names its image, so a file holds any number of them. Columns of ours are `COLUMNS`, and
those of `PLANE` where an object lies on a plane of a stack; others are kept.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Int, Shaped

from kontur.errors import InputError
from kontur.files import json_document
from kontur.formats import outline_repair
from kontur.formats.attributes import attributes_of, plain
from kontur.formats.image_annotation import ImageAnnotation, ids_on_planes
from kontur.formats.image_size import LARGEST_SIDE
from kontur.formats.planes import by_plane, read_plane
from kontur.formats.rounding import rounded_score
from kontur.instances import CLASSES, Instances
from kontur.instances.checks import with_unique_ids
from kontur.instances.plane import Plane
from kontur.wording import listed, quoted

log = logging.getLogger("kontur.formats")

COLUMNS = ("image", "id", "class", "score", "ignore", "image_height", "image_width")
PLANE = ("plane_z", "plane_t", "plane_page")  # as in `Plane`; the page where that is neither
NUMBERS = ("score", "ignore", "image_height", "image_width", *PLANE)  # columns that want numbers
EXTRAS = "columns"  # the key of what other columns say of an object
OURS = (*COLUMNS, *PLANE, "geometry", "bbox")  # names that no other column can have
AREAS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)

Values = Mapping[str, Shaped[np.ndarray, " n"]]  # of each column, an object array


class ObjectRows(NamedTuple):
    """The rows of a file: the unchecked area of each or None, what is there instead, its columns.

    `sizes` are those of images that the file names elsewhere, with or without rows; `classes` come
    first in the list of classes, whether or not an object has them.
    """

    shapes: Sequence[Any]
    kinds: Sequence[str | None]
    values: Values
    sizes: Mapping[str, Any] = {}
    classes: Sequence[str] = ()


def columns_of(entry: ImageAnnotation, *, nested: bool = True) -> dict[str, list[Any]]:
    """The columns of the objects of an image, in the order in which they are written.

    Among them what files of other formats said of the objects. Without `nested` every value is a
    number, a text or a truth value.
    """
    one, size = entry.instances, entry.size or entry.instances.size
    columns: dict[str, list[Any]] = {
        "image": [entry.file_name] * len(one),
        "id": one.ids.tolist(),
        "class": [one.classes[label] for label in one.labels],
        "score": [None if np.isnan(score) else rounded_score(score) for score in one.scores],
        "ignore": one.ignore.tolist(),
        "image_height": [size[0] if size else None] * len(one),
        "image_width": [size[1] if size else None] * len(one),
    }
    columns |= {name: [number] * len(one) for name, number in plane_columns(one.plane).items()}
    extras = [_others(one, i, nested) for i in range(len(one))]
    for name in dict.fromkeys(key for row in extras for key in row if key not in columns):
        columns[name] = [row.get(name) for row in extras]
    return columns


def takes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What rows hold of the attributes of an object, see `attributes`."""
    return {name: v for name, v in plain(attributes).items() if name not in OURS}


def _others(instances: Instances, i: int, nested: bool) -> Mapping[str, Any]:
    """What stands in other columns than ours."""
    own = instances.extras[i].get(EXTRAS, {})
    others = takes(attributes_of(instances, i, but=EXTRAS if nested else ""))
    return {**others, **(own if nested else takes(own))}


def entries_of(
    rows: ObjectRows, where: Path, *, stem: str, page: int | None = None, part: bool = False
) -> list[ImageAnnotation]:
    """The images of the rows in the order of their first ones, each plane with its objects.

    `stem` is the image of rows that name none; with `page` the objects of that plane alone. An id
    that comes again on another plane is the same object there. What is no area is counted and left
    out. Of a `part` of a file it is noted which rows have no id. Raises `InputError` for columns of
    ours that are not numbers.
    """
    values = rows.values
    check_numbers(values, where)
    polygons, kept = outline_repair.repaired(rows.shapes, where)
    without = np.array([kind or "" for kind in rows.kinds], dtype=object)
    if any(rows.kinds):
        log.warning(
            "%s: %d of %d rows have no area (%s): left out",
            *(where, sum(map(bool, rows.kinds)), len(without)),
            listed(f"{n} × {kind}" for kind, n in Counter(filter(None, rows.kinds)).items()),
        )
    names = _texts(values.get("image"), len(without), stem)
    labels = _texts(values.get("class"), len(without), CLASSES[0])
    classes = list(dict.fromkeys([*rows.classes, *labels[kept].tolist()])) or [*CLASSES]
    index = {name: number for number, name in enumerate(classes)}
    at = np.cumsum(kept) - 1  # the place of a row's polygon
    entries = []
    for name, numbers in _by_image(names, rows.sizes).items():
        size = _size(values, numbers, rows.sizes.get(name), f"{where}: {name}")
        bare = Counter(kind for kind in without[numbers] if kind)  # of all its planes
        of_image = numbers[kept[numbers]]
        written = [json_document.whole_number(i) for i in _at_rows(values.get("id"), of_image)]
        planes = _planes(values, of_image, where)
        ids = np.array(
            ids_on_planes(written, [plane or Plane() for plane in planes]), dtype=np.int64
        )
        for plane, places in by_plane(planes, page, where):
            objects = of_image[places]
            none = tuple(i for i, place in enumerate(places) if written[place] is None)
            instances = Instances.of_valid(
                polygons[at[objects]],
                labels=np.array([index[label] for label in labels[objects]], dtype=np.int64),
                ids=with_unique_ids(ids[places]),
                scores=_scores(values.get("score"), objects),
                ignore=[bool(value) for value in _at_rows(values.get("ignore"), objects)],
                extras=_extras(values, objects),
                size=size,
                classes=classes,
            )
            placed = instances.replace(plane=plane) if plane is not None else instances
            entries.append(
                ImageAnnotation(name, size, placed, bare, unnumbered=none if part else ())
            )
            bare = Counter()
    return entries


def check_numbers(values: Values, where: Path) -> None:
    """Raise `InputError` where a column of ours that wants numbers holds something else."""
    for name in NUMBERS:
        odd = next((v for v in values.get(name, ()) if not isinstance(v, float | int | None)), None)
        if odd is not None:
            raise InputError(f"{where}: the column {name} holds {quoted(odd)}; wanted numbers")


def _by_image(
    names: Shaped[np.ndarray, " n"], sizes: Mapping[str, Any]
) -> dict[str, Int[np.ndarray, " m"]]:
    """The rows of every image, those that only `sizes` names first."""
    rows = {name: np.empty(0, dtype=np.int64) for name in sizes}
    order, first, group = np.unique(names, return_index=True, return_inverse=True)
    sorted_rows = np.argsort(group, kind="stable")
    ends = np.cumsum(np.bincount(group, minlength=len(order)))
    for place in np.argsort(first):
        rows[str(order[place])] = sorted_rows[ends[place - 1] if place else 0 : ends[place]]
    return rows


def plane_columns(plane: Plane | None) -> dict[str, int]:
    """What the columns `PLANE` say of a plane; those that are needed."""
    numbers = () if plane is None else plane
    return {
        name: number for name, number in zip(PLANE, numbers, strict=False) if number is not None
    }


def plane_in_columns(numbers: Sequence[Any], where: str | Path) -> Plane | None:
    """The plane that the values of the columns `PLANE` say; None where all are None."""
    known = {
        axis: number
        for axis, number in zip(Plane._fields, numbers, strict=True)
        if number is not None
    }
    return read_plane(known, where) if known else None


def _planes(values: Values, rows: Int[np.ndarray, " m"], where: Path) -> list[Plane | None]:
    columns: Iterator[Any] = zip(*(_at_rows(values.get(name), rows) for name in PLANE), strict=True)
    return [plane_in_columns(numbers, where) for numbers in columns]


def _extras(values: Values, rows: Int[np.ndarray, " m"]) -> list[dict[str, Any]] | None:
    ours = (*COLUMNS, *PLANE)
    others = {name: column for name, column in values.items() if name not in ours}
    if not others:
        return None
    return [
        {EXTRAS: {name: column[i] for name, column in others.items() if column[i] is not None}}
        for i in rows
    ]


def _texts(column: Shaped[np.ndarray, " n"] | None, length: int, default: str) -> np.ndarray:
    if column is None:
        return np.full(length, default, dtype=object)
    texts = [default if value is None or value != value else str(value) for value in column]
    return np.array([*texts, None], dtype=object)[:-1]


def _at_rows(column: Shaped[np.ndarray, " n"] | None, rows: Int[np.ndarray, " m"]) -> list[Any]:
    """The values of some rows; None where there is no such column, or a value is NaN."""
    if column is None:
        return [None] * len(rows)
    return [None if value != value else value for value in column[rows]]


def _scores(column: Shaped[np.ndarray, " n"] | None, rows: Int[np.ndarray, " m"]) -> list[float]:
    none = (type(None), bool, np.bool_)
    scores = [
        np.nan if isinstance(value, none) else float(value) for value in _at_rows(column, rows)
    ]
    return [score if 0 <= score <= 1 else np.nan for score in scores]


def _size(
    values: Values, rows: Int[np.ndarray, " m"], listed_size: Any, where: str
) -> tuple[int, int] | None:
    pairs = zip(
        _at_rows(values.get("image_height"), rows),
        _at_rows(values.get("image_width"), rows),
        strict=True,
    )
    sizes = {pair for pair in pairs if None not in pair}
    if isinstance(listed_size, list) and len(listed_size) == 2:
        sizes.add(tuple(listed_size))
    if len(sizes) > 1:
        raise InputError(f"{where} has different sizes")
    height, width = map(json_document.whole_number, sizes.pop() if sizes else (None, None))
    if height is None or width is None:
        return None
    if not 0 < min(height, width) <= max(height, width) < LARGEST_SIDE:
        raise InputError(f"{where} is {height}×{width} pixels; wanted whole numbers above 0")
    return height, width
