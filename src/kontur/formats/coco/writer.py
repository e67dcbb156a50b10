"""Objects to a COCO document: categories, images, annotations; see `format`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from jaxtyping import Shaped

from kontur.errors import InputError
from kontur.formats.coco import rle
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.painted import as_pixels, have_hole
from kontur.formats.rounding import DECIMALS, rounded, rounded_score
from kontur.instances import Instances
from kontur.wording import listed

INSTANCE_ID = "instance_id"  # ours, where the annotation's id had to be another


def to_document(
    entries: Iterable[ImageAnnotation], *, like: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Images, annotations and categories of several images; classes are joined by name.

    `like` is an earlier COCO document whose info and licences are kept, and for images and
    categories of the same name their ids and unknown keys; by default what the images were read
    from, if all are of one file. An annotation has its object's id where
    those are positive and unique through all images, else a running number, with ours beside it as
    `instance_id`. Raises `InputError` for an object with a hole or to be ignored in an image of
    unknown size.
    """
    entries = list(entries)
    like = _earlier(entries) if like is None else like
    classes = [name for entry in entries for name in entry.instances.classes]
    if len({entry.instances.classes for entry in entries}) > 1:
        classes = list(dict.fromkeys(classes))
    elif entries:
        classes = list(entries[0].instances.classes)
    categories = numbered("name", classes, like.get("categories"), {"supercategory": ""})
    images = numbered("file_name", [entry.file_name for entry in entries], like.get("images"), {})
    every_id = [int(i) for entry in entries for i in entry.instances.ids]
    own_ids = len(set(every_id)) == len(every_id) and min(every_id, default=1) > 0
    annotations: list[dict[str, Any]] = []
    for entry, image in zip(entries, images, strict=True):
        size = entry.size or entry.instances.size
        if size is not None:
            image["height"], image["width"] = size
        places = [classes.index(name) for name in entry.instances.classes]
        for i, written in enumerate(_annotations(entry.instances, size, entry.file_name)):
            number = int(entry.instances.ids[i])
            annotation = {
                "id": number if own_ids else len(annotations) + 1,
                "image_id": image["id"],
                "category_id": categories[places[entry.instances.labels[i]]]["id"],
                **written,
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


def _earlier(entries: Sequence[ImageAnnotation]) -> dict[str, Any]:
    """The document that images were read from, without its annotations.

    Of several documents, what they say alike of themselves, and each one's images: without a
    licence where those lists differ, and under new numbers where theirs are not of one image alone.
    """
    named = [(entry.file_name, entry.extras["coco"]) for entry in entries if "coco" in entry.extras]
    known = [one for _, one in named]
    alike = not lost_by_joining(entries)
    # as they are called now: a folder may have moved them
    images = [{**one["image"], "file_name": name} for name, one in named if "image" in one]
    if not alike:
        images = [{k: v for k, v in image.items() if k != "license"} for image in images]
    if len({image["id"] for image in images}) < len(images):
        images = [{**image, "id": number} for number, image in enumerate(images, start=1)]
    categories = [one.get("categories", []) for one in known]
    return {
        **(known[0].get("file", {}) if known and alike else {}),
        "images": images,
        "categories": categories[0] if categories and _are_alike(categories) else [],
    }


def lost_by_joining(entries: Sequence[ImageAnnotation]) -> list[str]:
    """A sentence on what the documents of the images say of themselves, where they differ."""
    known = [entry.extras["coco"].get("file", {}) for entry in entries if "coco" in entry.extras]
    files = [{name: value for name, value in file.items() if value} for file in known]
    if _are_alike(files):
        return []
    names = dict.fromkeys(name for file in files for name in file)
    return [f"COCO JSON: {listed(names)} lost, which differ from file to file"]


def _are_alike(values: Sequence[Any]) -> bool:
    return all(value == values[0] for value in values)


def numbered(
    key: str, names: Sequence[str], earlier: Any, default: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Rows `{"id", key: name, …}`: as in the earlier document where it has the name."""
    known = {str(row[key]): dict(row) for row in reversed(earlier or [])}
    used = {row["id"] for row in known.values()}
    free = (number for number in range(1, len(names) + len(used) + 1) if number not in used)
    return [known.get(name) or {"id": next(free), key: name, **default} for name in names]


def _annotations(
    instances: Instances, size: tuple[int, int] | None, name: str
) -> list[dict[str, Any]]:
    """What is written of each object but its ids."""
    polygons = rounded(instances.polygons)
    masked = instances.ignore | have_hole(polygons)
    codes: dict[int, dict[str, Any]] = {}
    if masked.any():
        if size is None:
            raise InputError(
                f"{name}: object {instances.ids[masked][0]} has a hole or is to be ignored, which "
                "COCO holds as a mask, and the image's size is not known; give it with --size HxW "
                "or --image FILE (in Python replace(size=(height, width)))"
            )
        polygons, windows = as_pixels(polygons, masked, size)
        holes = have_hole(polygons)
        codes = {
            i: rle.encode_window(window)
            for i, window in windows.items()
            if instances.ignore[i] or holes[i]
        }
    # of the outlines as written, so that a second export is identical
    areas = np.round(shapely.area(polygons), DECIMALS).tolist()
    corners = shapely.bounds(polygons).reshape(-1, 4)
    extents = np.round(corners[:, 2:] - corners[:, :2], DECIMALS)
    boxes = np.concatenate([np.round(corners[:, :2], DECIMALS), extents], axis=1).tolist()
    rings = _outer_rings(polygons)
    return [
        {
            "segmentation": codes.get(i) or rings[i],
            "area": areas[i],
            "bbox": boxes[i],
            "iscrowd": int(instances.ignore[i]),
            **({} if np.isnan(score) else {"score": rounded_score(score)}),
            **instances.extras[i].get("coco", {}),
        }
        for i, score in enumerate(instances.scores)
    ]


def _outer_rings(polygons: Shaped[np.ndarray, " k"]) -> list[list[list[float]]]:
    """The outer ring of every part of each outline as x1, y1, x2, y2 …, open."""
    parts, owner = shapely.get_parts(polygons, return_index=True)
    points, ring = shapely.get_coordinates(shapely.get_exterior_ring(parts), return_index=True)
    stops = np.searchsorted(ring, np.arange(1, len(parts) + 1))
    flat = points.ravel().tolist()
    rings: list[list[list[float]]] = [[] for _ in range(len(polygons))]
    start = 0
    for i, stop in zip(owner.tolist(), stops.tolist(), strict=True):
        rings[i].append(flat[2 * start : 2 * stop - 2])
        start = stop
    return rings
