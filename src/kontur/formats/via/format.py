"""VIA 2, the VGG Image Annotator: projects and annotations as JSON, and its CSV; VIA 1 and 3 read.

Points count from the corner of the first pixel, as inside; outlines are exact to a thousandth of a
pixel. A region is one ring: parts are regions of one `kontur_id`, holes are filled. The class is
the region attribute `class` (or `label`, `type`, `name` …, or the only one there is); the others
stay with their region. Score, id and the image's size are attributes too. JSON is written as a
project, whose list of classes has all names. After VIA's `via.js`.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely import Polygon

from kontur.errors import InputError
from kontur.files import atomic, json_document
from kontur.formats import outline_repair
from kontur.formats.attributes import of_texts
from kontur.formats.ellipse import ellipse
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation, unique_ids
from kontur.formats.image_size import size_of_texts
from kontur.formats.outline_file import OutlineFile
from kontur.formats.painted import have_hole, without_holes
from kontur.formats.parts import whole_objects
from kontur.formats.rounding import DECIMALS, rounded, rounded_score
from kontur.formats.via import reader as via_reader
from kontur.formats.via.image import Region, ViaImage
from kontur.instances import CLASSES, Instances
from kontur.wording import quoted, shortened

CLASS_KEYS = ("class", "label", "type", "name", "category", "object", "species")
OWN = "kontur_"  # before the names of attributes that we write
SCORE, ID, IGNORE, SIZE, PART = (OWN + n for n in ("score", "id", "ignore", "size", "part"))
AREAS = ("polygon", "rect", "circle", "ellipse")
EXTRAS = "via"


class _Region(NamedTuple):
    area: Polygon | None
    attributes: Mapping[str, Any]
    without: str | None = None


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """Every image with its objects; lines and points are counted and left out.

    Raises `InputError` naming the image and the region that is wrong.
    """
    images, options = via_reader.images_of(file)
    attributes = [region[1] for image in images for region in image.regions]
    key = _class_key(attributes)
    titles = options.get(key or "class", {})
    declared = list(titles) if key in ("class", None) else []
    if key is not None:
        images = [_titled(image, key, titles) for image in images]
    regions = [region for image in images for region in image.regions]
    found = [_class(one, key) for shape, one in regions if shape.get("name") in AREAS]
    classes = list(dict.fromkeys([*(titles[name] or name for name in declared), *found]))
    return [_entry(image, key, classes or [*CLASSES], file.path) for image in images]


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write the objects of many images into one project, or by the ending .csv a table.

    Raises `InputError` for two images of one name, which VIA cannot tell apart.
    """
    images = [_image(entry) for entry in entries]
    keys = [f"{image.name}{image.size}" for image in images]
    twice = next((key for key, times in Counter(keys).items() if times > 1), None)
    if twice is not None:
        name = images[keys.index(twice)].name
        raise InputError(f"{path} would have two images of the name {quoted(name)}; rename one")
    if path.name.lower().endswith(".csv"):
        atomic.write_text(path, _table_text(images), overwrite=overwrite)
        return
    names = dict.fromkeys(name for entry in entries for name in entry.instances.classes)
    of_class = {"type": "dropdown", "description": "", "options": dict.fromkeys(names, "")}
    content = {
        "_via_settings": {
            "ui": {},
            "core": {"buffer_size": 18, "filepath": {}, "default_filepath": ""},
            "project": {"name": "Kontur"},
        },
        via_reader.METADATA: {
            key: {
                "filename": image.name,
                "size": image.size,
                "regions": [
                    {"shape_attributes": shape, "region_attributes": attributes}
                    for shape, attributes in image.regions
                ],
                "file_attributes": image.attributes,
            }
            for key, image in zip(keys, images, strict=True)
        },
        "_via_attributes": {"region": {"class": {**of_class, "default_options": {}}}, "file": {}},
        "_via_data_format_version": "2.0.10",
        "_via_image_id_list": keys,
    }
    json_document.dump(path, content, overwrite=overwrite)


def _image(entry: ImageAnnotation) -> ViaImage:
    known = dict(entry.extras.get(EXTRAS, {}))
    attributes = dict(known.get("attributes", {}))
    size = entry.size or entry.instances.size
    if size is not None:
        attributes[SIZE] = f"{size[0]}x{size[1]}"
    regions: list[Region] = list(_regions(entry.instances))
    return ViaImage(
        entry.file_name, known.get("size", via_reader.UNKNOWN_SIZE), attributes, regions
    )


def _regions(instances: Instances) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    polygons = rounded(instances.polygons).copy()
    holed = have_hole(polygons)
    polygons[holed] = [without_holes(polygon) for polygon in polygons[holed]]
    for i, polygon in enumerate(polygons):
        own = {"class": instances.classes[instances.labels[i]], ID: str(instances.ids[i])}
        if not np.isnan(instances.scores[i]):
            own[SCORE] = str(rounded_score(instances.scores[i]))
        if instances.ignore[i]:
            own[IGNORE] = "true"
        known = instances.extras[i].get(EXTRAS, ())
        parts = shapely.get_parts(polygon)
        for number, part in enumerate(parts):
            rest = known[number] if number < len(known) else known[0] if known else {}
            x, y = shapely.get_coordinates(part)[:-1].T.tolist()
            part_of = {PART: str(number + 1)} if len(parts) > 1 else {}
            shape = {"name": "polygon", "all_points_x": x, "all_points_y": y}
            yield shape, {**rest, **own, **part_of}


def _entry(
    image: ViaImage, key: str | None, classes: Sequence[str], where: Path
) -> ImageAnnotation:
    which = f"{where}: image {shortened(image.name)}"
    regions = [
        _region(shape, attributes, f"{which}, region {number}")
        for number, (shape, attributes) in enumerate(image.regions, start=1)
    ]
    without = outline_repair.left_out((region.without for region in regions), which, what="regions")
    objects, polygons = whole_objects(
        regions, lambda region: _id(region) if PART in region.attributes else None, which
    )
    first = [parts[0].attributes for parts in objects]
    size = _size(image.attributes, which)
    instances = Instances.of_valid(
        polygons,
        labels=[classes.index(_class(one, key)) for one in first] or None,
        scores=[_score(one) for one in first] or None,
        ids=unique_ids([_id(parts[0]) for parts in objects]) or None,
        ignore=[one.get(IGNORE) == "true" for one in first] or None,
        extras=[{EXTRAS: [_rest(part.attributes, key) for part in parts]} for parts in objects],
        size=size,
        classes=classes,
    )
    others = {name: value for name, value in image.attributes.items() if name != SIZE}
    extras = {EXTRAS: {"size": image.size, "attributes": others}}
    return ImageAnnotation(image.name, size, instances, without, extras=extras)


def _region(shape: Mapping[str, Any], attributes: Mapping[str, Any], which: str) -> _Region:
    kind = shape.get("name")
    if kind not in AREAS:
        return _Region(None, attributes, str(kind))
    try:
        return _Region(outline_repair.polygon([_points(str(kind), shape)]), attributes)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InputError(f"{which} is a {kind} whose numbers are missing or none") from None


def _points(kind: str, shape: Mapping[str, Any]) -> np.ndarray:
    if kind == "polygon":
        return np.stack([_numbers(shape["all_points_x"]), _numbers(shape["all_points_y"])], axis=1)
    if kind == "rect":
        x, y, width, height = _numbers([shape[name] for name in ("x", "y", "width", "height")])
        return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    radii = ("r", "r") if kind == "circle" else ("rx", "ry")
    cx, cy, rx, ry = _numbers([shape[name] for name in ("cx", "cy", *radii)])
    angle = float(_numbers([shape.get("theta", 0)])[0])
    along, across = ellipse((0.0, 0.0), (rx, ry)).T
    x = cx + along * np.cos(angle) - across * np.sin(angle)
    y = cy + along * np.sin(angle) + across * np.cos(angle)
    return np.round(np.stack([x, y], axis=1), DECIMALS)


def _numbers(values: Any) -> np.ndarray:
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise ValueError("wanted numbers")
    return np.array(values, dtype=np.float64)


def _class_key(attributes: Sequence[Mapping[str, Any]]) -> str | None:
    """The attribute that is the class: one of the usual names, else the only one there is."""
    names = dict.fromkeys(name for one in attributes for name in one if not name.startswith(OWN))
    usual = [name for key in CLASS_KEYS for name in names if name.strip().lower() == key]
    if usual:
        return usual[0]
    return next(iter(names)) if len(names) == 1 else None


def _titled(image: ViaImage, key: str, titles: Mapping[str, str]) -> ViaImage:
    """The image with the titles of a class's values, where a project gives numbers to them."""

    def title(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {titles.get(name) or name: ticked for name, ticked in value.items()}
        return titles.get(value) or value if isinstance(value, str) else value

    regions = [
        (shape, {**attributes, key: title(attributes[key])} if key in attributes else attributes)
        for shape, attributes in image.regions
    ]
    return image._replace(regions=regions)


def _class(attributes: Mapping[str, Any], key: str | None) -> str:
    value = attributes.get(key) if key is not None else None
    if isinstance(value, Mapping):  # ticked boxes
        value = ", ".join(str(name) for name, ticked in value.items() if ticked)
    named = isinstance(value, str | int | float) and not isinstance(value, bool)
    text = str(value).strip() if named else ""
    return text or CLASSES[0]


def _rest(attributes: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    return {
        name: value
        for name, value in attributes.items()
        if not name.startswith(OWN) and not (name == key and isinstance(value, str))
    }


def _score(attributes: Mapping[str, Any]) -> float:
    try:
        score = float(attributes.get(SCORE, "nan"))
    except (TypeError, ValueError):
        return np.nan
    return score if 0 <= score <= 1 else np.nan


def _id(region: _Region) -> int | None:
    text = region.attributes.get(ID)
    if not isinstance(text, str) or not text.removeprefix("-").isdecimal() or len(text) > 19:
        return None
    return int(text)


def _size(attributes: Mapping[str, Any], which: str) -> tuple[int, int] | None:
    text = attributes.get(SIZE)
    if text is None:
        return None
    size = size_of_texts(str(text).split("x"))
    if size is None:
        raise InputError(f"{which}: {SIZE} is {quoted(text)}; wanted HEIGHTxWIDTH")
    return size


def _table_text(images: Sequence[ViaImage]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(via_reader.HEADING)
    for image in images:
        regions = image.regions or [({}, {})]
        for number, (shape, attributes) in enumerate(regions):
            cells = (_json(image.attributes), len(image.regions), number)
            writer.writerow([image.name, image.size, *cells, _json(shape), _json(attributes)])
    return text.getvalue()


def _json(value: Any) -> str:
    return json_document.to_text(value).strip()


def _attributes(parts: Any, *_: Any) -> dict[str, Any]:
    return of_texts(parts[0]) if parts else {}


FORMAT = Format(
    name="via",
    title="VIA",
    endings=(".via.json", ".via.csv"),
    shared_endings=(".json", ".csv"),
    holes="never",
    native_ending=".json",
    several_images=True,
    read=read,
    write=write,
    extras=EXTRAS,
    attributes=_attributes,
    image_attributes=lambda content: dict(content.get("attributes", {})),
    recognise=via_reader.is_of_via,
)
