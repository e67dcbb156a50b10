"""GeoJSON lines (GDAL calls it GeoJSONSeq): a feature a line, for files that are read as they come.

After RFC 8142 and its use without record separators; both are read. Points are pixels, the image's
corner is (0, 0), as in `geojson`. Properties are the plain columns of `object_rows`, as tables of
GIS and databases want them; features of QuPath, one a line, are read with their class and score.
An image without objects is a line without geometry that names it. Class names that no object has
are lost.
"""

import itertools
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from kontur.errors import InputError
from kontur.files import atomic, json_document
from kontur.formats import object_rows
from kontur.formats.format import Format
from kontur.formats.geojson.geometry import area_of, geometries_of, without_area
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.object_rows import COLUMNS, PLANE, ObjectRows
from kontur.formats.outline_file import OutlineFile, json_keys
from kontur.formats.qupath import IGNORE, attributes_of_properties, class_name, json_of, score_of
from kontur.formats.rounding import rounded
from kontur.instances import Instances
from kontur.wording import quoted

SEPARATOR = b"\x1e"  # before each record, by RFC 8142: then a record may have several lines

CHUNK = 1000  # objects that are made into features at a time
GROUP = 10_000  # records that are read at a time
BLOCK = 1 << 20  # bytes of a file that are read at a time
GEOMETRIES = ("Polygon", "MultiPolygon", "Point", "LineString", "MultiPoint", "MultiLineString")


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The images of a file in the order of their first lines, with their objects.

    What is no area is counted and left out. Raises `InputError` naming the record that is wrong.
    """
    return _entries(list(_records(file.path)), file)


def batches(file: OutlineFile) -> Iterator[list[ImageAnnotation]]:
    """The images of `read`, some lines at a time; one may come again with more of its objects."""
    records = _records(file.path)
    first = list(itertools.islice(records, GROUP))
    yield _entries(first, file, part=True)
    while rows := list(itertools.islice(records, GROUP)):
        yield _entries(rows, file, part=True)


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write the objects of many images, a line each, whole or not at all."""
    with atomic.replacing(path, overwrite=overwrite) as beside, _lines_to(beside) as file:
        for entry in entries:
            if len(entry.instances):
                _write(file, entry)
            else:
                _write_none(file, entry)


@contextmanager
def stream(
    path: Path, image: ImageAnnotation, *, overwrite: bool = True
) -> Iterator[Callable[[Instances], None]]:
    """Write the objects of one image part by part, to the very text of `write`."""
    with atomic.replacing(path, overwrite=overwrite) as beside, _lines_to(beside) as file:
        yield lambda instances: _write(file, image._replace(instances=instances))
        if not file.tell():
            _write_none(file, image)


def _lines_to(path: Path) -> Any:
    return path.open("w", encoding="utf-8", errors="replace", newline="\n")


def _write(file: Any, entry: ImageAnnotation) -> None:
    for first in range(0, len(entry.instances), CHUNK):
        part = entry.instances[first : first + CHUNK]
        columns = object_rows.columns_of(entry._replace(instances=part))
        geometries = geometries_of(rounded(part.polygons))
        rows = zip(*columns.values(), strict=True)
        for geometry, row in zip(geometries, rows, strict=True):
            _write_feature(file, geometry, dict(zip(columns, row, strict=True)))


def _write_none(file: Any, entry: ImageAnnotation) -> None:
    """The line that names an image without objects."""
    size = entry.size or entry.instances.size or (None, None)
    row = dict.fromkeys(COLUMNS) | {"image": entry.file_name}
    row |= {"image_height": size[0], "image_width": size[1]}
    _write_feature(file, None, row)


def _write_feature(file: Any, geometry: Any, properties: Mapping[str, Any]) -> None:
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    file.write(json_document.to_text(feature))


def _entries(
    records: Sequence[tuple[str, Any]], file: OutlineFile, *, part: bool = False
) -> list[ImageAnnotation]:
    where = file.path
    features = [one for which, content in records for one in _features(content, which)]
    sizes: dict[str, Any] = {}
    shapes, kinds, rows = [], [], []
    for which, feature in features:
        row = _row(feature, which)
        if feature["geometry"] is None and row.get("id") is None and "image" in row:
            sizes[str(row["image"])] = [row.get("image_height"), row.get("image_width")]
            continue
        shapes.append(area_of(feature["geometry"], which))
        kinds.append(without_area(feature["geometry"]))
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    values = {name: _column(row.get(name) for row in rows) for name in names}
    sizes = {name: size for name, size in sizes.items() if name not in values.get("image", ())}
    stem = FORMAT.stem(where)
    found = object_rows.entries_of(
        ObjectRows(shapes, kinds, values, sizes), where, stem=stem, page=file.page, part=part
    )
    return found or [ImageAnnotation(stem, None, Instances.empty())]


def _column(values: Iterable[Any]) -> np.ndarray:
    return np.array([*values, None], dtype=object)[:-1]


def _features(content: Any, which: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The features of a record: one, a bare geometry as one, or those of a collection."""
    kind = content.get("type") if isinstance(content, Mapping) else None
    if kind == "FeatureCollection" and isinstance(content.get("features"), list):
        for feature in content["features"]:
            yield from _features(feature, which)
    elif kind == "Feature" and "geometry" in content:
        yield which, content
    elif kind in GEOMETRIES:
        yield which, {"geometry": content, "properties": {}}
    else:
        raise InputError(f"{which} is no feature of GeoJSON; its type is {quoted(kind)}")


def _row(feature: Mapping[str, Any], which: str) -> dict[str, Any]:
    """The properties as columns; class, score and plane also where QuPath keeps them."""
    properties = feature.get("properties") or {}
    if not isinstance(properties, Mapping):
        raise InputError(f"{which} has properties that are no object")
    row = dict(properties)
    name = class_name(json_of(properties.get("classification")))
    if "class" not in row and name is not None:
        row |= {"ignore": True} if name == IGNORE else {"class": name}
    score = score_of({"measurements": json_of(properties.get("measurements"))})
    if "score" not in row and score == score:
        row["score"] = score
    if "id" not in row and json_document.whole_number(feature.get("id")) is not None:
        row["id"] = feature["id"]
    geometry = feature["geometry"]
    plane = geometry.get("plane") if isinstance(geometry, Mapping) else None
    if isinstance(plane, Mapping) and not set(PLANE) & row.keys():
        row |= {"plane_z": plane.get("z", 0), "plane_t": plane.get("t", 0)}
    return row


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    """Where each record of a file stands, and its content; blank lines are passed over."""
    with json_document.opened(path) as file:
        mark = file.read(len(BOM_UTF8))
        file.seek(len(BOM_UTF8) if mark == BOM_UTF8 else 0)
        separated = mark.startswith(SEPARATOR)
        word = "record" if separated else "line"
        pieces = _separated(file) if separated else file
        for number, piece in enumerate(pieces, start=0 if separated else 1):
            if piece.strip():
                which = f"{path}, {word} {number}"
                yield which, json_document.parsed(piece, which)


def _separated(file: BinaryIO) -> Iterator[bytes]:
    """What stands between the separators, the first piece before them all."""
    rest = b""
    while block := file.read(BLOCK):
        *whole, rest = (rest + block).split(SEPARATOR)
        yield from whole
    yield rest


def _recognise(file: OutlineFile) -> bool:
    """Whether the first line, or what of it is at hand, is a feature; others have .jsonl too."""
    lines = (line.strip(" \t\r\x1e") for line in file.beginning_text.split("\n"))
    first = next((line for line in lines if line), "")
    return bool({"geometry", "coordinates", "features"} & json_keys(first).keys())


FORMAT = Format(
    name="geojsonl",
    title="GeoJSON lines",
    endings=(".geojsonl", ".geojsons", ".geojsonseq"),
    shared_endings=(".jsonl", ".ndjson"),
    several_images=True,
    planes=True,
    read=read,
    write=write,
    stream=stream,
    batches=batches,
    recognise=_recognise,
    extras=object_rows.EXTRAS,
    takes=object_rows.takes,
    attributes=attributes_of_properties,
    unused_classes=False,
)
