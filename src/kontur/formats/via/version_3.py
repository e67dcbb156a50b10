"""VIA 3's projects and CSV, as regions of VIA 2: images alone, no videos.

A project has numbered tables: files, views of a file, attributes, and what was marked in a view: a
list of a shape's number and its coordinates, and values of attributes by their numbers. The CSV is
the last table, with the attributes in comments above. After VIA 3's `_via_metadata.js`,
`_via_data.js` and `_via_import_export.js`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kontur.errors import InputError
from kontur.files import csv_dialect, json_document
from kontur.formats.via.image import Options, ViaImage, cell, mapping
from kontur.wording import quoted, shortened

TABLES = ("attribute", "file", "metadata", "view")
HEADING = "# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates"
ATTRIBUTES = ("# ATTRIBUTE = ", "# ATTRIBUTES = ")  # whole ones, or their names
VIDEO, AUDIO = 4, 8  # types of files
SHAPES = {
    **{1: "point", 2: "rect", 3: "circle", 4: "ellipse", 5: "line", 6: "polyline", 7: "polygon"},
    **{8: "rect of extremes", 9: "circle of extremes"},
}


def images_of(content: Mapping[str, Any], where: Path) -> tuple[list[ViaImage], Options]:
    """The images of a project with their regions, and the options of attributes.

    Raises `InputError` naming the table or mark that is wrong, and for videos.
    """
    attributes, files, marks, views = (mapping(content.get(name)) for name in TABLES)
    images: dict[str, ViaImage] = {}
    for number, view in views.items():
        places = mapping(view).get("fid_list")
        file = mapping(files.get(str(places[0]))) if isinstance(places, list) and places else {}
        if file.get("type") in (VIDEO, AUDIO):
            raise InputError(f"{where} is a project of videos; Kontur reads those of images")
        name = file.get("src") or file.get("fname")
        if not isinstance(name, str) or name.startswith(("data:", "blob:")):
            name = file.get("fname")
        if not isinstance(name, str) or not name:
            raise InputError(f"{where}: the view {shortened(number)} has no file with a name")
        images[str(number)] = ViaImage(name, None, {}, [])
    names = {str(key): str(mapping(one).get("aname", key)) for key, one in attributes.items()}
    for key, mark in marks.items():
        which = f"{where}: the mark {shortened(key)}"
        image = images.get(str(mapping(mark).get("vid")))
        if image is None:
            raise InputError(f"{which} is of no view that is there")
        values = {
            names.get(str(number), str(number)): value
            for number, value in mapping(mark.get("av")).items()
        }
        place = mark.get("xy")
        if place == []:  # of the whole file
            continue
        image.regions.append((_shape(place, which), values))
    options = {
        names[str(key)]: {str(k): str(v) for k, v in mapping(mapping(one).get("options")).items()}
        for key, one in attributes.items()
    }
    return list(images.values()), options


def from_table(path: Path) -> dict[str, Any]:
    """The CSV as the project that it was made of, so far as it is written there."""
    lines = json_document.load_text(path).splitlines()
    store: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
    for line in lines:
        for start in ATTRIBUTES:
            if line.startswith(start):
                known = cell(line.removeprefix(start), f"{path}: its attributes")
                store["attribute"] = {
                    key: one if isinstance(one, Mapping) else {"aname": one}
                    for key, one in known.items()
                }
    marks = "\n".join(line for line in lines if not line.startswith("#"))
    for number, row in csv_dialect.rows_of_text(marks, csv_dialect.Dialect(), where=path):
        try:
            key, images, _, _, place, values = row[:6]
            names = json.loads(images)
            view = str(names[0])
            mark = {"vid": view, "xy": json.loads(place), "av": cell(values, f"{path}: {key}")}
        except (ValueError, LookupError, TypeError, RecursionError):
            raise InputError(
                f"{path} is no CSV of VIA 3, or is cut short in row {number}"
            ) from None
        store["file"][view] = {"src": view}
        store["view"][view] = {"fid_list": [view]}
        store["metadata"][f"{key} {number}"] = mark
    return store


def _shape(place: Any, which: str) -> dict[str, Any]:
    """The shape as VIA 2 has it."""
    kind = SHAPES.get(place[0]) if isinstance(place, list) and type(place[0]) is int else None
    if kind is None:
        raise InputError(f"{which} is of the shape {quoted(place)[:80]}, which VIA 3 has not")
    numbers: Sequence[Any] = place[1:]
    if kind == "polygon":
        return {"name": kind, "all_points_x": numbers[::2], "all_points_y": numbers[1::2]}
    keys = {"rect": ("x", "y", "width", "height"), "circle": ("cx", "cy", "r")}
    keys["ellipse"] = ("cx", "cy", "rx", "ry")
    if kind in keys:
        return {"name": kind, **dict(zip(keys[kind], numbers, strict=False))}
    if kind.endswith("extremes"):
        try:
            points = np.array(numbers, dtype=np.float64).reshape(-1, 2)
        except (TypeError, ValueError, OverflowError):
            raise InputError(f"{which} has coordinates that are no numbers") from None
        return _around(points) if kind.startswith("circle") else _between(points)
    return {"name": kind}


def _between(points: np.ndarray) -> dict[str, Any]:
    """The rectangle of the four points where it ends."""
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return {"name": "rect", "x": left, "y": top, "width": right - left, "height": bottom - top}


def _around(points: np.ndarray) -> dict[str, Any]:
    """The circle through three points."""
    first, *others = points[:3]
    sides = np.array(others) - first
    if len(sides) != 2 or abs(np.linalg.det(sides)) < 1e-9:
        return {"name": "point"}  # three points on a line: no area
    middle = first + np.linalg.solve(2 * sides, (sides**2).sum(axis=1))
    radius = float(np.hypot(*(first - middle)))
    return {"name": "circle", "cx": float(middle[0]), "cy": float(middle[1]), "r": radius}
