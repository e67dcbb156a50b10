"""CSV: one row an object, for spreadsheets and statistics, and with the outline to read back.

The outline is well-known text with all digits, so objects come back exactly; image size, score and
class too. Position, area and box are for people: rounded to 4 decimals and not read. Columns that
we do not know are kept. Class names that no object has are lost, and a table without objects says
nothing of its image. Spreadsheets cut cells at 32,767 characters, which very long
outlines exceed.
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import atomic, document
from kontur.formats.document import Entry
from kontur.instances import CLASSES, Instances

MEASURED = ("x", "y", "area", "left", "top", "right", "bottom")  # x and y are the centroid's
COLUMNS = (
    *("image", "id", "class", "score", "ignore", *MEASURED),
    *("image_height", "image_width", "outline"),
)
DECIMALS = 4  # of what is measured, in pixels and square pixels
LINE = "\n"  # where a row keeps its line's number: no column has this name


def read(
    path: str | Path, *, image: str | None = None, classes: Sequence[str] | None = None
) -> Instances:
    """The objects of one image: the only one, or the one named `image`.

    `classes` gives the order of the labels, else they come as they appear. A table without rows has
    no objects. Errors as in `read_dataset`.
    """
    entries = read_dataset(path, classes=classes)
    if not entries and image is None:
        return Instances.empty(classes=classes or CLASSES)
    return document.pick(entries, image, path).instances


def read_dataset(path: str | Path, *, classes: Sequence[str] | None = None) -> list[Entry]:
    """The images of a table with their objects; see `from_text`."""
    return from_text(document.load_text(path), classes=classes, where=path)


def write(
    path: str | Path,
    instances: Instances,
    *,
    image_name: str | None = None,
    overwrite: bool = True,
) -> None:
    """Write one image's objects; the name of the image is else that of the file."""
    name = Path(path).stem if image_name is None else image_name
    write_dataset(path, [Entry(name, instances.size, instances)], overwrite=overwrite)


def write_dataset(path: str | Path, entries: Iterable[Entry], *, overwrite: bool = True) -> None:
    """Write the objects of many images into one table, whole or not at all."""
    text = to_text(entries)
    mark = "" if text.isascii() else "\ufeff"  # without it spreadsheets misread other letters
    atomic.write_text(path, mark + text, overwrite=overwrite)


def to_text(entries: Iterable[Entry]) -> str:
    """The objects of many images as one table; columns that others added come last."""
    rows = [row for entry in entries for row in _table(entry)]
    more = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *more], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def from_text(
    text: str, *, classes: Sequence[str] | None = None, where: str | Path = "CSV"
) -> list[Entry]:
    """The images of a table in the order of their first rows, with their objects.

    Needs the column `outline`; objects without class are of the class `object`, ids count from 1
    where a table has none. Outlines that cross themselves are repaired, with a line of logging.
    Raises `InputError` naming the line that is wrong.
    """
    rows = _rows(text, where)
    if classes is None:
        found = dict.fromkeys(row.get("class") or CLASSES[0] for row in rows)
        classes = list(found) or list(CLASSES)
    images: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        images.setdefault(row.get("image") or "", []).append(row)
    return [_entry(name, rows, list(classes), where) for name, rows in images.items()]


def _table(entry: Entry) -> list[dict[str, Any]]:
    instances, size = entry.instances, entry.size or entry.instances.size
    centres = shapely.get_coordinates(shapely.centroid(instances.polygons))
    numbers = np.column_stack([centres, instances.areas, instances.boxes])
    readable = np.round(numbers, DECIMALS).tolist()
    rows = []
    for i in range(len(instances)):
        score = float(instances.scores[i])
        row = {
            "image": entry.file_name,
            "id": int(instances.ids[i]),
            "class": instances.classes[instances.labels[i]],
            "score": "" if np.isnan(score) else score,
            "ignore": int(instances.ignore[i]),
            **dict(zip(MEASURED, readable[i], strict=True)),
            "image_height": "" if size is None else size[0],
            "image_width": "" if size is None else size[1],
            "outline": _text(instances.polygons[i]),
        }
        rows.append({**instances.extras[i].get("csv", {}), **row})
    return rows


def _text(polygon: Polygon | MultiPolygon) -> str:
    """Well-known text with all digits; shapely's has 16 decimals, too few for small numbers."""
    parts = [
        ", ".join(
            f"({', '.join(f'{x!r} {y!r}' for x, y in shapely.get_coordinates(ring).tolist())})"
            for ring in (part.exterior, *part.interiors)
        )
        for part in shapely.get_parts(polygon)
    ]
    if polygon.geom_type == "Polygon":
        return f"POLYGON ({parts[0]})"
    return f"MULTIPOLYGON ({', '.join(f'({part})' for part in parts)})"


def _rows(text: str, where: str | Path) -> list[dict[str, str]]:
    """The rows by column name, with the number of the line under `LINE`."""
    limit = csv.field_size_limit(2**31 - 1)  # outlines are longer than the usual 131,072 characters
    try:
        reader = csv.DictReader(io.StringIO(text), restkey="", restval="")
        columns = reader.fieldnames or []
        if "outline" not in columns:
            listed = ", ".join(columns[:8]) or "nothing"
            raise InputError(f"{where} has no column 'outline' and so no objects; it has {listed}")
        return [{**row, LINE: str(reader.line_num)} for row in reader]
    except csv.Error as error:
        raise InputError(f"{where} is not a table of values with commas: {error}") from None
    finally:
        csv.field_size_limit(limit)


def _entry(
    name: str, rows: Sequence[Mapping[str, str]], classes: list[str], path: str | Path
) -> Entry:
    wheres = [f"{path}, line {row[LINE]}" for row in rows]
    shapes = [_outline(row, where) for row, where in zip(rows, wheres, strict=True)]
    sizes = {_size(row, where) for row, where in zip(rows, wheres, strict=True)}
    if len(sizes) > 1:
        raise InputError(f"{path} gives the image {name or 'without name'} different sizes")
    polygons, kept = document.mend(shapes, f"{path}: {name}" if name else path)
    lines = list(zip(rows, wheres, kept, strict=True))
    found = [(row, where) for row, where, keep in lines if keep]
    labels = [_label(row, classes, where) for row, where in found]
    ids = [_id(row, where) for row, where in found]
    scores = [_number(row, "score", where) for row, where in found]
    instances = Instances.of_valid(
        polygons,
        labels=labels or None,
        ids=[i for i in ids if i is not None] if found and None not in ids else None,
        scores=[np.nan if score is None else score for score in scores] or None,
        ignore=[bool(_number(row, "ignore", where)) for row, where in found] or None,
        extras=[{"csv": _rest(row)} for row, _ in found],
        size=next(iter(sizes)),
        classes=classes,
    )
    return Entry(name, instances.size, instances)


def _outline(row: Mapping[str, str], where: str) -> Polygon | MultiPolygon | None:
    try:
        shape = shapely.from_wkt(row["outline"])
    except shapely.GEOSException:
        raise InputError(
            f"{where}: the outline is no well-known text or is cut short: {row['outline'][:40]!r}"
        ) from None
    return shape if isinstance(shape, Polygon | MultiPolygon) else None


def _label(row: Mapping[str, str], classes: list[str], where: str) -> int:
    name = row.get("class") or CLASSES[0]
    if name not in classes:
        raise InputError(f"{where}: the class {name!r} is not among {', '.join(classes)}")
    return classes.index(name)


def _number(row: Mapping[str, str], column: str, where: str) -> float | None:
    """The number in a cell, None where it is empty, missing or `nan`."""
    text = (row.get(column) or "nan").strip()
    try:
        number = float(text)
    except ValueError:
        number = math.inf
    if math.isinf(number):
        raise InputError(f"{where}: {column} is {text!r}; wanted a number")
    return None if math.isnan(number) else number


def _id(row: Mapping[str, str], where: str) -> int | None:
    """A whole number of any length, also where a spreadsheet made `7.0` of it."""
    text = (row.get("id") or "").strip()
    if text.removeprefix("-").isdecimal():
        return int(text)
    number = _number(row, "id", where)
    if number is not None and number != int(number):
        raise InputError(f"{where}: id is {text!r}; wanted a whole number")
    return None if number is None else int(number)


def _size(row: Mapping[str, str], where: str) -> tuple[int, int] | None:
    height, width = (_number(row, column, where) for column in ("image_height", "image_width"))
    return None if height is None or width is None else (int(height), int(width))


def _rest(row: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if name and name not in (*COLUMNS, LINE)}
