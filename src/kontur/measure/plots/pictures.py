"""Pictures: the images that a table was measured on, and the outlines of its rows.

Outlines are those of the table's column `outline`, of outline files, or of a training folder. They
are compared with the rows: an outline whose bounding box differs from that of its row was not the
one measured, and is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from jaxtyping import Float, Int, UInt8

from kontur.data.pairing.pair_names import pair
from kontur.display.stretch import stretch
from kontur.errors import InputError
from kontur.images.channels import Channel
from kontur.images.image_file import read_image
from kontur.infer.inputs import find_inputs
from kontur.instances import Instances
from kontur.measure.sources.find_sources import find_sources, recognise
from kontur.measure.sources.source import Picture
from kontur.wording import counted, plural

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ("image", "id")
BOX = ("left", "top", "right", "bottom")
NEAR = 1.0  # px, largest difference between the boxes of a row and its outline: files are rounded


@dataclass(frozen=True, eq=False)
class Scene:
    """An image as it is shown, 8-bit RGB, and the outlines of some rows."""

    picture: UInt8[np.ndarray, "h w 3"]
    polygons: np.ndarray  # (k,) of shapely


@dataclass(frozen=True, eq=False)
class Pictures:
    """A table, and a function for each of its images that reads it and its outlines, if any."""

    table: "pd.DataFrame"
    readers: Mapping[str, Callable[[], Picture]]

    def boxes(self, rows: Int[np.ndarray, " k"]) -> Float[np.ndarray, "k 4"]:
        """The xyxy boxes of rows in pixels: the table's, else those of their outlines."""
        chosen_rows = self.table.iloc[rows]
        if set(BOX) <= set(chosen_rows.columns):
            return chosen_rows[list(BOX)].to_numpy(dtype=float)
        images = chosen_rows["image"].to_numpy()
        boxes = np.empty((len(rows), 4))
        for image in dict.fromkeys(images):
            in_image = images == image
            boxes[in_image] = shapely.bounds(self.scene(str(image), rows[in_image]).polygons)
        return boxes

    def scene(self, image: str, rows: Int[np.ndarray, " k"]) -> Scene:
        """One image and the outlines of these rows of it, in their order.

        Raises `InputError` where rows and outlines, or outlines and image, do not belong together.
        """
        picture = self.readers[image]()
        if picture.image is None:
            raise InputError(
                f"there is no image for the outlines of {image!r}; name its folder with --images"
            )
        chosen_rows = self.table.iloc[rows]
        if "outline" in self.table:
            polygons = _from_text(chosen_rows)
        else:
            polygons = _by_id(chosen_rows, picture.instances, image)
        _check_places(chosen_rows, polygons, image)
        size = picture.image.shape[:2]
        drawn_on = picture.instances.size
        if "outline" not in self.table and drawn_on not in (None, size):
            raise InputError(_other_size(image, size, f"are of one of {_shown(drawn_on)}"))
        bounds = shapely.bounds(polygons)
        if len(bounds) and (bounds[:, 2:] > np.array(size[::-1]) + NEAR).any():
            x, y = bounds[:, 2:].max(axis=0)
            raise InputError(_other_size(image, size, f"reach to x {x:g}, y {y:g}"))
        return Scene(stretch(picture.image), polygons)


def find_pictures(
    table: "pd.DataFrame",
    images: Sequence[str] = (),
    outlines: Path | None = None,
    *,
    task: str = "instances",
    channel: Channel | None = None,
    page: int | None = None,
) -> Pictures:
    """The images and outlines of a table's rows.

    `images` are image files or folders, or one training folder, which has the outlines too.
    Raises `InputError` where the table lacks the columns image and id, there are no outlines, or
    images of the table are not among those given.
    """
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise InputError(
            f"to find its objects in images a table needs the columns image and id, and this one "
            f"has no {' and no '.join(missing)}"
        )
    folder = Path(images[0]) if len(images) == 1 else None
    readers: dict[str, Callable[[], Picture]]
    if outlines is not None:
        sources = find_sources(outlines, images, task=task, channel=channel, page=page)
        readers = {source.name: source.read for source in sources.images}
    elif folder is not None and (layout := recognise(folder).layout) is not None:
        sources = find_sources(folder, task=task, channel=channel, page=page, layout=layout)
        readers = {source.name: source.read for source in sources.images}
    elif "outline" not in table:
        raise InputError(
            "there are no outlines to draw: the table has no column outline, which kontur measure "
            "--with-outlines writes; name the outlines' files with --outlines"
        )
    else:
        readers = {
            file.name: _reader(file.path, channel=channel, page=page)
            for file in find_inputs(images)
        }
    if nameless := int(table["image"].isna().sum()):
        raise InputError(
            f"{plural(nameless, 'row')} of the table name no image, so their objects cannot be "
            "found in one; fill the column image or remove those rows"
        )
    names = [str(name) for name in table["image"].unique()]
    pairs = pair(names, tuple(readers))
    unmatched = [name for name in names if name not in pairs]
    if len(names) == len(readers) == 1:  # whatever they are called, they were named together
        pairs, unmatched = {names[0]: next(iter(readers))}, []
    if unmatched:
        place = outlines or ", ".join(images)
        raise InputError(
            f"{counted(unmatched, 'image')} of the table's {len(names):,} are not in {place}; give "
            "the images and outlines that were measured"
        )
    return Pictures(table, {name: readers[pairs[name]] for name in names})


def _reader(path: Path, *, channel: Channel | None, page: int | None) -> Callable[[], Picture]:
    def read() -> Picture:
        image = read_image(path, channel=channel, page=page)
        return Picture(Instances.empty(image.pixels.shape[:2]), image.pixels, image.pixel_size)

    return read


def _from_text(rows: "pd.DataFrame") -> np.ndarray:
    polygons = []
    for image, number, text in zip(rows["image"], rows["id"], rows["outline"], strict=True):
        try:
            shape = shapely.from_wkt(text)
        except (shapely.GEOSException, TypeError):
            shape = None
        if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
            raise InputError(
                f"the outline of object {number} of image {image!r} is empty, cut short or no "
                f"polygon: {str(text)[:40]!r}; measure again with --with-outlines"
            )
        polygons.append(shape)
    return np.array(polygons, dtype=object)


def _by_id(rows: "pd.DataFrame", instances: Instances, image: str) -> np.ndarray:
    place = {number: index for index, number in enumerate(instances.ids.tolist())}
    lost = [str(number) for number in rows["id"] if number not in place]
    if lost:
        raise InputError(
            f"the outlines of image {image!r} have no {counted(lost, 'object')} of the table; give "
            "the outlines that were measured"
        )
    return instances.polygons[[place[number] for number in rows["id"]]]


def _check_places(rows: "pd.DataFrame", polygons: np.ndarray, image: str) -> None:
    if not len(rows) or not set(BOX) <= set(rows.columns):
        return
    apart = np.abs(rows[list(BOX)].to_numpy(dtype=float) - shapely.bounds(polygons)).max(axis=1)
    wrong = [str(number) for number in rows["id"].to_numpy()[apart > NEAR]]
    if wrong:
        raise InputError(
            f"{counted(wrong, 'object')} of image {image!r} lie elsewhere in the table than in the "
            "outlines; give the outlines that were measured, or measure these"
        )


def _other_size(image: str, size: tuple[int, ...], outlines: str) -> str:
    return (
        f"image {image!r} has {_shown(size)} pixels (height × width), and its outlines {outlines}; "
        "give the image that was measured"
    )


def _shown(size: tuple[int, ...] | None) -> str:
    return "×".join(map(str, size or ()))
