"""Tables beside the images: `metadata.csv` describes images, `classes.csv` gives objects classes.

`metadata.csv` has one row per image; a column `id`, `image`, `name` or `filename` names the image.

`classes.csv` has a column `class` and `image`, `id` or both:

    image,id,class        id,class           image,class
    a01,1,live            1,nucleus          a01,live
    a01,2,dead            2,cytoplasm        a02,dead

`image,id,class` names the class of one object in one image, `id,class` that of an id (or, for
`task=semantic`, a pixel value) in every image, `image,class` that of all objects of an image. Rows
of all three kinds may be mixed by leaving a cell empty; the more precise row wins. `class` may also
be called `label`, and a class `ignore` makes an object a region to ignore.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from kontur.data.file_names import partner_name, stem
from kontur.data.issue import Issue
from kontur.errors import InputError
from kontur.files import csv_dialect
from kontur.formats.masks import IGNORE
from kontur.images.image_file import IMAGE_ENDINGS
from kontur.select.split_names import SPLITS
from kontur.wording import counted, listed

METADATA_FILE = "metadata.csv"
CLASSES_FILE = "classes.csv"
IMAGE_COLUMNS = ("image", "id", "name", "file", "filename", "file_name")  # the first one there
CLASS_COLUMNS = ("class", "label")


@dataclass(frozen=True)
class ClassTable:
    """Which class an object has; see the module for the file."""

    path: Path
    of_object: Mapping[tuple[str, int], str] = field(default_factory=dict)
    of_id: Mapping[int, str] = field(default_factory=dict)
    of_image: Mapping[str, str] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, sorted; `ignore` is none of them."""
        names = {*self.of_object.values(), *self.of_id.values(), *self.of_image.values()}
        return tuple(sorted(names - {IGNORE}))

    def find(self, image: str, number: int) -> str | None:
        """The class of one object, None where no row gives it."""
        return (
            self.of_object.get((image, number))
            or self.of_id.get(number)
            or self.of_image.get(image)
        )

    def below(self, prefix: str) -> "ClassTable":
        """The same table with `prefix` before every image name."""
        return replace(
            self,
            of_object={(prefix + image, k): name for (image, k), name in self.of_object.items()},
            of_image={prefix + image: name for image, name in self.of_image.items()},
        )

    def class_of(self, image: str, number: int) -> str:
        """The class of one object; raises `InputError` where no row gives it."""
        name = self.find(image, number)
        if name is None:
            raise InputError(
                f"{self.path} gives no class to object {number} of image {image!r}; add a row "
                f"{image},{number},CLASS (the class {IGNORE!r} leaves the object out of training)"
            )
        return name


class FolderTables(NamedTuple):
    """All tables of a folder: `classes` and `metadata` by image name, and what did not fit."""

    classes: ClassTable | None
    metadata: dict[str, dict[str, str]]
    issues: tuple[Issue, ...]


def read_tables(root: Path, names: Sequence[str]) -> FolderTables:
    """The tables of a folder and of its `train/`, `val/` …, joined to the image `names`.

    Rows without an image are reported as an issue, as are images without a row.
    """
    metadata: dict[str, dict[str, str]] = {}
    tables: list[ClassTable] = []
    for prefix, place in _places(root):
        known_here = {name.removeprefix(prefix) for name in names}
        if (place / METADATA_FILE).is_file():
            rows = read_metadata(place / METADATA_FILE, known_here)
            metadata.update({prefix + name: row for name, row in rows.items()})
        if (place / CLASSES_FILE).is_file():
            tables.append(read_classes(place / CLASSES_FILE, known_here).below(prefix))
    known = set(names)
    issues: list[Issue] = []
    unmatched = [name for name in metadata if name not in known]
    without = [name for name in names if name not in metadata]
    if unmatched:
        issues.append(_unmatched(METADATA_FILE, unmatched))
    if metadata and without:
        what = f"{METADATA_FILE} has no row for {counted(without, 'image')}"
        issues.append(Issue("tables", what, len(without), without[0], "add the rows"))
    table = join_class_tables(tables) if tables else None
    if table is not None:
        named = dict.fromkeys([*(name for name, _ in table.of_object), *table.of_image])
        unmatched = [name for name in named if name not in known]
        if unmatched:
            issues.append(_unmatched(CLASSES_FILE, unmatched))
    matched = {name: row for name, row in metadata.items() if name in known}
    return FolderTables(table, matched, tuple(issues))


def column_of(
    metadata: Mapping[str, Mapping[str, str]], names: Sequence[str], column: str, *, root: Path
) -> dict[str, str]:
    """One column of `metadata.csv` by image name, of all of `names`; columns are in lower case.

    Raises `InputError` where there is no such file below `root`, no such column, or a row is
    missing.
    """
    columns = dict.fromkeys(name for row in metadata.values() for name in row)
    if column not in columns and column.lower() in columns:
        column = column.lower()
    if column not in columns:
        if not any((place / METADATA_FILE).is_file() for _, place in _places(root)):
            raise InputError(
                f"there is no {METADATA_FILE} in {root}, and so no column {column!r}; write one "
                f"with one row per image: id,{column}"
            )
        have = ", ".join(columns) or "none"
        raise InputError(f"{METADATA_FILE} has no column {column!r}; its columns are: {have}")
    without = [image for image in names if column not in metadata.get(image, {})]
    if without:
        raise InputError(f"{METADATA_FILE} has no row for {counted(without, 'image')}")
    return {image: metadata[image][column] for image in names}


def groups_of(
    metadata: Mapping[str, Mapping[str, str]], names: Sequence[str], by: str, *, root: Path
) -> dict[str, str]:
    """The group of every image, such as its patient, slide or film.

    `by` is a column of `metadata.csv`, or a regular expression with parentheses around the part of
    the images' names that is the group: `(film[0-9]+)_`. Raises `InputError` where a row, the
    column or the part of a name is missing.
    """
    if "(" not in by:
        return column_of(metadata, names, by, root=root)
    try:
        pattern = re.compile(by)
    except re.error as error:
        raise InputError(f"group: {by!r} is no regular expression ({error})") from None
    if pattern.groups == 0:
        raise InputError(f"group: {by!r} has no part in parentheses, as (film[0-9]+)_ has")
    matches = {name: pattern.search(name) for name in names}
    without = [name for name, match in matches.items() if match is None or not match[1]]
    if without:
        raise InputError(
            f"the pattern {by!r} finds no group in the names of {counted(without, 'image')}"
        )
    return {name: match[1] for name, match in matches.items() if match is not None}


def rows_where(
    metadata: Mapping[str, Mapping[str, str]],
    names: Sequence[str],
    conditions: Iterable[str],
    *,
    root: Path,
) -> list[str]:
    """The names for which every `COLUMN=VALUE` of `metadata.csv` holds.

    Raises:
        InputError: a condition is none, the column is missing, or no image has the value.
    """
    chosen = list(names)
    for condition in conditions:
        name, equals, value = condition.partition("=")
        if not equals:
            raise InputError(
                f"wanted COLUMN=VALUE such as modality=fluorescence, got {condition!r}"
            )
        column = column_of(metadata, chosen, name.strip(), root=root)
        values = sorted({column[image] for image in chosen})
        chosen = [image for image in chosen if column[image] == value.strip()]
        if not chosen:
            raise InputError(
                f"no image has {condition}; the values of {name.strip()} are {listed(values)}"
            )
    return chosen


def _places(root: Path) -> list[tuple[str, Path]]:
    """Where tables may lie, each with what comes before the names of its images."""
    base = root if root.is_dir() else root.parent
    below = [(f"{name}/", base / name) for folders in SPLITS.values() for name in folders]
    return [("", base), *below]


def join_class_tables(tables: Sequence[ClassTable]) -> ClassTable:
    """Several tables as one; raises `InputError` where two give one id different classes."""
    of_id: dict[int, str] = {}
    for table in tables:
        for number, name in table.of_id.items():
            if of_id.setdefault(number, name) != name:
                raise InputError(
                    f"{table.path} gives id {number} the class {name!r}, another {CLASSES_FILE} "
                    f"gives {of_id[number]!r}; add the column image to both, or make them agree"
                )
    return ClassTable(
        path=tables[0].path,
        of_object={key: name for table in tables for key, name in table.of_object.items()},
        of_id=of_id,
        of_image={key: name for table in tables for key, name in table.of_image.items()},
    )


def _unmatched(file: str, names: Sequence[str]) -> Issue:
    what = f"{file} names {counted(names, 'image')} that are not among the images"
    return Issue("tables", what, len(names), names[0], "check the spelling, or remove the rows")


def read_classes(path: Path, known: Container[str] = ()) -> ClassTable:
    """Read `classes.csv`; raises `InputError` with the line where a row is incomplete."""
    columns, rows = _read(path)
    class_column = next((name for name in CLASS_COLUMNS if name in columns), None)
    if class_column is None or not {"image", "id"} & set(columns):
        raise InputError(
            f"{path} needs the columns image, id and class (or id,class, or image,class), "
            f"but has {', '.join(columns) or 'none'}"
        )
    of_object: dict[tuple[str, int], str] = {}
    of_id: dict[int, str] = {}
    of_image: dict[str, str] = {}
    for line, row in rows:
        name, image, number = row[class_column], row.get("image", ""), row.get("id", "")
        if not name or not (image or number):
            raise InputError(f"{path}, line {line}: a row needs a class, and an image or an id")
        image_key = image_name(image, known) if image else ""
        if not number:
            earlier = of_image.setdefault(image_key, name)
        elif image:
            earlier = of_object.setdefault((image_key, _identity(number, path, line)), name)
        else:
            earlier = of_id.setdefault(_identity(number, path, line), name)
        if earlier != name:
            raise InputError(
                f"{path}, line {line}: the class is {name!r}, and an earlier row has "
                f"{earlier!r}; keep one"
            )
    return ClassTable(path, of_object, of_id, of_image)


def read_metadata(path: Path, known: Container[str] = ()) -> dict[str, dict[str, str]]:
    """The columns of `metadata.csv` by image name, see `image_name`; every value stays text.

    Raises `InputError` where no column names the image, or two rows name the same one.
    """
    columns, rows = _read(path)
    key = next((name for name in IMAGE_COLUMNS if name in columns), None)
    if key is None:
        raise InputError(
            f"{path} needs a column that names the image ({', '.join(IMAGE_COLUMNS)}), "
            f"but has {', '.join(columns) or 'none'}"
        )
    table: dict[str, dict[str, str]] = {}
    for line, row in rows:
        name = image_name(row[key], known)
        if name in table:
            raise InputError(f"{path}, line {line}: a second row for image {name!r}; keep one")
        table[name] = {column: value for column, value in row.items() if column != key}
    return table


def _identity(number: str, path: Path, line: int) -> int:
    """The id in a cell, also where a spreadsheet made `7.0` of it."""
    whole = re.fullmatch(r"([+-]?\d+)(\.0*)?", number)
    if whole is None:
        raise InputError(f"{path}, line {line}: id {number!r} is not a whole number")
    return int(whole[1])


def image_name(cell: str, known: Container[str] = ()) -> str:
    """A cell that names an image, with or without ending, as the image's name.

    One that is `known` is taken as it stands, else the suffix of a partner is taken off.

    >>> image_name("plate/a01_img.tif"), image_name("a01"), image_name("brain.nii.gz")
    ('plate/a01', 'a01', 'brain')
    """
    path = Path(cell.replace("\\", "/"))
    ending = path.name.lower().endswith(IMAGE_ENDINGS)
    name = (path.parent / stem(path)).as_posix() if ending else path.as_posix()
    return name if name in known else partner_name(name)


def _read(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Column names in lower case and `(line, row)`, in whatever dialect a spreadsheet saved them.

    Columns without a name and without any text are left out, and short rows filled up.
    """
    rows = list(csv_dialect.rows(path))
    heading = [name.strip().lower() for name in rows[0][1]] if rows else []
    columns = heading[: len(_without_end(heading))]
    if repeated := next((name for name in columns if columns.count(name) > 1), None):
        raise InputError(f"{path} has two columns {repeated!r}; give one of them another name")
    table: list[tuple[int, dict[str, str]]] = []
    for line, cells in rows[1:]:
        if len(_without_end(cells)) > len(columns):
            raise InputError(
                f"{path}, line {line}: {len(cells)} cells under {len(columns)} columns"
            )
        filled = [cell.strip() for cell in cells] + [""] * (len(columns) - len(cells))
        table.append((line, dict(zip(columns, filled, strict=False))))
    return columns, table


def _without_end(cells: Sequence[str]) -> Sequence[str]:
    """The cells without the empty ones at the end."""
    full = [place for place, cell in enumerate(cells, 1) if cell.strip()]
    return cells[: full[-1]] if full else []
