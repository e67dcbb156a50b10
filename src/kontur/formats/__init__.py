"""Files to objects and back: one file a format, chosen by the name of the file.

| name | ending | holds |
| --- | --- | --- |
| `geojson` | `.geojson` | QuPath; exact |
| `coco` | `.coco.json`, `.json` | COCO; outlines without holes exact, others to the pixel |
| `labels` | `.labels.tif`, `.tif`, `.tiff`, `.png` | label image; to the pixel, no overlaps |
| `csv` | `.csv` | one row an object; exact |
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kontur.errors import InputError
from kontur.formats import coco, document, geojson, labels, table
from kontur.instances import Instances


class Format(NamedTuple):
    """The ending of the files that `kontur predict` writes, and their writer."""

    ending: str
    write: Callable[..., None]


FORMATS = {
    "geojson": Format(".geojson", geojson.write),
    "coco": Format(".coco.json", coco.write),
    "labels": Format(".labels.tif", labels.write),
    "csv": Format(".csv", table.write),
}

WRITERS = {
    ".geojson": geojson.write,
    ".json": coco.write,
    ".csv": table.write,
    **dict.fromkeys((".tif", ".tiff", ".png"), labels.write),
}


def read(path: str | Path, *, image: str | None = None) -> Instances:
    """The objects of a file: GeoJSON, COCO, label image or table.

    `image` names the image where a COCO file or table describes several. A `.json` may be COCO or
    GeoJSON. Raises `InputError` for other endings and for files that are not what they seem.
    """
    ending = _ending(path)
    if ending in (".geojson", ".json"):
        content = document.load(path)
        if is_geojson(content):
            return geojson.from_document(content, where=path)
        return document.pick(coco.from_document(content, where=path), image, path).instances
    if ending == ".csv":
        return table.read(path, image=image)
    return labels.read(path)


def write(
    path: str | Path,
    instances: Instances,
    *,
    image_name: str | None = None,
    overwrite: bool = True,
) -> None:
    """Write objects in the format of the ending, whole or not at all.

    `image_name` is the name of the image that the objects are of, as the file is to say it. Raises
    `InputError` for other endings, for an existing file unless `overwrite`, and where the format
    cannot hold the objects; OSError where the file cannot be written.
    """
    WRITERS[_ending(path)](path, instances, image_name=image_name, overwrite=overwrite)


def _ending(path: str | Path) -> str:
    ending = Path(path).suffix.lower()
    if ending not in WRITERS:
        raise InputError(
            f"{path}: the ending says the format, and {ending or 'no ending'} is none of "
            f"{', '.join(WRITERS)}"
        )
    return ending


def is_geojson(content: object) -> bool:
    """COCO datasets have images and annotations; everything else is read as GeoJSON."""
    return not (isinstance(content, dict) and {"images", "annotations"} & content.keys())
