"""GeoParquet 1.1: a row an object, its outline as well-known binary, for GeoPandas, DuckDB and GIS.

Points are pixels, the image's corner is (0, 0): the coordinate system is given as undefined.
Outlines are exact to a thousandth of a pixel, with holes and parts; a million of them are read in
seconds. Other columns of numbers, texts and truth values are kept. Images without objects and
classes that none has stand in the file's metadata; what GeoPandas saved again is read without them.
Needs pyarrow (extra `geoparquet`). After the GeoParquet specification.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import shapely

from kontur import extra
from kontur.errors import InputError
from kontur.files import atomic, json_document
from kontur.formats import object_rows
from kontur.formats.collected_areas import area_of
from kontur.formats.format import Format
from kontur.formats.image_annotation import ImageAnnotation
from kontur.formats.object_rows import AREAS, COLUMNS, ObjectRows, Values
from kontur.formats.outline_file import OutlineFile
from kontur.formats.rounding import rounded
from kontur.images.read_errors import damaged
from kontur.instances import Instances
from kontur.wording import counted, listed, quoted

log = logging.getLogger("kontur.formats")

MAGIC = b"PAR1"
FOOTER = 1 << 22  # bytes at the end of a file in which its metadata is looked for
LARGEST = 1 << 33  # bytes of all columns unpacked
GEOMETRY = "geometry"
BOXES, BOX = "bbox", ("xmin", "ymin", "xmax", "ymax")  # of each outline, GeoParquet's covering
GROUP = 10_000  # rows of a row group that is written part by part
KINDS = ("Polygon", "MultiPolygon")  # the names of `AREAS`
OWN = b"kontur"  # the key of our metadata
NOTHING = ImageAnnotation("", None, Instances.empty())


def read(file: OutlineFile) -> list[ImageAnnotation]:
    """The images of a table in the order of their first rows, with their objects.

    What is no area is counted and left out. Raises `InputError` for files that are damaged, without
    a column of outlines, or whose outlines are in another encoding than WKB.
    """
    with _opened(file.path) as content:
        _name_left_out(content.schema_arrow, file.path)
        table = content.read()
    return _entries(_rows_of(table, file.path), file)


def batches(file: OutlineFile) -> Iterator[list[ImageAnnotation]]:
    """The images of `read`, some rows at a time; one may come again with more of its objects."""
    with _opened(file.path) as content:
        _name_left_out(content.schema_arrow, file.path)
        several = False
        for batch in content.iter_batches(batch_size=GROUP):
            several = True
            table = _packages()[0].Table.from_batches([batch], content.schema_arrow)
            yield _entries(_rows_of(table, file.path), file, part=True)
        if not several:
            yield _entries(_rows_of(content.schema_arrow.empty_table(), file.path), file)


def _entries(rows: ObjectRows, file: OutlineFile, *, part: bool = False) -> list[ImageAnnotation]:
    stem = FORMAT.stem(file.path)
    entries = object_rows.entries_of(rows, file.path, stem=stem, page=file.page, part=part)
    return entries or [ImageAnnotation(stem, None, Instances.empty())]


def _rows_of(table: Any, where: Path) -> ObjectRows:
    column = _geometry_column(table.schema, where)
    shapes, kinds = _shapes(table, column, where)
    return ObjectRows(shapes, kinds, _columns(table), **_own(table))


def write(path: Path, entries: Sequence[ImageAnnotation], *, overwrite: bool = True) -> None:
    """Write the objects of many images into one table, whole or not at all.

    Images are taken one by one, and of those held no more than a row group has rows.
    """
    _, parquet = _packages()
    schema = _schema(entries)
    with (
        atomic.replacing(path, overwrite=overwrite) as beside,
        parquet.ParquetWriter(beside, schema, compression="snappy") as writer,
    ):
        tables, rows = [schema.empty_table()], 0
        for entry in entries:
            tables.append(_rows(entry))
            rows += len(entry.instances)
            if rows >= GROUP:
                writer.write_table(_joined(tables, schema))
                tables, rows = tables[:1], 0
        writer.write_table(_joined(tables, schema))


def _schema(entries: Sequence[ImageAnnotation]) -> Any:
    """The columns of all images together, with the file's metadata."""
    schemas, kinds, bounds = [_rows(NOTHING).schema], np.zeros(len(KINDS), bool), []
    sizes, classes = {}, dict[str, None]()
    for entry in entries:
        objects = entry.instances
        schemas = [_unified(schemas[0], _columns_table(entry).schema)]
        types = shapely.get_type_id(objects.polygons)
        kinds |= [(types == kind).any() for kind in AREAS]
        if len(objects):
            bounds.append(shapely.total_bounds(rounded(objects.polygons)))
        sizes[entry.file_name] = entry.size or objects.size
        classes |= dict.fromkeys(objects.classes)
    named = [name for name, present in zip(KINDS, kinds, strict=True) if present]
    return schemas[0].with_metadata(_metadata(sizes, list(classes), named, bounds))


def _joined(tables: Sequence[Any], schema: Any) -> Any:
    """Rows of several images with the columns of all."""
    arrow, _ = _packages()
    same = [
        table.cast(arrow.schema([schema.field(name) for name in table.column_names]))
        for table in tables
    ]
    return arrow.concat_tables(same, promote_options="default").cast(schema)


def _unified(left: Any, right: Any) -> Any:
    """The columns of both; one that is of numbers here and of texts there is one of texts."""
    arrow, _ = _packages()
    columns = {field.name: field for field in left}
    for field in right:
        pair = [arrow.schema([columns.get(field.name, field)]), arrow.schema([field])]
        try:
            (columns[field.name],) = arrow.unify_schemas(pair, promote_options="permissive")
        except arrow.ArrowException:
            columns[field.name] = field.with_type(arrow.string())
    return arrow.schema(columns.values())


@contextmanager
def stream(
    path: Path, image: ImageAnnotation, *, overwrite: bool = True
) -> Iterator[Callable[[Instances], None]]:
    """Write the objects of one image part by part, a row group each; see `geojson.format.stream`.

    Each row has the box of its outline, by which readers find the rows of a region.
    """
    _, parquet = _packages()
    empty = _with_boxes(_rows(image._replace(instances=image.instances[:0])))
    sizes = {image.file_name: image.size or image.instances.size}
    schema = empty.schema.with_metadata(_metadata(sizes, image.instances.classes, KINDS, []))
    with (
        atomic.replacing(path, overwrite=overwrite) as beside,
        parquet.ParquetWriter(beside, schema, compression="snappy") as writer,
    ):

        def add(instances: Instances) -> None:
            for first in range(0, len(instances), GROUP):
                part = image._replace(instances=instances[first : first + GROUP])
                writer.write_table(_with_boxes(_rows(part)).cast(schema))

        yield add


def _rows(entry: ImageAnnotation) -> Any:
    """The table of one image."""
    arrow, _ = _packages()
    outlines = shapely.to_wkb(rounded(entry.instances.polygons), flavor="iso")
    return _columns_table(entry).append_column(GEOMETRY, arrow.array(outlines, type=arrow.binary()))


def _columns_table(entry: ImageAnnotation) -> Any:
    """The table of one image without the outlines."""
    arrow, _ = _packages()
    columns = object_rows.columns_of(entry, nested=False)
    kinds = dict(zip(COLUMNS, _types(arrow), strict=True))
    kinds |= dict.fromkeys(object_rows.PLANE, arrow.int32())
    arrays = {
        name: arrow.array(values, type=kinds[name]) if name in kinds else _array(arrow, values)
        for name, values in columns.items()
    }
    return arrow.table(arrays)


def _with_boxes(table: Any) -> Any:
    """The table with the box of each outline, as GeoParquet's covering."""
    arrow, _ = _packages()
    shapes = shapely.from_wkb(np.array([*table.column(GEOMETRY).to_pylist(), None], object)[:-1])
    sides = shapely.bounds(shapes).reshape(-1, 4).T
    boxes = arrow.StructArray.from_arrays(
        [arrow.array(side, type=arrow.float64()) for side in sides], names=list(BOX)
    )
    return table.append_column(BOXES, boxes)


def _types(arrow: ModuleType) -> tuple[Any, ...]:
    """The types of `COLUMNS`."""
    text, number = arrow.string(), arrow.int32()
    return (text, arrow.int64(), text, arrow.float64(), arrow.bool_(), number, number)


def _array(arrow: ModuleType, values: list[Any]) -> Any:
    """A column of what others wrote; as text where its values are of several kinds."""
    try:
        return arrow.array(values)
    except (arrow.ArrowException, OverflowError):
        return arrow.array([None if value is None else str(value) for value in values])


def _metadata(
    sizes: Mapping[str, tuple[int, int] | None],
    classes: Sequence[str],
    kinds: Sequence[str],
    bounds: Sequence[np.ndarray],
) -> dict[bytes, str]:
    """What GeoParquet demands, and the images and classes of ours.

    Without `bounds` the rows have boxes of their own.
    """
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": list(kinds), "crs": None}
    if bounds:
        low, high = np.min(bounds, axis=0)[:2], np.max(bounds, axis=0)[2:]
        column["bbox"] = [*low.tolist(), *high.tolist()]
    elif kinds:
        column["covering"] = {"bbox": {side: [BOXES, side] for side in BOX}}
    geo = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
    own = {"images": sizes, "classes": list(classes)}
    return {b"geo": json.dumps(geo), OWN: json.dumps(own)}


def _packages() -> tuple[ModuleType, ModuleType]:
    what = "GeoParquet"
    arrow: ModuleType = extra.package("pyarrow", extra="geoparquet", what=what)
    parquet: ModuleType = extra.package("pyarrow.parquet", extra="geoparquet", what=what)
    return arrow, parquet


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file, open; `InputError` where it is none, damaged, or claims to hold too much."""
    arrow, parquet = _packages()
    with json_document.opened(path) as opened:
        if opened.read(len(MAGIC)) != MAGIC:
            raise InputError(f"{path} is no Parquet file")
    try:
        with parquet.ParquetFile(path) as content:
            groups = (content.metadata.row_group(i) for i in range(content.metadata.num_row_groups))
            claimed = sum(group.total_byte_size for group in groups)
            if claimed > LARGEST:
                raise InputError(f"{path} claims to hold {claimed:,} bytes, which is too large")
            yield content
    except (arrow.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        raise damaged(path) from error


def _geometry_column(schema: Any, path: Path) -> str:
    """The column of outlines: that which the metadata names, else `geometry`."""
    geo = _json((schema.metadata or {}).get(b"geo"))
    column = geo.get("primary_column", GEOMETRY)
    encodings = geo.get("columns")
    known = encodings.get(column, {}) if isinstance(encodings, Mapping) else {}
    encoding = known.get("encoding", "WKB") if isinstance(known, Mapping) else "WKB"
    if encoding != "WKB":
        raise InputError(
            f"{path} has outlines in the encoding {quoted(encoding)}; save it as WKB (in GeoPandas "
            "to_parquet(…, geometry_encoding='WKB'))"
        )
    if not isinstance(column, str) or column not in schema.names:
        columns = listed(schema.names, most=8) or "none"
        raise InputError(f"{path} has no column of outlines {quoted(column)}; it has {columns}")
    return column


def _shapes(table: Any, column: str, path: Path) -> tuple[list[Any], list[str | None]]:
    """The unchecked area of every row, or what it has instead."""
    cells = table.column(column).to_pylist()
    odd = next((cell for cell in cells if not isinstance(cell, bytes | None)), None)
    if odd is not None:
        raise InputError(f"{path}: the column {quoted(column)} holds {quoted(odd)} and no WKB")
    array = np.array([*cells, None], dtype=object)[:-1]
    with np.errstate(all="ignore"):
        shapes = shapely.from_wkb(array, on_invalid="ignore") if len(array) else array
    empty = np.array([cell is None for cell in cells], dtype=bool)
    broken = np.flatnonzero((shapes == None) & ~empty)  # noqa: E711, elementwise
    if len(broken):
        raise InputError(f"{path}, row {broken[0] + 1}: the outline is no WKB or is cut short")
    kinds: list[str | None] = [None] * len(shapes)
    for i in np.flatnonzero(~np.isin(shapely.get_type_id(shapes), AREAS)):
        whole = shapes[i]
        shapes[i] = area_of(whole, f"{path}, row {i + 1}")
        if shapes[i] is None:
            kinds[i] = "nothing" if whole is None else whole.geom_type
    return list(shapely.force_2d(shapes)), kinds


def _columns(table: Any) -> Values:
    """The values of each column of numbers, texts or truth values; others are left out."""
    return {
        name: np.array([*table.column(name).to_pylist(), None], dtype=object)[:-1]
        for name in _names_kept(table.schema)
    }


def _names_kept(schema: Any) -> list[str]:
    types = _packages()[0].types
    numbers = (types.is_integer, types.is_floating, types.is_boolean, types.is_null)
    kinds = (*numbers, types.is_string, types.is_large_string, types.is_dictionary)
    return [field.name for field in schema if any(kind(field.type) for kind in kinds)]


def _name_left_out(schema: Any, where: Path) -> None:
    """A line of logging on columns that are not kept."""
    known = (*_names_kept(schema), _geometry_column(schema, where), BOXES)
    others = [name for name in schema.names if name not in known]
    if others:
        columns = counted(others, "column")
        log.warning("%s: %s of neither numbers nor texts: left out", where, columns)


def _own(table: Any) -> dict[str, Any]:
    """Our metadata; nothing where it is not ours, or was damaged."""
    own = _json((table.schema.metadata or {}).get(OWN))
    images, classes = own.get("images"), own.get("classes")
    return {
        "sizes": images if isinstance(images, dict) else {},
        "classes": list(map(str, classes)) if isinstance(classes, list) else [],
    }


def _json(text: bytes | None) -> dict[str, Any]:
    try:
        content = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _recognise(file: OutlineFile) -> bool:
    """Whether the metadata at its end is that of GeoParquet; tables end in .parquet too."""
    if not file.beginning.startswith(MAGIC):
        return False
    with json_document.opened(file.path) as opened:
        opened.seek(max(file.path.stat().st_size - FOOTER, 0))
        return b"primary_column" in opened.read()


FORMAT = Format(
    name="geoparquet",
    title="GeoParquet",
    package="pyarrow",
    extra="geoparquet",
    endings=(".geo.parquet", ".parquet"),
    shared_endings=(".parquet",),
    several_images=True,
    native_ending=".parquet",
    read=read,
    planes=True,
    write=write,
    stream=stream,
    batches=batches,
    recognise=_recognise,
    takes=object_rows.takes,
)
