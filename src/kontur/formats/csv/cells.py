"""Cells of a CSV of outlines: what those of a row say of its object, and of the image.

Errors name the line, as `where`; `decimal` is the sign in numbers, see `csv_dialect`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from kontur.errors import InputError
from kontur.files import csv_dialect
from kontur.formats.image_annotation import ids_on_planes
from kontur.formats.image_size import LARGEST_SIDE
from kontur.formats.object_rows import PLANE, plane_in_columns
from kontur.instances import CLASSES
from kontur.instances.plane import Plane
from kontur.wording import quoted

WHOLE = re.compile(r"(-?\d+)(?:[.,]0*)?")  # also where a spreadsheet made `7.0` of it
DIGITS = 400  # of an id that are looked at; Instances hold 19

Row = Mapping[str, str]


def is_image(row: Row) -> bool:
    """Whether a row is of an image without objects: it names that, and perhaps its size."""
    of_image = ("image", "image_height", "image_width", *PLANE)
    return all(not value.strip() for name, value in row.items() if name not in of_image)


def class_of(row: Row) -> str:
    """The class of an object; that of our own where none is named."""
    return row.get("class") or CLASSES[0]


def plane_of(row: Row, decimal: str, where: str) -> Plane | None:
    """The plane that the columns `PLANE` name; None where they are empty or missing."""
    return plane_in_columns([number_in(row, name, decimal, where) for name in PLANE], where)


def score_of(row: Row, decimal: str, where: str) -> float:
    """The score of an object, NaN where it has none; `InputError` for one that is none."""
    score = number_in(row, "score", decimal, where)
    if score is not None and not 0 <= score <= 1:
        raise InputError(f"{where}: score is {quoted(row['score'])}; wanted a number from 0 to 1")
    return np.nan if score is None else score


def number_in(row: Row, column: str, decimal: str, where: str) -> float | None:
    """The number in a cell, None where it is empty, missing or `nan`."""
    text = row.get(column, "").strip()
    if not text or text.lower() == "nan":
        return None
    number = csv_dialect.number(text, decimal=decimal)
    if number is None or not np.isfinite(number):
        raise InputError(f"{where}: {column} is {quoted(text)}; wanted a number")
    return number


def ids_of(
    rows: Sequence[Row],
    wheres: Sequence[str],
    planes: Iterable[tuple[str, Plane | None, list[int]]],
) -> dict[int, int]:
    """The id of each row with an object; `planes` are names of images, planes and their rows.

    Ids are whole numbers. One that is given may come again on another plane, of the same object; an
    object without one gets the next that is free on all planes of its image.
    """
    images: dict[str, list[tuple[int, int | None, Plane | None]]] = {}
    for name, plane, numbers in planes:
        written = _written_ids([(rows[number], wheres[number]) for number in numbers])
        pairs = zip(numbers, written, strict=True)
        images.setdefault(name, []).extend((row, number, plane) for row, number in pairs)
    return {
        row: number
        for objects in images.values()
        for (row, _, _), number in zip(
            objects,
            ids_on_planes([one for _, one, _ in objects], [plane for *_, plane in objects]),
            strict=True,
        )
    }


def _written_ids(objects: Sequence[tuple[Row, str]]) -> list[int | None]:
    ids: list[int | None] = []
    known: set[int] = set()
    for row, where in objects:
        text = row.get("id", "").strip()
        whole = WHOLE.fullmatch(text[:DIGITS])
        if text and text.lower() != "nan" and whole is None:
            raise InputError(f"{where}: id is {quoted(text)}; wanted a whole number")
        number = int(whole[1]) if whole else None
        if number in known:
            raise InputError(
                f"{where}: the id {number} occurs twice in the image "
                f"{quoted(row.get('image', ''))}; every object has an id of its own"
            )
        known.update([] if number is None else [number])
        ids.append(number)
    return ids


def size_of(row: Row, decimal: str, where: str) -> tuple[int, int] | None:
    """(height, width) of the image, None where a row does not give it."""
    numbers = [number_in(row, name, decimal, where) for name in ("image_height", "image_width")]
    height, width = numbers
    if height is None or width is None:
        return None
    if not all(0 < n < LARGEST_SIDE and n == int(n) for n in (height, width)):
        raise InputError(
            f"{where}: the image is {height:g}×{width:g}; wanted whole numbers above 0"
        )
    return int(height), int(width)
