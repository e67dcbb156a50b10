"""CSV: one row per object, for spreadsheets and statistics, and with the outline for reading back.

The outline is well-known text, so objects come back exactly (see `rounding`); image size, score and
class too, and in the columns `PLANE` where in a stack an object lies. Position, area and box are
for people and not read. Columns that we do not know are kept. Tables that a spreadsheet saved again
are read, see `csv_dialect`. Among several images one without objects is a row that names it. Class
names that no object has are lost, and a table of one image without objects does not name it.
Spreadsheets cut cells at 32,767 characters, which very long outlines exceed.
"""

import csv
import io
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.files import atomic, csv_dialect
from kontur.files.csv_dialect import Dialect
from kontur.formats import outline_repair
from kontur.formats.attributes import attributes_of, of_texts, plain
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
from kontur.formats.csv.units_file import remove_units
from kontur.formats.format import Format
from kontur.formats.image_annotation import (
    PROBABILITY,
    ClassPrediction,
    ImageAnnotation,
    check_count,
    without_probabilities,
)
from kontur.formats.object_rows import PLANE, plane_columns
from kontur.formats.outline_file import OutlineFile
from kontur.formats.planes import by_plane
from kontur.formats.qupath import CLASS_COLOUR
from kontur.formats.rounding import DECIMALS, rounded, rounded_score
from kontur.instances import CLASSES, Instances
from kontur.instances.plane import Plane
from kontur.wording import listed, quoted, shortened

log = logging.getLogger("kontur.formats")

MEASURED = ("x", "y", "area", "left", "top", "right", "bottom")  # x and y are the centroid's
COLUMNS = (
    *("image", "id", "class", "score", "ignore", *MEASURED),
    *("image_height", "image_width", "outline"),
)
EXTRAS = "csv"  # the key of what other columns say of an object
OUTLINES = ("outline", "geometry", "wkt", "wkb")  # columns of outlines; the first that is there
MARK = "\ufeff"  # without it spreadsheets misread letters beyond ASCII


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The images of a table with their objects; without rows, the one that the file is named after.

    Errors and repairs as in `from_text`.
    """
    dialect = csv_dialect.detect(file.path)
    table = _parsed(csv_dialect.rows(file.path, dialect), dialect, file.path)
    entries = _entries(table, file.path, file.page)
    return entries or [ImageAnnotation(file.path.stem, None, Instances.empty())]


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write the objects of many images into one table, whole or not at all."""
    atomic.write_text(path, _marked(to_text(entries)), overwrite=overwrite)
    remove_units(path)


@contextmanager
def stream(
    path: Path, image: ImageAnnotation, *, overwrite: bool = True
) -> Iterator[Callable[[Instances], None]]:
    """Write the objects of one image part by part; see `geojson.format.stream`."""
    with (
        atomic.replacing(path, overwrite=overwrite) as beside,
        beside.open("w", encoding="utf-8", errors="replace", newline="") as file,
    ):
        columns = [*COLUMNS, *plane_columns(image.instances.plane)]
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        yield lambda instances: writer.writerows(_rows(image._replace(instances=instances)))
    remove_units(path)


def to_text(entries: Sequence[ImageAnnotation]) -> str:
    """The objects of many images as one table; columns that others added come last.

    Images are taken one by one, twice, and none is held.
    """
    more: dict[str, None] = {}
    for objects in (entry.instances for entry in entries):
        more |= dict.fromkeys(plane_columns(objects.plane))
        more |= dict.fromkeys(name for i in range(len(objects)) for name in _others(objects, i))
    ours = [name for name in PLANE if name in more]
    others = [name for name in more if name not in (*COLUMNS, *PLANE)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *ours, *others], restval="", lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerows(_rows(entry, named=len(entries) > 1))
    return text.getvalue()


def from_text(text: str, *, where: str | Path = "CSV") -> list[ImageAnnotation]:
    """The images of a table in the order of their first rows, with their objects.

    Needs the column `outline`; objects without class are of the class `object`, those without id
    get the next free one. Outlines that cross themselves are repaired and rows without an outline
    left out, with a line of logging. Raises `InputError` naming the line that is wrong.
    """
    dialect = csv_dialect.detect_in_text(text)
    rows = csv_dialect.rows_of_text(text.removeprefix(MARK), dialect, where=where)
    return _entries(_parsed(rows, dialect, where), where, None)


def relabel(
    file: OutlineFile, predicted: Sequence[Sequence[ClassPrediction]], classes: Sequence[str]
) -> str:
    """The text of the table with other classes, and probabilities in columns of their own.

    Probabilities and colours of earlier classes go; every other cell stays as it is written. Raises
    `InputError` where the objects are not so many.
    """
    dialect = csv_dialect.detect(file.path)
    table = _parsed(csv_dialect.rows(file.path, dialect), dialect, file.path)
    planes = _planes(table, file.path, file.page)
    check_count(planes, predicted, file.path)
    rows = [dict(row) for row in table.rows]
    new: dict[str, None] = {"class": None}
    for (name, _, objects), of_image in zip(planes, predicted, strict=True):
        check_count(objects, of_image, f"{file.path}: {name}")
        for number, prediction in zip(objects, of_image, strict=True):
            cells = {
                f"{PROBABILITY[0]}{label}": str(rounded_score(share)).replace(".", dialect.decimal)
                for label, share in prediction.probabilities.items()
            }
            new.update(dict.fromkeys(cells))
            rows[number] = without_probabilities(rows[number]) | cells
            if prediction.name is not None:
                rows[number].pop(CLASS_COLOUR, None)
                rows[number]["class"] = prediction.name
    text = io.StringIO()
    filled = set[str]().union(*rows)
    earlier = [
        name
        for name in table.columns
        if name in filled or not (name == CLASS_COLOUR or name.startswith(PROBABILITY))
    ]
    columns = list(dict.fromkeys([*earlier, *new]))
    writer = csv.DictWriter(
        text, columns, restval="", lineterminator="\n", delimiter=dialect.delimiter
    )
    writer.writeheader()
    writer.writerows(rows)
    return _marked(text.getvalue())


class _Table(NamedTuple):
    """A table as read: cells by column, the rows of each image, and the rows with an outline."""

    columns: list[str]
    rows: list[Row]
    wheres: list[str]
    images: dict[str, list[int]]
    polygons: Shaped[np.ndarray, " k"]  # of the rows that are kept
    kept: Bool[np.ndarray, " n"]
    without: list[str | None]  # what a row has in place of an outline
    dialect: Dialect


def _parsed(cells: Iterator[tuple[int, list[str]]], dialect: Dialect, where: str | Path) -> _Table:
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
    return _Table(columns, rows, wheres, images, polygons, kept, without, dialect)


def _entries(table: _Table, where: str | Path, page: int | None) -> list[ImageAnnotation]:
    named = (class_of(row) for row in table.rows if not is_image(row))
    classes = list(dict.fromkeys(named)) or list(CLASSES)
    without = {  # of all planes of an image, with its first
        name: Counter(kind for n in numbers if (kind := table.without[n]))
        for name, numbers in table.images.items()
    }
    sizes = {name: _size(name, table, where) for name in table.images}
    at = np.cumsum(table.kept) - 1  # the place of a row's polygon
    ids = ids_of(table.rows, table.wheres, _planes(table, where, None))
    entries = []
    for name, plane, numbers in _planes(table, where, page):
        polygons = table.polygons[at[np.array(numbers, dtype=np.int64)]]
        instances = _objects(polygons, numbers, table, sizes[name], classes).replace(
            ids=np.array([ids[n] for n in numbers], dtype=np.int64), plane=plane
        )
        bare = without.pop(name, Counter())
        entries.append(ImageAnnotation(name, sizes[name], instances, without_outline=bare))
    return entries


def _planes(
    table: _Table, where: str | Path, page: int | None
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


def _size(name: str, table: _Table, where: str | Path) -> tuple[int, int] | None:
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
    table: _Table,
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


def _rows(entry: ImageAnnotation, *, named: bool = False) -> list[dict[str, Any]]:
    """A row for each object; where an image is to be `named` and has none, one of the image."""
    instances, size = entry.instances, entry.size or entry.instances.size
    of_image = {
        "image": entry.file_name,
        "image_height": "" if size is None else size[0],
        "image_width": "" if size is None else size[1],
        **plane_columns(instances.plane),
    }
    if named and len(instances) == 0:
        return [of_image]
    polygons = rounded(instances.polygons)
    centres = shapely.get_coordinates(shapely.centroid(polygons))
    corners = shapely.bounds(polygons).reshape(-1, 4)
    numbers = np.column_stack([centres, shapely.area(polygons), corners])
    readable = (np.round(numbers, DECIMALS) + 0.0).tolist()
    outlines = wkt.to_texts(polygons)
    rows = []
    for i, score in enumerate(instances.scores):
        row = {
            **of_image,
            "id": int(instances.ids[i]),
            "class": instances.classes[instances.labels[i]],
            "score": "" if np.isnan(score) else rounded_score(score),
            "ignore": int(instances.ignore[i]),
            **dict(zip(MEASURED, readable[i], strict=True)),
            "outline": outlines[i],
        }
        rows.append({**_others(instances, i), **row})
    return rows


def _others(instances: Instances, i: int) -> Mapping[str, Any]:
    """What stands in other columns than ours: of a table, and what other files said."""
    own = instances.extras[i].get(EXTRAS, {})
    return {**_takes(attributes_of(instances, i, but=EXTRAS)), **own}


def _takes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What a table holds of the attributes of an object, see `attributes`."""
    return {name: v for name, v in plain(attributes).items() if _is_other(name)}


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
    return {name: value for name, value in row.items() if _is_other(name)}


def _is_other(column: str) -> bool:
    return bool(column) and column not in (*COLUMNS, *PLANE) and column.lower() not in OUTLINES


def _marked(text: str) -> str:
    return text if text.isascii() else MARK + text


def _recognise(file: OutlineFile) -> bool:
    """Whether its heading has the column of outlines; tables of other things end in .csv too."""
    try:
        _, heading = next(csv_dialect.rows(file.path), (0, []))
    except InputError:
        return False
    names = {name.strip().lower() for name in heading}
    return "outline" in names or bool({"geometry", "wkt", "wkb"} & names)


FORMAT = Format(
    name="csv",
    title="CSV table",
    endings=(".csv",),
    shared_endings=(".csv",),
    read=read,
    write=write,
    stream=stream,
    relabel=relabel,
    recognise=_recognise,
    several_images=True,
    planes=True,
    extras=EXTRAS,
    takes=_takes,
    attributes=of_texts,
    unused_classes=False,
)
