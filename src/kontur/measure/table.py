"""The table of measurements: one row per object, one column a measurement, with its unit.

`measure` turns objects and their image into a pandas DataFrame. It also has the identity of the
objects (image, id, class, score, ignore) and their position. Positions are in pixels of the image;
lengths and areas are in µm and µm² where the pixel size is known. `attrs["units"]` has the unit of
every column, `attrs["pixel_size"]` the pixel size in µm or None.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.data.file_names import stem
from kontur.errors import InputError
from kontur.formats.csv import wkt
from kontur.formats.outlines_on_disk import OutlinesOnDisk
from kontur.formats.tracks import parents_of, tracks_of
from kontur.images.arrays import image_array
from kontur.images.image_file import open_image
from kontur.images.lazy_pixels import LazyPixels, Pixels
from kontur.images.pixel_sides import pixel_sides, uneven_note
from kontur.instances.plane import Plane
from kontur.measure.columns import Column, Values, channel_endings, scaled, unit
from kontur.measure.extra import package
from kontur.measure.in_windows import Outlines, measure_in_windows, polygons_at
from kontur.measure.outlines import curve, fourier, midline, neighbours, shape
from kontur.measure.pixels import intensity, texture

if TYPE_CHECKING:
    import pandas as pd

POSITION = {
    "x": Column("position", "centre of mass, from the left edge of the image"),
    "y": Column("position", "centre of mass, from the top edge of the image"),
    "left": Column("position", "left side of the bounding box"),
    "top": Column("position", "top side of the bounding box"),
    "right": Column("position", "right side of the bounding box"),
    "bottom": Column("position", "bottom side of the bounding box"),
}
IDENTITY = {
    "image": Column("", "name of the image"),
    "id": Column("", "number of the object in its image"),
    "class": Column("", "name of its class"),
    "score": Column("", "of the model that found it, 0 to 1; empty where there is none"),
    "ignore": Column("", "whether it is a crowd or an unsure region, not an object"),
    "track": Column("", "number that it keeps from plane to plane"),
    "parent": Column("", "number of the track that divided into its own and another"),
    "z": Column("", "depth of its plane in a stack, from 0"),
    "t": Column("", "time of its plane in a film, from 0"),
}
OUTLINE = {
    "image_height": Column("position", "height of the image"),
    "image_width": Column("position", "width of the image"),
    "outline": Column("position", "the polygon as well-known text"),
}
FORM = shape.COLUMNS | curve.COLUMNS | midline.COLUMNS | fourier.COLUMNS
BRIGHTNESS = intensity.COLUMNS | texture.COLUMNS
SURROUNDINGS = neighbours.COLUMNS
WITHOUT_IMAGE = POSITION | FORM | SURROUNDINGS


class Measured(NamedTuple):
    """Measurements of one image's objects in their units, and the description of each column."""

    values: Values
    columns: dict[str, Column]


def measure(
    instances: Outlines,
    image: LazyPixels | Shaped[np.ndarray, "h w *c"] | str | Path | None = None,
    *,
    name: str = "",
    pixel_size: float | None = None,
    metadata: Mapping[str, str] | None = None,
    outlines: bool = False,
    plane: Plane | None = None,
) -> "pd.DataFrame":
    """One row for each object of an image, in their order; no object gives no row, all columns.

    Args:
        instances: the objects, in memory or on disk (`formats.read_to_disk`).
        image: `(h, w)` or `(h, w, c)`, as stored, or its file; None measures no intensity. A large
            file is read in windows, to the same numbers. With several channels the columns end in
            -0, -1 …, as those of `regionprops_table`.
        name: of the image, for the column `image`; that of the file if there is one.
        pixel_size: side of a pixel in µm; by default that of the file, else units are pixels; of
            pixels that are not square, `attrs["warnings"]` says so.
        metadata: further columns, the same in every row.
        outlines: also the polygons, as well-known text in the column `outline`.
        plane: of a stack, for the columns `z` and `t`.

    Raises `InputError` where the image is not that of the objects, holds NaN or infinite values,
    a pixel size is not above 0, two columns of metadata would have one name, or a package of the
    extra `tables` is missing.
    """
    pandas = package("pandas")
    pixels: Any = None
    sides = None
    if isinstance(image, str | Path):
        file = open_image(image)
        pixels, pixel_size = file.pixels, file.pixel_size if pixel_size is None else pixel_size
        name = name or stem(Path(image))
        sides = pixel_sides(Path(image)) if pixel_size is None else None
    elif image is not None:
        pixels = image
    measured = measurements(instances, pixels, pixel_size=pixel_size)
    k = len(instances)
    columns = _identity(instances, name, plane)
    about = {name: IDENTITY[name] for name in columns} | measured.columns
    columns |= measured.values
    if pixels is None and instances.size is None:  # nobody knows where the image ends
        columns["on_border"] = pandas.array([None] * k, dtype="boolean")
    if outlines:
        height, width = instances.size or (np.nan, np.nan)
        text = wkt.to_texts(polygons_at(instances, np.arange(k)))
        columns |= {
            "image_height": np.full(k, height, dtype=float),
            "image_width": np.full(k, width, dtype=float),
            "outline": pandas.Series(text, dtype="str"),
        }
        about |= OUTLINE
    for key, column_name in metadata_names(metadata or {}).items():
        columns[column_name] = pandas.Series([(metadata or {})[key]] * k, dtype="str")
    table = pandas.DataFrame(columns)
    table.attrs = {
        "units": {key: unit(column.kind, pixel_size) for key, column in about.items()},
        "pixel_size": pixel_size,
    }
    if sides is not None:  # and no single size
        table.attrs["warnings"] = [uneven_note({name: sides})]
    return table


def _identity(instances: Outlines, name: str, plane: Plane | None) -> dict[str, Any]:
    """The columns that say which object a row is of; see `IDENTITY`."""
    pandas, k = package("pandas"), len(instances)
    classes = np.array(instances.classes, dtype=object)
    columns = {
        "image": pandas.Series([name] * k, dtype="str"),
        "id": instances.ids,
        "class": pandas.Series(classes[instances.labels], dtype="str"),
        "score": instances.scores.astype(float),
        "ignore": instances.ignore,
    }
    if isinstance(instances, OutlinesOnDisk):
        numbers = {"track": instances.tracks, "parent": instances.parents}
    else:
        numbers = {"track": tracks_of(instances), "parent": parents_of(instances)}
    columns |= {
        key: pandas.array(of_objects, dtype="Int64")
        for key, of_objects in numbers.items()
        if not np.isnan(of_objects).all()
    }
    if plane is not None:
        columns |= {"z": np.full(k, plane.z), "t": np.full(k, plane.t)}
    return columns


def measurements(
    instances: Outlines,
    image: LazyPixels | Shaped[np.ndarray, "h w *c"] | None = None,
    *,
    pixel_size: float | None = None,
) -> Measured:
    """`measure` as plain arrays, without pandas: position and every measurement by its name.

    `on_border` is NaN where the size of the image is not known.
    """
    if pixel_size is not None and not 0 < pixel_size < np.inf:
        raise InputError(f"the pixel size must be a number of µm above 0, got {pixel_size}")
    pixels = None if image is None else _checked(image, instances)
    size = instances.size if pixels is None else (pixels.shape[0], pixels.shape[1])
    columns = _columns(0 if pixels is None else pixels.shape[2])
    values = measure_in_windows(instances, pixels, size)
    ordered = {name: values[name] if values else np.empty(0, _dtype(name)) for name in columns}
    return Measured(scaled(ordered, columns, pixel_size), columns)


def metadata_name(name: str) -> str:
    """The name in the table of a column of `metadata.csv`: the same unless it is a measurement's.

    >>> metadata_name("stain"), metadata_name("area"), metadata_name("intensity_mean-1")
    ('stain', 'metadata_area', 'metadata_intensity_mean-1')
    """
    return name if column_of(name) is None else f"metadata_{name}"


def metadata_names(names: Iterable[str]) -> dict[str, str]:
    """`metadata_name` of each, no name for none; `InputError` where two would have the same."""
    taken: dict[str, str] = {}
    for name in names:
        if taken.setdefault(metadata_name(name), name) != name:
            raise InputError(
                f"the columns {taken[metadata_name(name)]!r} and {name!r} of the metadata would "
                f"both be {metadata_name(name)!r} in the table; give one of them another name"
            )
    return {name: column for column, name in taken.items()}


def column_of(name: str) -> Column | None:
    """The description of a column that `measure` makes, by its name; None for any other.

    >>> column_of("area").kind, column_of("intensity_mean-1").kind, column_of("stain")
    ('area', 'intensity', None)
    """
    plain, _, channel = name.rpartition("-")
    if channel.isdigit() and plain in BRIGHTNESS:
        return BRIGHTNESS[plain]
    return (IDENTITY | WITHOUT_IMAGE | BRIGHTNESS | OUTLINE).get(name)


def _columns(channels: int) -> dict[str, Column]:
    """The columns of an image with so many channels, 0 for no image, in their order."""
    bright = {
        key + end: column for end in channel_endings(channels) for key, column in BRIGHTNESS.items()
    }
    return POSITION | FORM | bright | SURROUNDINGS


def _dtype(name: str) -> type:
    if name in (*shape.INTEGERS, "touching_count"):
        return np.int64
    return np.bool_ if name == "on_border" else np.float64


def _checked(image: LazyPixels | Shaped[np.ndarray, "h w *c"], instances: Outlines) -> Pixels:
    """The image as (h, w, c); `InputError` if it cannot be that of these objects."""
    if isinstance(image, np.ndarray) and image.dtype == bool:  # means are shares of a mask
        image = np.asarray(image).astype(np.uint8)
    lazy = isinstance(image, LazyPixels)
    pixels = image if lazy else image_array(image, size=instances.size)
    height, width = pixels.shape[:2]
    if instances.size is not None and instances.size != (height, width):
        drawn = "×".join(map(str, instances.size))
        raise InputError(
            f"the objects were drawn on an image of {drawn} pixels (height × width), but this one "
            f"has {height}×{width}; give the image to which they belong"
        )
    return pixels
