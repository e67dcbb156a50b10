"""Label Studio JSON: a list of tasks, each an image with annotations. Only read.

Numbers are hundredths of the image's width and height from the corner of the first pixel. Polygons,
rectangles, ellipses and brush masks are objects; of several annotations of an image the first that
was not cancelled counts. A task that nobody annotated is left out: its image is not one without
objects. After Label Studio's documentation of its JSON format.
"""

import logging
import re
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote

import numpy as np
from shapely import Polygon

from kontur.errors import InputError
from kontur.files import json_document
from kontur.formats import outline_repair
from kontur.formats.ellipse import ellipse
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.image_size import image_size
from kontur.formats.label_studio import brush as label_studio_brush
from kontur.formats.outline_file import OutlineFile
from kontur.formats.parts import whole_objects
from kontur.formats.rounding import DECIMALS
from kontur.formats.windows import Window
from kontur.images.image_file import IMAGE_ENDINGS
from kontur.instances import CLASSES, Instances
from kontur.wording import listed, plural, quoted, shortened

log = logging.getLogger("kontur.formats")

UPLOADED = re.compile(r"^[0-9a-f]{8}-")  # before the names of files that were uploaded
KINDS = ("polygon", "rectangle", "ellipse", "brush", "bitmask")  # with `labels` behind: of a class
OTHERS = (  # results that are no regions: labels alone, relations, answers about the image
    *("", "relation", "choices", "taxonomy", "textarea", "number", "rating", "datetime"),
    *("pairwise", "ranker"),
)


class _Region(NamedTuple):
    """A region as read: its unchecked area, or what it is instead, its class and score."""

    area: Polygon | Window | None
    label: str | None
    score: float
    without: str | None = None


class _Task(NamedTuple):
    name: str
    size: tuple[int, int] | None
    regions: list[_Region]


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """Every annotated task with its objects.

    Raises `InputError` naming the task that is wrong, and where none of the tasks is annotated.
    """
    content, where = file.json, file.path
    rows = content if isinstance(content, list) else [content]
    found = [_task(row, f"{where}: task {number}") for number, row in enumerate(rows, start=1)]
    tasks = [task for task in found if task is not None]
    if found and not tasks:
        raise InputError(
            f"{where} has {plural(len(found), 'task')} and no annotation; predictions are not read"
        )
    if len(tasks) < len(found):
        left = plural(len(found) - len(tasks), "task")
        log.warning("%s: %s without annotation: left out", where, left)
    names = [one.label for task in tasks for one in task.regions if one.area is not None]
    classes = list(dict.fromkeys(name or CLASSES[0] for name in names)) or [*CLASSES]
    return [_entry(task, classes, where) for task in tasks]


def _entry(task: _Task, classes: list[str], where: Path) -> ImageAnnotation:
    which = f"{where}: image {shortened(task.name)}"
    without = outline_repair.left_out((one.without for one in task.regions), which, what="regions")
    objects, polygons = whole_objects(task.regions, lambda _: None, which)
    regions = [region for (region,) in objects]
    instances = Instances.of_valid(
        polygons,
        labels=[classes.index(one.label or CLASSES[0]) for one in regions] or None,
        scores=[one.score for one in regions] or None,
        size=task.size,
        classes=classes,
    )
    return ImageAnnotation(task.name, task.size, instances, without)


def _task(row: Any, which: str) -> _Task | None:
    """A task with its regions; None of one that nobody annotated."""
    if isinstance(row, Mapping) and "data" not in row:
        row = _whole(row)
    if not isinstance(row, Mapping) or not isinstance(row.get("data"), Mapping):
        raise InputError(f"{which} has no 'data'; export the project as JSON")
    annotations = row.get("annotations") or row.get("completions") or []
    if not isinstance(annotations, list):
        raise InputError(f"{which}: its annotations are no list")
    finished = [
        one for one in annotations if isinstance(one, Mapping) and not one.get("was_cancelled")
    ]
    if len(finished) > 1:
        log.warning("%s has %s: the first is read", which, plural(len(finished), "annotation"))
    if not finished:
        return None
    results = finished[0].get("result")
    if not isinstance(results, list) or not all(isinstance(one, Mapping) for one in results):
        raise InputError(f"{which}: its result is no list of regions")
    labels = {  # of regions whose class stands in a result of its own
        one.get("id"): label
        for one in results
        if isinstance(one.get("id"), str) and (label := _label(one)) is not None
    }
    size: tuple[int, int] | None = None
    regions = []
    known: dict[str, Mapping[str, Any]] = {}  # by the id of the region
    images: set[str] = set()
    for number, one in enumerate(results, start=1):
        kind = _kind(one)
        if kind in OTHERS:
            continue
        here = f"{which}, region {number}"
        label = _label(one) or labels.get(one.get("id"))
        if kind not in KINDS:
            regions.append(_Region(None, label, np.nan, kind))
            continue
        name, drawn = str(one.get("id")), _geometry(one)
        if (
            "id" in one and drawn and known.get(name) == drawn
        ):  # the same region again, of another tag
            continue
        known[name] = drawn
        images.add(_image_of(one))
        if len(images) > 1:
            raise InputError(
                f"{which} marks several images ({listed(sorted(images))}), and which region is of "
                "which file is not known; give each image a task of its own"
            )
        size = _size(one, size, here)
        try:
            area = _area(kind, one.get("value"), size)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{here} is a {kind} that cannot be read: {missing}") from None
        regions.append(_Region(area, label, json_document.score(one.get("score"))))
    return _Task(_name(row, images, which), size, regions)


def _kind(result: Mapping[str, Any]) -> str:
    """What a result is, by its type; run lengths are a brush's, whatever tool drew it."""
    kind, value = str(result.get("type", "")).removesuffix("labels"), result.get("value")
    return "brush" if isinstance(value, Mapping) and "rle" in value else kind


def _geometry(result: Mapping[str, Any]) -> dict[str, Any]:
    """The value of a result without its labels."""
    value = result.get("value")
    items = value.items() if isinstance(value, Mapping) else ()
    return {key: one for key, one in items if not key.endswith("labels")}


def _image_of(result: Mapping[str, Any]) -> str:
    """The tag, or of a list of images the one, that a region is drawn on."""
    index, tag = result.get("item_index"), str(result.get("to_name") or "image")
    return tag if not index else f"{tag} {index}"


def _whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the short export, JSON-MIN, as one of the long export."""
    lists = [value for value in row.values() if isinstance(value, list)]
    regions = [one for value in lists for one in value if isinstance(one, Mapping)]
    results = []
    for region in regions:
        kind = next((key for key in region if key.endswith("labels")), "")
        results.append({**region, "type": kind, "value": region})
    data = {"image": row["image"]} if "image" in row else dict(row)
    return {"id": row.get("id"), "data": data, "annotations": [{"result": results}]}


def _label(result: Mapping[str, Any]) -> str | None:
    """The first label of a region."""
    value, kind = result.get("value"), str(result.get("type", ""))
    names = value.get(kind) if isinstance(value, Mapping) and kind.endswith("labels") else None
    return str(names[0]) if isinstance(names, list) and names else None


def _size(result: Mapping[str, Any], known: tuple[int, int] | None, which: str) -> tuple[int, int]:
    sides = result.get("original_height"), result.get("original_width")
    size = image_size(*sides)
    if size is None:
        raise InputError(
            f"{which} has original_height {quoted(sides[0])} and original_width "
            f"{quoted(sides[1])}; wanted whole numbers above 0"
        )
    if known not in (None, size) or result.get("image_rotation"):
        raise InputError(f"{which} is of another size or a turned image, which is not read")
    return size


def _points(value: Any) -> np.ndarray:
    try:
        points = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.size and (points.ndim != 2 or points.shape[1] != 2):
        points = np.empty(0)
    if value != [] and points.size == 0:
        raise ValueError("its points are no list of [x, y]")
    return points.reshape(-1, 2)


def _area(kind: str, value: Any, size: tuple[int, int]) -> Polygon | Window:
    height, width = size
    if kind == "bitmask":
        return Window(label_studio_brush.from_png(value["imageDataURL"], size), (0, 0), size)
    if kind == "brush":
        return Window(label_studio_brush.decode(value["rle"], size), (0, 0), size)
    share = np.array([width, height]) / 100
    if kind == "polygon":
        points = _points(value["points"]) * share
        return outline_repair.polygon([np.round(points, DECIMALS)])
    corner = np.array([float(value["x"]), float(value["y"])]) * share
    angle = np.deg2rad(float(value.get("rotation") or 0))
    if kind == "rectangle":
        sides = np.array([float(value["width"]), float(value["height"])]) * share
        points = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sides
    else:
        radii = np.array([float(value["radiusX"]), float(value["radiusY"])]) * share
        points = ellipse((0.0, 0.0), radii)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return outline_repair.polygon([np.round(points @ turn + corner, DECIMALS)])


def _name(task: Mapping[str, Any], tags: Collection[str], which: str) -> str:
    """The image's file name, without the letters that an upload put before it.

    `tags` are those that the regions are drawn on, whose names are often that of the image.
    """
    texts = {key: value for key, value in task["data"].items() if isinstance(value, str)}
    names = {key: _last(value) for key, value in texts.items()}
    pictures = {key: name for key, name in names.items() if name.lower().endswith(IMAGE_ENDINGS)}
    sure = next((key for key in ("image", *sorted(tags)) if key in pictures), None)
    if sure is None and len(pictures) > 1:
        raise InputError(
            f"{which} names {plural(len(pictures), 'image')} ({listed(sorted(pictures))}); give "
            "each image a task of its own"
        )
    chosen = sure or next((key for key in [*pictures, "image", *names] if key in names), None)
    if chosen is None:
        several = any(isinstance(value, list) for value in task["data"].values())
        raise InputError(
            f"{which} names a list of images; give each image a task of its own"
            if several
            else f"{which} names no image"
        )
    return UPLOADED.sub("", names[chosen], count=1) or "image"


def _last(place: str) -> str:
    """The file name of a path, an address or a storage of files."""
    path = unquote(place).replace("\\", "/").rpartition("?d=")[2].partition("?")[0]
    return PurePosixPath(path).name


def _recognise(file: OutlineFile) -> bool:
    keys = file.json_keys
    if "annotation_id" in keys and "annotator" in keys:  # JSON-MIN
        return True
    return keys.get("data") == "{" and bool({"annotations", "completions"} & keys.keys())


FORMAT = Format(
    name="labelstudio",
    title="Label Studio JSON",
    endings=(".labelstudio.json",),
    shared_endings=(".json",),
    several_images=True,
    read=read,
    recognise=_recognise,
)
