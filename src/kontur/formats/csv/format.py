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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kontur.errors import InputError
from kontur.files import atomic, csv_dialect
from kontur.formats.attributes import of_texts
from kontur.formats.csv.columns import COLUMNS, EXTRAS
from kontur.formats.csv.rows import other_columns, rows_of, takes
from kontur.formats.csv.table import entries_of, parse_table, planes_of
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
from kontur.formats.qupath import CLASS_COLOUR
from kontur.formats.rounding import rounded_score
from kontur.instances import Instances

MARK = "\ufeff"  # without it spreadsheets misread letters beyond ASCII


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The images of a table with their objects; without rows, the one that the file is named after.

    Needs the column `outline`; objects without class are of the class `object`, those without id
    get the next free one. Outlines that cross themselves are repaired and rows without an outline
    left out, with a line of logging. Raises `InputError` naming the line that is wrong.
    """
    dialect = csv_dialect.detect(file.path)
    table = parse_table(csv_dialect.rows(file.path, dialect), dialect, file.path)
    entries = entries_of(table, file.path, file.page)
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
        yield lambda instances: writer.writerows(rows_of(image._replace(instances=instances)))
    remove_units(path)


def to_text(entries: Sequence[ImageAnnotation]) -> str:
    """The objects of many images as one table; columns that others added come last.

    Images are taken one by one, twice, and none is held.
    """
    more: dict[str, None] = {}
    for objects in (entry.instances for entry in entries):
        more |= dict.fromkeys(plane_columns(objects.plane))
        more |= dict.fromkeys(
            name for i in range(len(objects)) for name in other_columns(objects, i)
        )
    ours = [name for name in PLANE if name in more]
    others = [name for name in more if name not in (*COLUMNS, *PLANE)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *ours, *others], restval="", lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerows(rows_of(entry, named=len(entries) > 1))
    return text.getvalue()


def relabel(
    file: OutlineFile, predicted: Sequence[Sequence[ClassPrediction]], classes: Sequence[str]
) -> str:
    """The text of the table with other classes, and probabilities in columns of their own.

    Probabilities and colours of earlier classes go; every other cell stays as it is written. Raises
    `InputError` where the objects are not so many.
    """
    dialect = csv_dialect.detect(file.path)
    table = parse_table(csv_dialect.rows(file.path, dialect), dialect, file.path)
    planes = planes_of(table, file.path, file.page)
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
    takes=takes,
    attributes=of_texts,
    unused_classes=False,
)
