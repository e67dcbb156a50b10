"""COCO JSON: the objects of one image or of many in one file.

Outlines without holes are written as polygons, one list a part, with all digits: exact. COCO
polygons cannot have holes and its crowds are masks, so objects with holes and regions to ignore are
written as run-length codes: exact to the pixel. A second export changes nothing. Keys that we do
not read stay with their object; info, licences, category ids and what else is said of images and
categories stay where the earlier document is given as `like`. After the COCO data format.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError
from kontur.formats import document, rle
from kontur.formats.document import Entry
from kontur.geometry import raster
from kontur.instances import CLASSES, Instances

READ = ("id", "image_id", "category_id", "segmentation", "area", "bbox", "iscrowd", "score")
INSTANCE_ID = "instance_id"  # ours, where the annotation's id had to be another


def read(path: str | Path, *, image: str | None = None) -> Instances:
    """The objects of one image: the only one, or the one named `image`."""
    return document.pick(read_dataset(path), image, path).instances


def read_dataset(path: str | Path) -> list[Entry]:
    """Every image of a COCO file: (file name, (h, w) or None, objects); see `from_document`."""
    return from_document(document.load(path), where=path)


def write(
    path: str | Path,
    instances: Instances,
    *,
    image_name: str | None = None,
    overwrite: bool = True,
) -> None:
    """Write one image's objects; the name of the image is else that of the file."""
    name = image_name or Path(path).name.removesuffix(".json").removesuffix(".coco")
    write_dataset(path, [Entry(name, instances.size, instances)], overwrite=overwrite)


def write_dataset(
    path: str | Path,
    entries: Iterable[Entry],
    *,
    like: Mapping[str, Any] | None = None,
    overwrite: bool = True,
) -> None:
    """Write the objects of many images into one file; see `to_document`."""
    document.dump(path, to_document(entries, like=like), overwrite=overwrite)


def to_document(
    entries: Iterable[Entry], *, like: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Images, annotations and categories of several images; classes are joined by name.

    `like` is an earlier COCO document whose info and licences are kept, and for images and
    categories of the same name their ids and unknown keys. An annotation has its object's id where
    those are positive and unique through all images, else a running number, with ours beside it as
    `instance_id`. Raises `InputError` for an object with a hole or to
    be ignored in an image of unknown size.
    """
    entries, like = list(entries), like or {}
    classes = [name for entry in entries for name in entry.instances.classes]
    if len({entry.instances.classes for entry in entries}) > 1:
        classes = list(dict.fromkeys(classes))
    elif entries:
        classes = list(entries[0].instances.classes)
    categories = _numbered("name", classes, like.get("categories"), {"supercategory": ""})
    images = _numbered("file_name", [entry.file_name for entry in entries], like.get("images"), {})
    every_id = [int(i) for entry in entries for i in entry.instances.ids]
    own_ids = len(set(every_id)) == len(every_id) and min(every_id, default=1) > 0
    annotations: list[dict[str, Any]] = []
    for entry, image in zip(entries, images, strict=True):
        size = entry.size or entry.instances.size
        if size is not None:
            image["height"], image["width"] = size
        for i in range(len(entry.instances)):
            label = classes.index(entry.instances.classes[entry.instances.labels[i]])
            number = int(entry.instances.ids[i])
            annotation = {
                "id": number if own_ids else len(annotations) + 1,
                "image_id": image["id"],
                "category_id": categories[label]["id"],
                **_annotation(entry.instances, i, size, entry.file_name),
            }
            if not own_ids:
                annotation[INSTANCE_ID] = number
            annotations.append(annotation)
    return {
        "info": {"description": "Outlines by Kontur"},
        "licenses": [],
        **like,
        "images": images,
        "annotations": annotations,
        "categories": categories,
    }


def from_document(content: Any, *, where: str | Path = "COCO") -> list[Entry]:
    """The images of a COCO document with their objects, images without objects too.

    Polygons with parts, run-length codes as lists or compressed; crowds become regions to ignore.
    Labels count the categories in the order of the file. Parts that overlap are joined, outlines
    that cross themselves repaired, objects without area left out, with a line of logging. Raises
    `InputError` naming the key and the annotation that is wrong.
    """
    if not isinstance(content, Mapping):
        raise InputError(
            f"{where} is a list; wanted a COCO dataset with images, annotations and categories"
        )
    images = _table(content, "images", ("id", "file_name"), where)
    categories = _table(content, "categories", ("id", "name"), where, optional=True)
    annotations = _table(content, "annotations", ("image_id", "segmentation"), where)
    labels = {category["id"]: label for label, category in enumerate(categories)}
    classes = [str(category["name"]) for category in categories] or list(CLASSES)
    by_image: dict[Any, list[Mapping[str, Any]]] = {image["id"]: [] for image in images}
    for number, annotation in enumerate(annotations, start=1):
        which = _which(annotation, number, where)
        if annotation["image_id"] not in by_image:
            raise InputError(
                f"{which}: image_id {annotation['image_id']!r} is not among the images"
            )
        category = annotation.get("category_id")
        if categories and category not in labels:
            raise InputError(f"{which}: category_id {category!r} is not among the categories")
        by_image[annotation["image_id"]].append({**annotation, "which": which})
    return [_entry(image, by_image[image["id"]], labels, classes, where) for image in images]


def with_classes(
    content: Mapping[str, Any],
    names: Sequence[Sequence[str | None]],
    *,
    where: str | Path = "COCO",
) -> dict[str, Any]:
    """The document with other categories of its objects, everything else as it is written there.

    `names` has, image by image, the class of each object that `from_document` finds, None where it
    stays. Classes that are no category yet become one. Raises `InputError` where images or objects
    are not so many, and as `from_document` does.
    """
    document.check_count(content["images"], names, where)
    annotations = [dict(each) for each in content["annotations"]]
    by_image: dict[Any, list[dict[str, Any]]] = {image["id"]: [] for image in content["images"]}
    for each in annotations:
        by_image[each["image_id"]].append(each)
    categories = list(content.get("categories") or [])
    # Once there are categories each annotation must have one.
    of = {} if categories else {id(each): CLASSES[0] for each in annotations}
    for image, of_image in zip(content["images"], names, strict=True):
        here, which = by_image[image["id"]], f"{where}: {image['file_name']}"
        _, kept = document.mend([_shape(each["segmentation"], which)[0] for each in here], which)
        objects = [each for each, keep in zip(here, kept, strict=True) if keep]
        document.check_count(objects, of_image, which)
        of |= {id(each): name for each, name in zip(objects, of_image, strict=True) if name}
    there = {str(each["name"]) for each in categories}
    new = [name for name in dict.fromkeys(of.values()) if name not in there]
    categories += _numbered("name", new, categories, {"supercategory": ""})
    ids = {str(each["name"]): each["id"] for each in reversed(categories)}
    for each in annotations:
        if id(each) in of:
            each["category_id"] = ids[of[id(each)]]
    return {**content, "annotations": annotations, "categories": categories}


def _entry(
    image: Mapping[str, Any],
    annotations: Sequence[Mapping[str, Any]],
    labels: Mapping[Any, int],
    classes: list[str],
    where: str | Path,
) -> Entry:
    size = _size(image, where)
    shapes = []
    for annotation in annotations:
        shape, said = _shape(annotation["segmentation"], annotation["which"])
        if size is not None and said is not None and said != size:
            raise InputError(
                f"{annotation['which']}: the run-length code is of size {said[0]}×{said[1]}, its "
                f"image {size[0]}×{size[1]}"
            )
        size = size or said
        shapes.append(shape)
    name = str(image["file_name"])
    polygons, kept = document.mend(shapes, f"{where}: {name}")
    found = [one for one, keep in zip(annotations, kept, strict=True) if keep]
    instances = Instances.of_valid(
        polygons,
        labels=[labels.get(one.get("category_id"), 0) for one in found] or None,
        scores=[_score(one) for one in found] or None,
        ids=_ids(found),
        ignore=[bool(one.get("iscrowd", 0)) for one in found] or None,
        extras=[{"coco": _rest(one)} for one in found],
        size=size,
        classes=classes,
    )
    return Entry(name, size, instances)


def _annotation(
    instances: Instances, i: int, size: tuple[int, int] | None, name: str
) -> dict[str, Any]:
    polygon, crowd = instances.polygons[i], bool(instances.ignore[i])
    segmentation: Any = None
    if crowd or _has_hole(polygon):
        if size is None:
            raise InputError(
                f"{name}: object {instances.ids[i]} has a hole or is to be ignored, which COCO "
                "holds as a mask, and the image's size is not known; replace(size=(height, width))"
            )
        mask = raster.rasterize(polygon, size)
        if mask.any():  # else smaller than a pixel: its outer rings, lest it be lost
            polygon = raster.trace(mask)
            segmentation = rle.encode(mask) if crowd or _has_hole(polygon) else None
    if segmentation is None:
        rings = shapely.get_exterior_ring(shapely.get_parts(polygon))
        segmentation = [shapely.get_coordinates(ring)[:-1].ravel().tolist() for ring in rings]
        polygon = shapely.union_all(shapely.polygons(rings))
    x0, y0, x1, y1 = polygon.bounds
    score = float(instances.scores[i])
    return {
        "segmentation": segmentation,
        "area": float(polygon.area),  # of what is written, so that a second export says the same
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "iscrowd": int(crowd),
        **({} if np.isnan(score) else {"score": score}),
        **instances.extras[i].get("coco", {}),
    }


def _has_hole(polygon: Polygon | MultiPolygon) -> bool:
    return bool(shapely.get_num_interior_rings(shapely.get_parts(polygon)).any())


def _shape(
    segmentation: Any, which: str
) -> tuple[Polygon | MultiPolygon | None, tuple[int, int] | None]:
    """The unchecked area of a segmentation, and the size of the mask where it is one."""
    if isinstance(segmentation, Mapping):
        try:
            mask = rle.decode(segmentation)
        except InputError as error:
            raise InputError(f"{which}: {error}") from None
        return raster.trace(mask), (mask.shape[0], mask.shape[1])
    if not isinstance(segmentation, list):
        raise InputError(f"{which}: segmentation is neither polygons nor a run-length code")
    flat = bool(segmentation) and not isinstance(segmentation[0], list | tuple)
    parts = []
    for numbers in [segmentation] if flat else segmentation:
        try:
            points = np.asarray(numbers, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"{which}: segmentation holds what is no number") from None
        if points.ndim != 1 or points.size % 2:
            raise InputError(f"{which}: a polygon wants numbers x1, y1, x2, y2 … in pairs")
        parts.append(document.polygon([points.reshape(-1, 2)]))
    areas = [part for part in parts if part is not None]
    if len(areas) > 1:
        return MultiPolygon(areas), None
    return (areas[0] if areas else None), None


def _ids(annotations: Sequence[Mapping[str, Any]]) -> list[int] | None:
    """Our ids where the file has them, else those of the annotations; None for 1 … K."""
    for key in (INSTANCE_ID, "id"):
        ids = [one.get(key) for one in annotations]
        numbers = [i for i in ids if isinstance(i, int) and abs(i) < 2**63]
        if numbers and len(set(numbers)) == len(ids):
            return numbers
    return None


def _rest(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that we do not read; also a score that is none (above 1, say)."""
    known = {*READ, INSTANCE_ID, "which"} - ({"score"} if np.isnan(_score(annotation)) else set())
    return {key: value for key, value in annotation.items() if key not in known}


def _score(annotation: Mapping[str, Any]) -> float:
    score = annotation.get("score")
    return float(score) if isinstance(score, int | float) and 0 <= score <= 1 else float("nan")


def _size(image: Mapping[str, Any], where: str | Path) -> tuple[int, int] | None:
    height, width = image.get("height"), image.get("width")
    if height is None or width is None:
        return None
    if not (isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0):
        raise InputError(
            f"{where}: the image {image['file_name']} has height {height!r} and width {width!r}; "
            "wanted whole numbers above 0"
        )
    return height, width


def _table(
    content: Mapping[str, Any],
    key: str,
    wanted: Sequence[str],
    where: str | Path,
    *,
    optional: bool = False,
) -> list[Mapping[str, Any]]:
    """A list of objects that all have the wanted keys."""
    rows = content.get(key, [] if optional else None)
    if not isinstance(rows, list):
        raise InputError(f"{where} has no list {key!r}, which a COCO file wants")
    for number, row in enumerate(rows, start=1):
        missing = [name for name in wanted if not isinstance(row, Mapping) or name not in row]
        if missing:
            raise InputError(f"{_which(row, number, where, key)} has no {missing[0]!r}")
        unhashable = [
            name for name in row if name.endswith("id") and isinstance(row[name], list | dict)
        ]
        if unhashable:
            raise InputError(f"{_which(row, number, where, key)}: {unhashable[0]!r} is no id")
    return rows


def _which(row: Any, number: int, where: str | Path, key: str = "annotations") -> str:
    name = key.removesuffix("s") if key != "categories" else "category"
    number_or_id = (
        row.get("id", f"number {number}") if isinstance(row, Mapping) else f"number {number}"
    )
    return f"{where}: {name} {number_or_id}"


def _numbered(
    key: str, names: Sequence[str], earlier: Any, default: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Rows `{"id", key: name, …}`: as in the earlier document where it has the name."""
    known = {row[key]: dict(row) for row in reversed(earlier or [])}
    taken = {row["id"] for row in known.values()}
    free = (number for number in range(1, len(names) + len(taken) + 1) if number not in taken)
    return [known.get(name) or {"id": next(free), key: name, **default} for name in names]
