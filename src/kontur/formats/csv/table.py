"""A CSV table as read: its cells by column, and the objects of the images that it has rows of."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.files.csv_dialect import Dialect
from kontur.formats import outline_repair
from kontur.formats.collected_areas import area_of
from kontur.formats.csv import wkt
from kontur.formats.csv.cells import (
    Row,
    class_of,
    ids_of,
    is_image,
    number_in,
    plane_of,
    score_of,
    size_of,
)
from kontur.formats.csv.columns import EXTRAS, OUTLINES, is_other
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.object_rows import PLANE
from kontur.formats.planes import by_plane
from kontur.instances import CLASSES, Instances
from kontur.instances.plane import Plane
from kontur.wording import listed, quoted, shortened

log = logging.getLogger("kontur.formats")


class Table(NamedTuple):
    """A table as read: cells by column, the rows of each image, and the rows with an outline."""

    columns: list[str]
    rows: list[Row]
    wheres: list[str]
    images: dict[str, list[int]]
    polygons: Shaped[np.ndarray, " k"]  # of the rows that are kept
    kept: Bool[np.ndarray, " n"]
    without: list[str | None]  # what a row has in place of an outline
    dialect: Dialect


def parse_table(
    cells: Iterator[tuple[int, list[str]]], dialect: Dialect, where: str | Path
) -> Table:
    """The table of lines of cells, its heading first; outlines that cross themselves are repaired.

    Rows without an outline are left out with a line of logging. Raises `InputError` where no column
    is of outlines, two have one name, or an outline cannot be read.
    """
    columns = [name.strip() for name in next(cells, (0, []))[1]]
    while columns and not columns[-1]:
        columns.pop()
    column = next((name for name in OUTLINES if name in map(str.lower, columns)), None)
    if column is None:
        known = listed(columns, most=8) or "nothing"
        raise InputError(f"{where} has no column 'outline' and so no objects; it has {known}")
    repeated = next(
        (name for name, number in Counter(columns).items() if name and number > 1), None
    )
    if repeated:
        raise InputError(f"{where} has two columns {quoted(repeated)}; rename one of them")
    rows: list[Row] = []
    wheres: list[str] = []
    images: dict[str, list[int]] = {}
    for line, values in cells:
        row = dict(zip(columns, values, strict=False))
        images.setdefault(row.get("image", ""), []).append(len(rows))
        rows.append(row)
        wheres.append(f"{where}, line {line}")
    column = next(name for name in columns if name.lower() == column)
    shapes, without = _outlines([row.get(column, "").strip() for row in rows], wheres)
    without = [None if is_image(row) else kind for row, kind in zip(rows, without, strict=True)]
    polygons, kept = outline_repair.repaired(shapes, where)
    bare = Counter(kind for kind in without if kind)
    if bare:
        log.warning(
            "%s: %d of %d rows have no outline (%s): left out",
            *(where, bare.total(), len(rows)),
            listed(f"{number} × {kind}" for kind, number in bare.items()),
        )
    return Table(columns, rows, wheres, images, polygons, kept, without, dialect)


def entries_of(table: Table, where: str | Path, page: int | None) -> list[ImageAnnotation]:
    """The planes of the images of a table with their objects; with `page` that one of each."""
    named = (class_of(row) for row in table.rows if not is_image(row))
    classes = list(dict.fromkeys(named)) or list(CLASSES)
    without = {  # of all planes of an image, with its first
        name: Counter(kind for n in numbers if (kind := table.without[n]))
        for name, numbers in table.images.items()
    }
    sizes = {name: _size(name, table, where) for name in table.images}
    at = np.cumsum(table.kept) - 1  # the place of a row's polygon
    ids = ids_of(table.rows, table.wheres, planes_of(table, where, None))
    entries = []
    for name, plane, numbers in planes_of(table, where, page):
        polygons = table.polygons[at[np.array(numbers, dtype=np.int64)]]
        instances = _objects(polygons, numbers, table, sizes[name], classes).replace(
            ids=np.array([ids[n] for n in numbers], dtype=np.int64), plane=plane
        )
        bare = without.pop(name, Counter())
        entries.append(ImageAnnotation(name, sizes[name], instances, without_outline=bare))
    return entries


def planes_of(
    table: Table, where: str | Path, page: int | None
) -> list[tuple[str, Plane | None, list[int]]]:
    """The rows with an outline of each plane of each image, see `by_plane`."""
    decimal, named = table.dialect.decimal, bool({*PLANE} & {*table.columns})
    found = []
    for name, numbers in table.images.items():
        kept = [number for number in numbers if table.kept[number]]
        planes = [
            plane_of(table.rows[number], decimal, table.wheres[number]) if named else None
            for number in kept
        ]
        found += [
            (name, plane, [kept[i] for i in places])
            for plane, places in by_plane(planes, page, where)
        ]
    return found


def _size(name: str, table: Table, where: str | Path) -> tuple[int, int] | None:
    numbers, decimal = table.images[name], table.dialect.decimal
    sizes = {size_of(table.rows[n], decimal, table.wheres[n]) for n in numbers}
    if len(sizes) > 1:
        raise InputError(
            f"{where} gives the image {shortened(name) or 'without name'} different sizes"
        )
    return sizes.pop()


def _objects(
    polygons: Shaped[np.ndarray, " k"],
    numbers: Sequence[int],
    table: Table,
    size: tuple[int, int] | None,
    classes: list[str],
) -> Instances:
    decimal = table.dialect.decimal
    objects = [(table.rows[n], table.wheres[n]) for n in numbers]
    scores = [score_of(row, decimal, place) for row, place in objects]
    return Instances.of_valid(
        polygons,
        labels=[classes.index(class_of(row)) for row, _ in objects] or None,
        scores=scores or None,
        ignore=[bool(number_in(row, "ignore", decimal, place)) for row, place in objects] or None,
        extras=[{EXTRAS: _rest(row)} for row, _ in objects],
        size=size,
        classes=classes,
    )


def _outlines(
    texts: Sequence[str], wheres: Sequence[str]
) -> tuple[list[Polygon | MultiPolygon | None], list[str | None]]:
    """The unchecked outline of every row, and what a row has that has none."""
    written = [number for number, text in enumerate(texts) if text]
    try:
        parsed = wkt.from_texts([texts[number] for number in written])
    except ValueError as error:
        number = written[error.args[0]]
        raise InputError(
            f"{wheres[number]}: the outline is no well-known text or is cut short: "
            f"{quoted(texts[number][:40])}"
        ) from None
    shapes: list[Polygon | MultiPolygon | None] = [None] * len(texts)
    without: list[str | None] = ["empty cell"] * len(texts)
    for number, found in zip(written, parsed, strict=True):
        shapes[number] = shape = area_of(found, wheres[number])
        without[number] = None if shape is not None else texts[number].partition("(")[0].strip()
    return shapes, without


def _rest(row: Row) -> dict[str, str]:
    return {name: value for name, value in row.items() if is_other(name)}
