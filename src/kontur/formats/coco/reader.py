"""A COCO document, or a list of results, to objects; see `format`."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.files import json_document
from kontur.formats import outline_repair
from kontur.formats.coco import rle
from kontur.formats.coco.writer import INSTANCE_ID
from kontur.formats.image_annotation import ImageAnnotation, unique_ids
from kontur.formats.image_size import LARGEST_SIDE, stated_size
from kontur.formats.windows import Window, trace
from kontur.instances import CLASSES, Instances
from kontur.wording import listed, quoted, shortened

log = logging.getLogger("kontur.formats")

IDS = ("id", "image_id", "category_id", INSTANCE_ID)
READ = ("id", "image_id", "category_id", "segmentation", "area", "bbox", "iscrowd", "score")


class Annotation(NamedTuple):
    """An annotation: its row, its unchecked outline, and what it has in place of one."""

    row: Mapping[str, Any]
    shape: Polygon | MultiPolygon | None
    without: str | None = None


class Document(NamedTuple):
    """A document as read: images, and the numbers of the annotations of each image's id."""

    images: list[Mapping[str, Any]]
    sizes: dict[Any, tuple[int, int] | None]
    of_image: dict[Any, list[int]]
    annotations: list[Annotation]
    labels: dict[Any, int]  # of each category's id
    classes: tuple[str, ...]


def from_document(content: Any, *, where: str | Path = "COCO") -> list[ImageAnnotation]:
    """The images of a COCO document or list of results with their objects, images without too.

    Polygons with parts, run-length codes as lists or compressed; crowds become regions to ignore.
    Labels count the categories in the order of the file; those of one name are one class. Parts
    that overlap are joined, outlines that cross themselves repaired, objects without outline or
    area left out, each with a line of logging; crowds have one too. Raises `InputError` naming the
    key and the annotation that is wrong, and for image and category ids that stand for two.
    """
    read = read_document(content, where)
    polygons, kept = outline_repair.repaired([one.shape for one in read.annotations], where)
    without = Counter(one.without for one in read.annotations if one.without)
    if without:
        log.warning(
            "%s: %d of %d objects have no outline (%s): left out",
            *(where, without.total(), len(kept)),
            listed(f"{number} with {kind}" for kind, number in without.items()),
        )
    at = np.cumsum(kept) - 1  # the place of an annotation's polygon
    entries = []
    rest = _rest_of_file(content)
    for image in read.images:
        numbers = read.of_image[image["id"]]
        outlined = [number for number in numbers if kept[number]]
        bare = [read.annotations[number] for number in numbers if read.annotations[number].without]
        rows = [read.annotations[number].row for number in outlined]
        size = read.sizes[image["id"]]
        instances = Instances.of_valid(
            polygons[at[outlined]] if outlined else polygons[:0],
            labels=[read.labels.get(row.get("category_id"), 0) for row in rows] or None,
            scores=[_score(row) for row in rows] or None,
            ids=_ids(rows, f"{where}: {image['file_name']}") or None,
            ignore=[_is_crowd(row, where) for row in rows] or None,
            extras=[{"coco": _rest(row)} for row in rows],
            size=size,
            classes=read.classes,
        )
        entries.append(
            ImageAnnotation(
                str(image["file_name"]),
                size,
                instances,
                without_outline=Counter(one.without for one in bare if one.without),
                boxes=tuple(box for one in bare if (box := _box(one.row)) is not None),
                extras={"coco": {"image": image, **rest}},
            )
        )
    crowds = sum(int(entry.instances.ignore.sum()) for entry in entries)
    if crowds:
        log.warning(
            "%s: %d of %d annotations are crowds (iscrowd 1), which are regions to ignore, neither "
            "objects nor background; if they are objects, as some programs write those with holes "
            "or in parts, set their iscrowd to 0",
            *(where, crowds, len(read.annotations)),
        )
    return entries


def read_document(content: Any, where: str | Path) -> Document:
    """Images, annotations with their unchecked outlines, and classes; errors as `from_document`."""
    if isinstance(content, list):
        content = _of_results(content, where)
    if not isinstance(content, Mapping):
        raise InputError(f"{where} is no COCO dataset with images, annotations and categories")
    images = images_of(content, where)
    labels, classes = _categories(content, where)
    rows = rows_of(content, "annotations", ("image_id",), where)
    sizes = {image["id"]: _size(image, where) for image in images}
    of_image: dict[Any, list[int]] = {image["id"]: [] for image in images}
    annotations: list[Annotation] = []
    windows: dict[int, Window] = {}
    for number, row in enumerate(rows):
        which, owner = _which(row, number + 1, where), row["image_id"]
        if "segments_info" in row:
            raise InputError(
                f"{where} is a panoptic file of COCO, whose outlines are in pictures beside it; "
                "give the file of the instances"
            )
        if owner not in of_image:
            known = listed(map(quoted, of_image), most=3) or "none"
            raise InputError(
                f"{which}: image_id {quoted(owner)} is not among the images, whose ids are "
                f"{known}; give the image too, or leave its annotations out"
            )
        category = row.get("category_id")
        if labels and category not in labels:
            raise InputError(f"{which}: category_id {quoted(category)} is not among the categories")
        of_image[owner].append(number)
        without, segmentation = _without_outline(row), row.get("segmentation")
        if without is not None:
            annotations.append(Annotation(row, None, without))
        elif isinstance(segmentation, Mapping):
            window = _window(segmentation, sizes[owner], which)
            sizes[owner] = window.size
            windows[number] = window
            annotations.append(Annotation(row, Polygon()))
        else:
            annotations.append(Annotation(row, _polygons(segmentation, which)))
    for number, outline in zip(windows, trace(list(windows.values())), strict=True):
        annotations[number] = annotations[number]._replace(shape=outline)
    return Document(images, sizes, of_image, annotations, labels, classes)


def _of_results(results: list[Any], where: str | Path) -> dict[str, Any]:
    """A list of results as a document: images and categories are called by their ids."""
    rows = rows_of({"annotations": results}, "annotations", ("image_id",), where)
    images = dict.fromkeys(row["image_id"] for row in rows)
    categories = dict.fromkeys(row["category_id"] for row in rows if "category_id" in row)
    return {
        "images": [{"id": name, "file_name": str(name)} for name in images],
        "annotations": results,
        "categories": [{"id": name, "name": str(name)} for name in categories],
    }


def _rest_of_file(content: Any) -> dict[str, Any]:
    """What a dataset says beside its images and annotations: categories, info, licences, others."""
    if not isinstance(content, Mapping):
        return {}
    lists = ("images", "annotations", "categories")
    rest = {key: value for key, value in content.items() if key not in lists}
    return {"categories": content.get("categories") or [], "file": rest}


def images_of(content: Mapping[str, Any], where: str | Path) -> list[Mapping[str, Any]]:
    """The images, of which no two may have one id: objects would be of either."""
    rows = rows_of(content, "images", ("id", "file_name"), where)
    by_id: dict[Any, Mapping[str, Any]] = {}
    for row in rows:
        other = by_id.setdefault(row["id"], row)
        if other["file_name"] != row["file_name"]:
            raise InputError(
                f"{where}: the image id {quoted(row['id'])} stands for "
                f"{shortened(other['file_name'])} and for {shortened(row['file_name'])}; "
                "give every image an id of its own"
            )
    return list(by_id.values())


def _categories(
    content: Mapping[str, Any], where: str | Path
) -> tuple[dict[Any, int], tuple[str, ...]]:
    """The label of every category's id, and the classes; categories of one name are one class."""
    rows = rows_of(content, "categories", ("id", "name"), where, optional=True)
    names: dict[Any, str] = {}
    for row in rows:
        other = names.setdefault(row["id"], str(row["name"]))
        if other != str(row["name"]):
            raise InputError(
                f"{where}: the category id {quoted(row['id'])} stands for {shortened(other)} and "
                f"for {shortened(row['name'])}; give every category an id of its own"
            )
    classes = tuple(dict.fromkeys(names.values()))
    if len(classes) < len(names):
        log.warning("%s: categories of the same name are one class", where)
    return {number: classes.index(name) for number, name in names.items()}, classes or CLASSES


def _without_outline(row: Mapping[str, Any]) -> str | None:
    """What an annotation has in place of an outline; None where it has one."""
    segmentation = row.get("segmentation")
    if segmentation and segmentation != [[]]:
        return None
    if _box(row) is not None:
        return "a box alone"
    return "keypoints alone" if row.get("keypoints") else "nothing"


def _box(row: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """The corners of an annotation's box, None where it has none."""
    box = row.get("bbox")
    if not isinstance(box, list) or len(box) != 4:
        return None
    if not all(type(number) in (int, float) and abs(number) < LARGEST_SIDE for number in box):
        return None
    x, y, width, height = map(float, box)
    return (x, y, x + width, y + height) if width > 0 and height > 0 else None


def _window(code: Mapping[str, Any], size: tuple[int, int] | None, which: str) -> Window:
    try:
        return rle.decode_window(code, size=size)
    except InputError as error:
        raise InputError(f"{which}: {error}") from None


def _polygons(segmentation: Any, which: str) -> Polygon | MultiPolygon:
    """The unchecked area of the polygons of a segmentation."""
    if not isinstance(segmentation, list):
        raise InputError(f"{which}: segmentation is neither polygons nor a run-length code")
    flat = not isinstance(segmentation[0], list | tuple)
    parts = []
    for numbers in [segmentation] if flat else segmentation:
        try:
            points = np.asarray(numbers, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{which}: segmentation holds what is no number") from None
        if points.ndim != 1 or points.size % 2:
            raise InputError(f"{which}: a polygon wants numbers x1, y1, x2, y2 … in pairs")
        parts.append(outline_repair.polygon([points.reshape(-1, 2)]))
    if len(segmentation) > 2 and not flat and all(len(one) == 2 for one in segmentation):
        raise InputError(
            f"{which}: segmentation is a list of points [x, y]; a polygon wants all its numbers "
            "x1, y1, x2, y2 … in one list"
        )
    areas = [part for part in parts if not part.is_empty]
    return MultiPolygon(areas) if len(areas) > 1 else areas[0] if areas else Polygon()


def _ids(rows: Sequence[Mapping[str, Any]], where: str) -> list[int]:
    """Our ids where the file has them, else those of the annotations; a copy gets a new one."""
    ids = [row.get(INSTANCE_ID, row.get("id")) for row in rows]
    numbers = [json_document.whole_number(number) for number in ids]
    made = unique_ids(numbers)
    copies = sum(old is not None and old != new for old, new in zip(numbers, made, strict=True))
    if copies:
        log.warning("%s: %d annotation ids occur twice: given new ones", where, copies)
    return made


def _rest(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that we do not read; also a score that is outside [0, 1]."""
    known = {*READ, INSTANCE_ID} - ({"score"} if np.isnan(_score(annotation)) else set())
    return {key: value for key, value in annotation.items() if key not in known}


def _score(annotation: Mapping[str, Any]) -> float:
    return json_document.score(annotation.get("score"))


def _is_crowd(row: Mapping[str, Any], where: str | Path) -> bool:
    """Whether an annotation is a crowd: 0 or 1; NaN, as pandas writes it, counts as missing."""
    value = row.get("iscrowd")
    if value is None or isinstance(value, bool) or value != value:
        return value is True
    number = json_document.whole_number(value)
    if number is None:
        raise InputError(
            f"{where}: annotation {shortened(row.get('id'))}: iscrowd is {quoted(value)}; wanted 0 "
            "or 1"
        )
    return number != 0


def _size(image: Mapping[str, Any], where: str | Path) -> tuple[int, int] | None:
    return stated_size(image, f"{where}: the image {shortened(image['file_name'])}")


def rows_of(
    content: Mapping[str, Any],
    key: str,
    wanted: Sequence[str],
    where: str | Path,
    *,
    optional: bool = False,
) -> list[Mapping[str, Any]]:
    """Objects, in a list or by id, that all have the wanted keys; ids of numbers are whole."""
    rows = content.get(key, [] if optional else None)
    if key == "annotations":
        rows = as_list(rows)
    if key == "images" and isinstance(rows, list):
        rows = [_with_file_name(row) for row in rows]
    if not isinstance(rows, list):
        raise InputError(f"{where} has no list {key!r}, which a COCO file wants")
    for number, row in enumerate(rows, start=1):
        missing = [name for name in wanted if not isinstance(row, Mapping) or name not in row]
        if missing:
            raise InputError(f"{_which(row, number, where, key)} has no {quoted(missing[0])}")
        unhashable = [
            name for name in row if name.endswith("id") and isinstance(row[name], list | dict)
        ]
        if unhashable:
            raise InputError(f"{_which(row, number, where, key)}: {quoted(unhashable[0])} is no id")
    return [
        _with_whole_ids(row, _which(row, number, where, key))
        if any(isinstance(row.get(name), float) for name in IDS)
        else row
        for number, row in enumerate(rows, start=1)
    ]


def as_list(rows: Any) -> Any:
    """The objects of a list, or of a mapping by their ids, as LIVECell's single cells have it."""
    return list(rows.values()) if isinstance(rows, Mapping) else rows


def _with_file_name(row: Any) -> Any:
    """An image with a name: LVIS gives the address alone, whose last folder is the image's."""
    address = row.get("coco_url") if isinstance(row, Mapping) else None
    if not isinstance(address, str) or not address or "file_name" in row:
        return row
    return {**row, "file_name": "/".join(address.split("/")[-2:])}


def _with_whole_ids(row: Mapping[str, Any], which: str) -> Mapping[str, Any]:
    ids = {
        name: json_document.identity(row[name], f"{which}: {name}") for name in IDS if name in row
    }
    return {**row, **ids}


def _which(row: Any, number: int, where: str | Path, key: str = "annotations") -> str:
    name = key.removesuffix("s") if key != "categories" else "category"
    number_or_id = (
        row.get("id", f"number {number}") if isinstance(row, Mapping) else f"number {number}"
    )
    return f"{where}: {name} {shortened(number_or_id)}"
