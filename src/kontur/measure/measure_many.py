"""Many images in one table: the rows of all, their metadata, and one unit for all.

Columns that some images do not have (channels, metadata) are empty there. The type of a metadata
column (number, boolean or text) follows from all of its cells.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from threading import Semaphore
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kontur.data.annotations.exchanged_axes import ADVICE, EXCHANGED, axes_exchanged
from kontur.data.concurrently import concurrently
from kontur.errors import InputError
from kontur.formats.outlines_on_disk import OutlinesOnDisk
from kontur.images.lazy_pixels import LazyPixels
from kontur.images.pixel_sides import Sides, uneven_note
from kontur.measure.extra import package
from kontur.measure.sources.source import LargePicture, Picture, Source
from kontur.measure.table import measure, metadata_names
from kontur.measure.tables.cells import unit_in
from kontur.measure.tables.empty_images import with_empty_images
from kontur.measure.tables.text_columns import typed_column, warnings_of
from kontur.wording import counted, plural, printable

if TYPE_CHECKING:
    import pandas as pd

LARGE_AT_A_TIME = 2  # images that are measured in windows
OF_CHANNEL = "intensity_mean"  # a column that every channel of every image has

PixelSize = float | Literal["pixels"] | None  # µm; None takes the pixel size of each file


def measure_many(
    sources: Sequence[Source],
    *,
    pixel_size: PixelSize = None,
    outlines: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> "pd.DataFrame":
    """The tables of all images below each other, in their order.

    Images are read and measured in parallel threads; `progress(done, total)` is called after each.
    `pixel_size` and `outlines` are as in `measure`; "pixels" measures in pixels whatever the files
    state. Where pixel sizes differ, `attrs["pixel_sizes"]` has that of each image;
    `attrs["images_without_objects"]` names those that have no row. Raises
    `InputError` naming the image that cannot be read or measured, for no image, where only some
    files state their pixel size, and for metadata of which two columns would have one name.
    """
    if not sources:
        raise InputError("there is no image to measure")
    keys = (key for source in sources for key in source.metadata)
    metadata_of_all = metadata_names(keys).values()  # before any image is measured
    room = Semaphore(LARGE_AT_A_TIME)
    exchanged: list[str] = []

    def one(index: int) -> "pd.DataFrame":
        picture = sources[index].open()
        large = isinstance(picture.image, LazyPixels) or isinstance(
            picture.instances, OutlinesOnDisk
        )
        with room if large else nullcontext():
            return measured(sources[index], picture)

    def measured(source: Source, picture: Picture | LargePicture) -> "pd.DataFrame":
        side = picture.pixel_size if pixel_size is None else pixel_size
        if picture.image is not None:
            height, width = picture.image.shape[:2]
            if axes_exchanged(picture.instances.boxes, (height, width)):
                exchanged.append(printable(source.name))
        try:
            return measure(
                picture.instances,
                picture.image,
                name=printable(source.name),
                pixel_size=None if isinstance(side, str) else side,
                metadata=source.metadata,
                plane=source.plane,
                outlines=outlines,
            )
        except InputError as error:
            raise InputError(f"{source.name}: {error}") from None

    package("pandas")  # what is missing is of no one image
    tables: list[pd.DataFrame] = []
    for table in concurrently(one, range(len(sources))):
        tables.append(table)
        if progress is not None:
            progress(len(tables), len(sources))
    not_square: dict[str, Sides] = {}
    for source, table in zip(sources, tables, strict=True):
        if pixel_size is None and table.attrs["pixel_size"] is None and (sides := source.sides()):
            not_square[printable(source.name)] = sides
    _check_units(sources, tables, not_square)
    notes = [uneven_note(not_square)] if not_square else []
    notes += _channel_notes(tables)
    if exchanged:
        notes.append(f"{counted(sorted(exchanged), 'image')}: {EXCHANGED}; {ADVICE}")
    joined = _joined(tables, metadata_of_all, notes)
    return with_empty_images(joined, [printable(source.name) for source in sources])


def _joined(
    tables: Sequence["pd.DataFrame"], metadata: Iterable[str], notes: Sequence[str]
) -> "pd.DataFrame":
    """Tables of images below each other, their columns of `metadata` last and of one type each.

    The tables lose their attributes to the whole, which warns by `notes`.
    """
    pandas = package("pandas")
    attrs = _common_attrs(tables)
    for table in tables:
        table.attrs = {}
    # An image without objects has all columns, but must not decide their types.
    with_objects = [table for table in tables if len(table)] or tables[:1]
    joined = pandas.concat(with_objects, ignore_index=True)
    for table in tables:
        for key in table.columns.difference(joined.columns, sort=False):
            joined[key] = table[key].reindex(joined.index)
    metadata_columns = [key for key in metadata if key in joined]
    order = [key for key in attrs["units"] if key in joined and key not in metadata_columns]
    joined = joined[[*order, *metadata_columns]]
    per_image = pandas.concat(
        [table[:1].reindex(columns=metadata_columns) for table in with_objects]
    )
    rows = np.repeat(np.arange(len(with_objects)), [len(table) for table in with_objects])
    image_names = [str(name) for table in with_objects for name in table["image"][:1]]
    columns = [
        typed_column(per_image[key], row_name=lambda row: f"image {image_names[row]}")
        for key in metadata_columns
    ]
    for column in columns:
        joined[column.name] = column.cells.array[rows]
        if unit := column.parsed.unit or unit_in(column.name):
            attrs["units"][column.name] = unit
    if warnings := [*notes, *warnings_of(columns)]:
        attrs["warnings"] = warnings
    joined.attrs = attrs
    return joined


def _check_units(
    sources: Sequence[Source], tables: Sequence[Any], not_square: Mapping[str, Sides]
) -> None:
    without_size = [
        source.name
        for source, table in zip(sources, tables, strict=True)
        if table.attrs["pixel_size"] is None
    ]
    if 0 < len(without_size) < len(tables):
        raise InputError(
            f"{counted(without_size, 'image')} of {len(tables)} state no pixel size"
            f"{', or pixels that are not square' if not_square else ''}, so lengths "
            "would be in pixels in some rows and in µm in others; give --pixel-size UM, or "
            "--pixel-size pixels to measure all in pixels"
        )


def _channel_notes(tables: Sequence["pd.DataFrame"]) -> list[str]:
    """A note where images differ in their channels, so that columns are empty in some rows."""
    images_by_count: dict[int, dict[str, None]] = {}
    for table in tables:
        count = sum(name == OF_CHANNEL or name.startswith(f"{OF_CHANNEL}-") for name in table)
        if len(table) and count:
            images_by_count.setdefault(count, {})[table["image"].iloc[0]] = None
    if len(images_by_count) < 2:
        return []
    most = max(images_by_count)
    parts = []
    for count, names in sorted(images_by_count.items(), reverse=True):
        text = f"{plural(count, 'channel')} in {counted([*names], 'image')}"
        if count == 1:
            text += f", in the column {OF_CHANNEL} and its like instead of {OF_CHANNEL}-0"
        elif count < most:
            text += f", without {OF_CHANNEL}-{count} and its like"
        parts.append(text)
    return [
        f"columns of brightness are empty in some rows, for the channels differ: "
        f"{'; '.join(parts)}; --channel 0 measures the first of each image, in the same columns"
    ]


def _common_attrs(tables: Sequence[Any]) -> dict[str, Any]:
    """The units of all columns; the pixel size where it is the same everywhere, else of each."""
    sizes = {table.attrs["pixel_size"] for table in tables}
    units: dict[str, str] = {}
    for table in sorted(tables, key=lambda table: -len(table.columns)):  # the widest's order holds
        units = units | table.attrs["units"]
    if len(sizes) == 1:
        return {"units": units, "pixel_size": sizes.pop()}
    of_image = {table["image"].iloc[0]: table.attrs["pixel_size"] for table in tables if len(table)}
    return {"units": units, "pixel_size": None, "pixel_sizes": of_image}
