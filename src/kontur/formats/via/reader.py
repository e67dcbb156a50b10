"""VIA's files as images with regions: JSON of VIA 1, 2 and 3, whole projects or not, and CSV."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kontur.errors import InputError
from kontur.files import csv_dialect
from kontur.formats.outline_file import OutlineFile
from kontur.formats.via import version_3 as via_3
from kontur.formats.via.image import Options, Region, ViaImage, cell, mapping
from kontur.wording import quoted, shortened

METADATA = "_via_img_metadata"  # the images of a project
HEADING = (
    *("filename", "file_size", "file_attributes", "region_count", "region_id"),
    *("region_shape_attributes", "region_attributes"),
)
UNKNOWN_SIZE = -1  # bytes of an image file; VIA's number for files elsewhere


def images_of(file: OutlineFile) -> tuple[list[ViaImage], Options]:
    """The images of a file, and the options of attributes; `InputError` where it is damaged."""
    if file.path.name.lower().endswith(".csv"):
        if via_3.HEADING in file.beginning_text:
            return via_3.images_of(via_3.from_table(file.path), file.path)
        return _of_table(file.path), {}
    content = file.json
    if isinstance(content, Mapping) and set(via_3.TABLES) <= set(content):
        return via_3.images_of(content, file.path)
    return _of_json(content, file.path)


def is_of_via(file: OutlineFile) -> bool:
    """Whether a file of JSON or CSV is VIA's, by its beginning."""
    start = file.beginning_text
    if file.path.name.lower().endswith(".csv"):
        return "region_shape_attributes" in start.partition("\n")[0] or via_3.HEADING in start
    if {"project", "config", "attribute"} <= set(file.json_keys):
        return True
    return METADATA in file.json_keys or ('"regions"' in start and '"filename"' in start)


def _of_json(content: Any, where: Path) -> tuple[list[ViaImage], Options]:
    """The images of a project or of its annotations alone."""
    if not isinstance(content, Mapping):
        raise InputError(f"{where} is no project of VIA")
    images = content.get(METADATA, content)
    if not isinstance(images, Mapping):
        raise InputError(f"{where}: {METADATA} is no object of images")
    rows = []
    for key, image in images.items():
        if not isinstance(image, Mapping) or "filename" not in image:
            raise InputError(f"{where}: the image {shortened(key)} has no 'filename'")
        regions = image.get("regions") or []
        regions = list(regions.values()) if isinstance(regions, Mapping) else regions  # VIA 1
        if not isinstance(regions, list) or not all(isinstance(one, Mapping) for one in regions):
            raise InputError(f"{where}: the regions of {shortened(key)} are no list of objects")
        pairs = [
            (mapping(one.get("shape_attributes")), mapping(one.get("region_attributes")))
            for one in regions
        ]
        attributes = mapping(image.get("file_attributes"))
        rows.append(
            ViaImage(str(image["filename"]), image.get("size", UNKNOWN_SIZE), attributes, pairs)
        )
    declared = mapping(mapping(content.get("_via_attributes")).get("region"))
    options = {
        name: {str(k): v for k, v in mapping(mapping(one).get("options")).items()}
        for name, one in declared.items()
    }
    titles = {
        name: {key: title if isinstance(title, str) else "" for key, title in of_name.items()}
        for name, of_name in options.items()
    }
    return rows, titles


def _of_table(path: Path) -> list[ViaImage]:
    rows = csv_dialect.rows(path)
    heading = [name.strip().lstrip("#") for name in next(rows, (0, []))[1]]
    missing = [name for name in HEADING if name not in heading]
    if missing:
        raise InputError(f"{path} has no column {quoted(missing[0])}, which a CSV of VIA has")
    images: dict[str, ViaImage] = {}
    regions: dict[str, list[Region]] = {}
    for line, cells in rows:
        row = dict(zip(heading, cells, strict=False))
        name = row.get("filename", "")
        shape, attributes, of_file = (
            cell(row.get(column, ""), f"{path}, line {line}: {column}")
            for column in ("region_shape_attributes", "region_attributes", "file_attributes")
        )
        text = row.get("file_size", "")
        size = int(text) if text.isdecimal() and len(text) < 19 else UNKNOWN_SIZE
        key = f"{name}{size}"  # VIA's own: files of one name are told apart by their size
        images.setdefault(key, ViaImage(name, size, of_file, regions.setdefault(key, [])))
        if shape:
            regions[key].append((shape, attributes))
    return list(images.values())
