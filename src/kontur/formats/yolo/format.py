"""YOLO segmentation: one text file an image, a row an object: its class and the outline's points.

Points are shares of the image's width and height from the corner of the first pixel; with the
image's size they are exact to a thousandth of a pixel. Classes are numbers, whose names are in the
`data.yaml` of the data set (see `names`). A row is one ring: holes are filled, of several
parts the largest is kept, what lies outside the image is cut off. Scores, ids and regions to ignore
are lost. Rows of four numbers are boxes, which have no outline. After the documentation of
Ultralytics' data sets.
"""

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Float
from shapely import Polygon

from kontur.errors import InputError
from kontur.files import atomic, json_document
from kontur.formats import outline_repair
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.outline_file import OutlineFile
from kontur.formats.painted import without_holes
from kontur.formats.rounding import DECIMALS, rounded
from kontur.formats.yolo.names import IMAGES, LABELS, find_names, number_classes
from kontur.geometry import polygons as areal
from kontur.images import image_file
from kontur.instances import CLASSES, Instances
from kontur.wording import from_zero, plural, quoted

log = logging.getLogger("kontur.formats")

NUMBERS = re.compile(rb"[\d.eE+\-\s]+")  # all that a row is made of
BOX = 4  # numbers of a row that is a box: centre, width and height
SHARES = 9  # decimals; a thousandth of a pixel of images up to a million pixels wide
NEAR = 1e-3 / 4  # pixels by which a point may miss a decimal that it was written for


class _Row(NamedTuple):
    """A row as read: the class, the points as shares of the image, whether it is a box alone."""

    number: int
    points: Float[np.ndarray, "n 2"]
    is_box: bool


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The objects of a file of labels; the image's size is given or read from the image itself.

    That is looked for in `images/` beside `labels/` and beside the file. Raises `InputError` where
    it is not found, and naming the line that is wrong.
    """
    where = file.path
    rows = [
        _row(line, f"{where}, line {number}")
        for number, line in enumerate(json_document.load_text(where).splitlines(), start=1)
        if line.strip()
    ]
    height, width = file.size or _size(where, file.page)
    names = find_names(where)
    classes = names.names or tuple(
        str(n) for n in range(max([r.number for r in rows], default=-1) + 1)
    )
    for row in rows:
        if row.number >= len(classes):
            raise InputError(
                f"{where} has an object of class {row.number}, and {names.path} names "
                f"{'the class' if len(classes) == 1 else 'the classes'} {from_zero(len(classes))}: "
                "numbers count from 0"
            )
    scaled = [_decimal(row.points * [width, height]) for row in rows]
    shapes = [
        None if row.is_box else outline_repair.polygon([points])
        for row, points in zip(rows, scaled, strict=True)
    ]
    boxes = [points for row, points in zip(rows, scaled, strict=True) if row.is_box]
    if boxes:
        log.warning(
            "%s: %d of %d objects are boxes without an outline: left out",
            *(where, len(boxes), len(rows)),
        )
    polygons, kept = outline_repair.repaired(shapes, where)
    labels = [row.number for row, keep in zip(rows, kept, strict=True) if keep]
    instances = Instances.of_valid(
        polygons, labels or None, size=(height, width), classes=_unique(classes) or CLASSES
    )
    without = {"a box alone": len(boxes)} if boxes else {}
    corners = tuple((float(x0), float(y0), float(x1), float(y1)) for (x0, y0), (x1, y1) in boxes)
    return [ImageAnnotation(where.stem, instances.size, instances, without, corners)]


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write one image, and its classes into the `data.yaml` of the data set.

    Raises `InputError` without the image's size, for several images, and where the names of
    another program lack a class.
    """
    if len(entries) != 1:
        raise InputError(
            f"a YOLO file is of one image, and there are {len(entries)}; name one of them with "
            "--image NAME (in Python image=NAME)"
        )
    instances, size = entries[0].instances, entries[0].size or entries[0].instances.size
    if size is None:
        raise InputError(
            f"{path}: YOLO's coordinates are shares of the image's size, which is not known; give "
            "it with --size HxW or --image FILE (in Python replace(size=(height, width)))"
        )
    atomic.refuse_existing([path], overwrite=overwrite)
    held = instances[~instances.ignore].clip(size)
    used = [held.classes[label] for label in np.unique(held.labels)]
    numbers = number_classes(path, instances.classes, used)
    rows = [
        f"{numbers[label]} {_shares(_one_ring(polygon), size)}\n"
        for label, polygon in zip(held.labels, rounded(held.polygons), strict=True)
    ]
    text = "".join(rows) or "\n"  # a file of no bytes may be one whose writing was interrupted
    atomic.write_text(path, text, overwrite=overwrite)


def _one_ring(polygon: shapely.Geometry) -> Polygon:
    return areal.largest_part(without_holes(polygon))


def _shares(polygon: Polygon, size: tuple[int, int]) -> str:
    points = shapely.get_coordinates(polygon.exterior)[:-1]
    shares = points / [size[1], size[0]]
    if (np.round(points, DECIMALS) == points).all():
        shares = np.round(shares, SHARES)
    return " ".join(map(repr, shares.ravel().tolist()))


def _row(line: str, where: str) -> _Row:
    try:
        first, *numbers = map(float, line.split())
    except ValueError:
        raise InputError(
            f"{where}: wanted the number of a class and numbers x y, got {quoted(line)}"
        ) from None
    number = json_document.whole_number(first)
    if number is None or not 0 <= number < 1 << 20:
        raise InputError(f"{where}: the class is {quoted(first)}; wanted a whole number from 0")
    if len(numbers) in (BOX, BOX + 1):  # the last is a score
        x, y, width, height = numbers[:BOX]
        corners = [[x - width / 2, y - height / 2], [x + width / 2, y + height / 2]]
        return _Row(number, np.array(corners), True)
    if len(numbers) < BOX + 2:
        raise InputError(
            f"{where}: {plural(len(numbers), 'number')} after the class; an outline has at least "
            "three points x y, from 0 to 1"
        )
    points = np.array(numbers[: len(numbers) // 2 * 2]).reshape(-1, 2)
    if np.abs(points).max() > 2:  # infinite ones too
        raise InputError(
            f"{where}: the coordinate {np.abs(points).max():g} is no share of the image's size, "
            "from 0 to 1; are these pixels?"
        )
    return _Row(number, points, False)


def _decimal(points: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """Pixels with the few decimals that were written; finer ones as they are."""
    short = np.round(points, DECIMALS) + 0.0
    return np.where(np.abs(short - points) <= NEAR, short, points)


def _size(path: Path, page: int | None) -> tuple[int, int]:
    """The size of the image of a file of labels."""
    image = _image_of(path)
    if image is None:
        raise InputError(
            f"{path} has shares of an image's size, and no image {path.stem} was found in "
            f"{IMAGES}/ or beside it; give the size with --size HxW or --image FILE"
        )
    height, width = image_file.read_image(image, page=page).pixels.shape[:2]
    return height, width


def _image_of(path: Path) -> Path | None:
    """The image of a file of labels: `images/train/a.png` of `labels/train/a.txt`, or beside it."""
    folder = path.absolute().parent
    parts = folder.parts
    places = [folder, folder / IMAGES, folder.parent / IMAGES, folder.parent]
    if LABELS in parts:
        last = len(parts) - 1 - parts[::-1].index(LABELS)
        places.insert(0, Path(*parts[:last], IMAGES, *parts[last + 1 :]))
    candidates = (
        place / f"{path.stem}{ending}" for place in places for ending in image_file.IMAGE_ENDINGS
    )
    return next(
        (image for image in candidates if image_file.is_image(image) and image.is_file()), None
    )


def _unique(classes: Sequence[str]) -> tuple[str, ...]:
    """The names, those that occur again with their number behind."""
    return tuple(
        name if name not in classes[:number] else f"{name} ({number})"
        for number, name in enumerate(classes)
    )


def _recognise(file: OutlineFile) -> bool:
    """Whether its first rows are labels, or it is empty and belongs to an image without objects."""
    rows = [row for row in file.beginning.splitlines()[:3] if row.strip()]
    if not rows:
        return not file.beginning.strip() and _image_of(file.path) is not None
    return all(map(_is_row, rows)) and len(rows[0].split()) > BOX


def _is_row(row: bytes) -> bool:
    """Whether a row, whose end may be missing, is the number of a class and other numbers."""
    first = row.split(maxsplit=1)[0].removesuffix(b".0")
    return first.isdigit() and NUMBERS.fullmatch(row) is not None


FORMAT = Format(
    name="yolo",
    title="YOLO segmentation",
    endings=(".txt",),
    shared_endings=(".txt",),
    holes="never",
    parts=False,
    scores=False,
    ids=False,
    ignore=False,
    read=read,
    write=write,
    recognise=_recognise,
    needs_size="always",
    relative=True,
)
