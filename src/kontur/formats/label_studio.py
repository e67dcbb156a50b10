"""Label Studio JSON: a list of tasks, each an image with annotations. Only read.

Numbers are hundredths of the image's width and height from the corner of the first pixel. Polygons,
rectangles, ellipses and brush masks are objects; of several annotations of an image the first that
was not cancelled counts. After Label Studio's documentation of its JSON format.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import unquote

import numpy as np
from shapely import Polygon

from kontur.errors import InputError
from kontur.formats import document, label_studio_brush
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.outline_file import OutlineFile
from kontur.formats.parts import whole_objects
from kontur.formats.rounding import DECIMALS
from kontur.formats.windows import Window
from kontur.instances import CLASSES, Instances
from kontur.wording import plural, quoted, shortened

UPLOADED = re.compile(r"[0-9a-f]{8}-")  # before the names of files that were uploaded
KINDS = ("polygon", "rectangle", "ellipse", "brush", "bitmask")  # with `labels` behind: of a class
OTHERS = (  # results that are no regions: labels alone, relations, answers about the image
    *("", "relation", "choices", "taxonomy", "textarea", "number", "rating", "datetime"),
    *("pairwise", "ranker"),
)
STEPS = np.linspace(0, 2 * np.pi, 128, endpoint=False)  # of an ellipse


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
    """Every task with its objects; raises `InputError` naming the task that is wrong."""
    content, where = file.json, file.path
    rows = content if isinstance(content, list) else [content]
    tasks = [_task(row, f"{where}: task {number}") for number, row in enumerate(rows, start=1)]
    names = [one.label for task in tasks for one in task.regions if one.area is not None]
    classes = list(dict.fromkeys(name or CLASSES[0] for name in names)) or [*CLASSES]
    return [_entry(task, classes, where) for task in tasks]


def _entry(task: _Task, classes: list[str], where: Path) -> ImageAnnotation:
    which = f"{where}: image {shortened(task.name)}"
    without = document.left_out((one.without for one in task.regions), which, what="regions")
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


def _task(row: Any, which: str) -> _Task:
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
        document.log.warning(
            "%s has %s: the first is read", which, plural(len(finished), "annotation")
        )
    results = finished[0].get("result") if finished else []
    if not isinstance(results, list) or not all(isinstance(one, Mapping) for one in results):
        raise InputError(f"{which}: its result is no list of regions")
    labels = {  # of regions whose class stands in a result of its own
        one.get("id"): label
        for one in results
        if isinstance(one.get("id"), str) and (label := _label(one)) is not None
    }
    size: tuple[int, int] | None = None
    regions = []
    for number, one in enumerate(results, start=1):
        kind = str(one.get("type", "")).removesuffix("labels")
        if kind in OTHERS:
            continue
        here = f"{which}, region {number}"
        label = _label(one) or labels.get(one.get("id"))
        if kind not in KINDS:
            regions.append(_Region(None, label, np.nan, kind))
            continue
        size = _size(one, size, here)
        try:
            area = _area(kind, one.get("value"), size)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{here} is a {kind} that cannot be read: {missing}") from None
        regions.append(_Region(area, label, _score(one.get("score"))))
    return _Task(_name(row, which), size, regions)


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


def _score(score: Any) -> float:
    return float(score) if isinstance(score, int | float) and 0 <= score <= 1 else np.nan


def _size(result: Mapping[str, Any], known: tuple[int, int] | None, which: str) -> tuple[int, int]:
    sides = result.get("original_height"), result.get("original_width")
    size = document.image_size(*sides)
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
        return document.polygon([np.round(points, DECIMALS)])
    corner = np.array([float(value["x"]), float(value["y"])]) * share
    angle = np.deg2rad(float(value.get("rotation") or 0))
    if kind == "rectangle":
        sides = np.array([float(value["width"]), float(value["height"])]) * share
        points = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sides
    else:
        radii = np.array([float(value["radiusX"]), float(value["radiusY"])]) * share
        points = np.stack([np.cos(STEPS), np.sin(STEPS)], axis=1) * radii
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return document.polygon([np.round(points @ turn + corner, DECIMALS)])


def _name(task: Mapping[str, Any], which: str) -> str:
    """The image's file name, without the letters that an upload put before it."""
    data = task["data"]
    texts = [value for key, value in data.items() if isinstance(value, str) and key == "image"]
    texts += [value for value in data.values() if isinstance(value, str)]
    if not texts:
        raise InputError(f"{which} names no image")
    place = unquote(texts[0]).replace("\\", "/").rpartition("?d=")[2].partition("?")[0]
    name = PurePosixPath(place).name
    return (UPLOADED.sub("", name, count=1) if UPLOADED.match(name) else name) or "image"


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
