"""CVAT for images 1.1: an XML file that lists images with their shapes.

Points count from the corner of the first pixel, as inside. Outlines are exact to a thousandth of a
pixel; the parts of an object are polygons of one `group_id`. CVAT's polygons have no holes, so an
object with holes is a `mask`, exact to the pixel. Attributes of shapes stay with them; score, id
and regions to ignore are attributes too, which CVAT takes where the label has them and else leaves
out. The description of the task is not kept, but for labels. Of a project, whose images lie in a
folder for each subset, the name of an image has that folder. After CVAT's documentation of its XML
format.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import shapely
from jaxtyping import Float
from shapely import Polygon

from kontur.display.colours import as_hex, class_colour
from kontur.errors import InputError
from kontur.files import atomic, json_document
from kontur.formats import outline_repair
from kontur.formats.attributes import of_texts
from kontur.formats.cvat.mask import from_attributes, to_attributes
from kontur.formats.ellipse import ellipse
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation, unique_ids
from kontur.formats.image_size import size_of_texts
from kontur.formats.outline_file import OutlineFile
from kontur.formats.painted import as_pixels, have_hole
from kontur.formats.parts import whole_objects
from kontur.formats.rounding import DECIMALS, rounded, rounded_score
from kontur.formats.windows import Window
from kontur.instances import CLASSES, Instances
from kontur.wording import quoted, shortened

DEEPEST = 64  # levels of XML; CVAT's have eight
NO_AREAS = ("polyline", "points", "cuboid", "skeleton", "tag")
SHAPES = ("polygon", "mask", "box", "ellipse", *NO_AREAS)
GEOMETRY = (  # attributes of shapes that are read; others are kept
    *("label", "points", "group_id", "rle", "left", "top", "width", "height", "rotation"),
    *("xtl", "ytl", "xbr", "ybr", "cx", "cy", "rx", "ry"),
)
EXTRAS = "cvat"
PLAIN = (("source", "manual"), ("occluded", "0"), ("z_order", "0"))  # of every shape
SUBSET = "subset"  # of a project's images; the folder in which they lie
SCORE, ID, IGNORE = "score", "kontur_id", "kontur_ignore"  # attributes that we write


class _Shape(NamedTuple):
    """A shape as read: its unchecked area, or what it is instead."""

    label: str
    area: Polygon | Window | None
    group: int | None
    attributes: Mapping[str, str]
    rest: Mapping[str, str]
    without: str | None = None


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """Every image of a file with its objects; polygons of one label and group are one object.

    Lines, points, cuboids and tags have no area: they are counted and left out. Raises `InputError`
    naming the image and the shape that is wrong, and for annotations of videos.
    """
    labels: list[str] = []
    rows: list[tuple[Mapping[str, str], list[_Shape]]] = []
    for element in _elements(file.path):
        if element.tag == "track":
            raise InputError(
                f"{file.path} has the tracks of a video; export the task as 'CVAT for images'"
            )
        if element.tag == "label":
            labels += [name for child in element if child.tag == "name" and (name := child.text)]
        if element.tag == "image":
            which = f"{file.path}: image {shortened(element.get('name', len(rows) + 1))}"
            size = _size(element, which)
            rows.append(
                (
                    dict(element.attrib),
                    [_shape(child, size, which) for child in element if child.tag in SHAPES],
                )
            )
    used = [shape.label for _, shapes in rows for shape in shapes if shape.area is not None]
    classes = list(dict.fromkeys([*labels, *used])) or [*CLASSES]
    return [_entry(image, shapes, classes, file.path) for image, shapes in rows]


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write the objects of many images into one file."""
    root = ElementTree.Element("annotations")
    _child(root, "version", "1.1")
    labels = _child(_child(_child(root, "meta"), "task"), "labels")
    names = dict.fromkeys(name for entry in entries for name in entry.instances.classes)
    for number, name in enumerate(names or CLASSES):
        label = _child(labels, "label")
        _child(label, "name", name)
        _child(label, "color", as_hex(class_colour(number)))
    for number, entry in enumerate(entries):
        size = entry.size or entry.instances.size
        known = dict(entry.extras.get(EXTRAS, {}))
        folder = f"{known[SUBSET]}/" if SUBSET in known else ""
        if not entry.file_name.startswith(folder):
            del known[SUBSET]  # it lies in another folder since
        name = entry.file_name.removeprefix(folder)
        image = {"id": str(number), "name": name, **known}
        if size is not None:
            image |= {"width": str(size[1]), "height": str(size[0])}
        root.append(_element("image", image, _written(entry.instances, size)))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    atomic.write_text(
        path, f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n', overwrite=overwrite
    )


def _written(instances: Instances, size: tuple[int, int] | None) -> Iterator[ElementTree.Element]:
    polygons = rounded(instances.polygons)
    polygons, windows = as_pixels(polygons, have_hole(polygons), size)
    holes = have_hole(polygons)
    groups = 0
    for i, polygon in enumerate(polygons):
        parts = shapely.get_parts(polygon)
        if i in windows and holes[i]:
            drawn = [("mask", to_attributes(windows[i]))]
        else:
            drawn = [("polygon", {"points": _points(part)}) for part in parts]
        groups += len(drawn) > 1
        known = instances.extras[i].get(EXTRAS, ())
        for number, (tag, geometry) in enumerate(drawn):
            rest = known[number] if number < len(known) else known[0] if known else {}
            attributes = {**rest.get("attributes", {}), ID: str(instances.ids[i])}
            if not np.isnan(instances.scores[i]):
                attributes[SCORE] = str(rounded_score(instances.scores[i]))
            if instances.ignore[i]:
                attributes[IGNORE] = "true"
            given = {
                "label": instances.classes[instances.labels[i]],
                **{"source": "manual", "occluded": "0", **rest.get("rest", {})},
                **geometry,
                **({"group_id": str(groups)} if len(drawn) > 1 else {}),
            }
            yield _element(
                tag,
                given,
                (
                    _element("attribute", {"name": name}, text=value)
                    for name, value in attributes.items()
                ),
            )


def _entry(
    image: Mapping[str, str], shapes: Sequence[_Shape], classes: list[str], where: Path
) -> ImageAnnotation:
    name = image.get("name") or "image"
    if image.get(SUBSET):
        name = f"{image[SUBSET]}/{name}"
    which = f"{where}: image {shortened(name)}"
    without = outline_repair.left_out((shape.without for shape in shapes), which)
    objects, polygons = whole_objects(shapes, _group, which)
    first = [parts[0] for parts in objects]
    size = _size(image, which)
    instances = Instances.of_valid(
        polygons,
        labels=[classes.index(shape.label) for shape in first] or None,
        scores=[_score(shape) for shape in first] or None,
        ids=unique_ids([_id(shape) for shape in first]) or None,
        ignore=[shape.attributes.get(IGNORE) == "true" for shape in first] or None,
        extras=[{EXTRAS: [_kept(part) for part in parts]} for parts in objects],
        size=size,
        classes=classes,
    )
    rest = {k: v for k, v in image.items() if k not in ("name", "width", "height", "id")}
    return ImageAnnotation(name, size, instances, without, extras={EXTRAS: rest} if rest else {})


def _group(shape: _Shape) -> tuple[str, int] | None:
    return None if shape.group is None else (shape.label, shape.group)


def _kept(shape: _Shape) -> dict[str, Any]:
    read = (ID, IGNORE, *(() if np.isnan(_score(shape)) else (SCORE,)))
    attributes = {key: value for key, value in shape.attributes.items() if key not in read}
    return {"attributes": attributes, "rest": dict(shape.rest)}


def _score(shape: _Shape) -> float:
    try:
        score = float(shape.attributes.get(SCORE, "nan"))
    except ValueError:
        return np.nan
    return score if 0 <= score <= 1 else np.nan


def _id(shape: _Shape) -> int | None:
    text = shape.attributes.get(ID, "")
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 20 else None


def _shape(element: ElementTree.Element, size: tuple[int, int] | None, which: str) -> _Shape:
    given, kind = element.attrib, element.tag
    label = given.get("label")
    if not label:
        raise InputError(f"{which}: a {kind} has no label")
    attributes = {
        child.get("name", ""): child.text or "" for child in element if child.tag == "attribute"
    }
    rest = {key: value for key, value in given.items() if key not in GEOMETRY}
    group = given.get("group_id", "0")
    number = int(group) if group.isdecimal() and len(group) < 20 else 0
    if kind in NO_AREAS:
        return _Shape(label, None, None, attributes, rest, kind)
    try:
        area = from_attributes(given, size) if kind == "mask" else _area(kind, given)
    except (KeyError, ValueError, OverflowError) as error:
        missing = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise InputError(
            f"{which}: a {kind} of {quoted(label)} cannot be read: {missing}"
        ) from None
    return _Shape(label, area, number or None, attributes, rest)


def _area(kind: str, given: Mapping[str, str]) -> Polygon:
    if kind == "polygon":
        pairs = [pair.split(",") for pair in given["points"].split(";") if pair.strip()]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError("its points are no x,y;x,y")
        return outline_repair.polygon([[(float(x), float(y)) for x, y in pairs]])
    if kind == "box":
        x0, y0, x1, y1 = (float(given[name]) for name in ("xtl", "ytl", "xbr", "ybr"))
        points = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    else:
        cx, cy, rx, ry = (float(given[name]) for name in ("cx", "cy", "rx", "ry"))
        points = ellipse((cx, cy), (rx, ry))
    turned = _turned(points, float(given.get("rotation", 0)))
    return outline_repair.polygon([np.round(turned, DECIMALS)])


def _turned(points: Float[np.ndarray, "n 2"], degrees: float) -> Float[np.ndarray, "n 2"]:
    """Turned around the middle, clockwise on screen."""
    if not degrees or not np.isfinite(points).all():
        return points
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (points - middle) @ turn + middle


def _points(part: Polygon) -> str:
    return ";".join(f"{x!r},{y!r}" for x, y in shapely.get_coordinates(part)[:-1].tolist())


def _size(image: Any, which: str) -> tuple[int, int] | None:
    sides = image.get("height"), image.get("width")
    if None in sides:
        return None
    size = size_of_texts(sides)
    if size is None:
        raise InputError(
            f"{which} has height {quoted(sides[0])} and width {quoted(sides[1])}; wanted whole "
            "numbers above 0"
        )
    return size


def _elements(path: Path) -> Iterator[ElementTree.Element]:
    """Labels, images and tracks of a file, each whole; `InputError` where it is no such XML."""
    with json_document.opened(path) as file:
        depth, found = 0, False
        try:
            for event, element in ElementTree.iterparse(file, events=("start", "end")):
                depth += 1 if event == "start" else -1
                if depth > DEEPEST:
                    raise InputError(f"{path} is nested too deeply to be a file of CVAT")
                if event == "start":
                    found = found or element.tag == "annotations"
                    if not found:
                        raise InputError(
                            f"{path} begins with <{shortened(element.tag)}>; wanted the "
                            "<annotations> of CVAT for images"
                        )
                elif element.tag in ("label", "image", "track"):
                    yield element
                    element.clear()
        except InputError:
            raise
        except (ElementTree.ParseError, ValueError, LookupError) as error:  # or its encoding
            raise InputError(f"{path} is no XML or is cut short: {error}") from None


def _child(parent: ElementTree.Element, tag: str, text: str | None = None) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag)
    child.text = None if text is None else _printable(text)
    return child


def _element(
    tag: str,
    attributes: Mapping[str, str],
    children: Iterator[ElementTree.Element] | None = None,
    *,
    text: str | None = None,
) -> ElementTree.Element:
    made = ElementTree.Element(tag, {key: _printable(value) for key, value in attributes.items()})
    made.text = None if text is None else _printable(text)
    made.extend(children or ())
    return made


def _printable(text: str) -> str:
    """Text without the characters that XML cannot hold."""
    return "".join(
        c if c in "\t\n\r" or " " <= c < "\ud800" or c >= "\ue000" else "\ufffd" for c in text
    )


def _recognise(file: OutlineFile) -> bool:
    return "<annotations" in file.beginning_text


def _attributes(parts: Any, *_: Any) -> dict[str, Any]:
    first = parts[0] if parts else {}
    rest = dict(item for item in first.get("rest", {}).items() if item not in PLAIN)
    return of_texts({**rest, **first.get("attributes", {})})


def _image_attributes(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != SUBSET}  # a folder


FORMAT = Format(
    name="cvat",
    title="CVAT for images",
    endings=(".cvat.xml", ".xml"),
    shared_endings=(".xml",),
    holes="pixels",
    several_images=True,
    native_ending=".xml",
    read=read,
    write=write,
    extras=EXTRAS,
    attributes=_attributes,
    image_attributes=_image_attributes,
    recognise=_recognise,
)
