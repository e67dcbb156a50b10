"""Objects cut out of their images, each in the middle of a window, with its outline."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from kontur.measure.plots import style
from kontur.measure.plots.drawn import draw_lines, show_image
from kontur.measure.plots.pictures import Pictures

AROUND = 1.35  # a window's side, of the larger side of the largest object's box in it
ALIKE = 4.0  # the largest window so many times the smallest: still one scale for all rows
SMALLEST = 8.0  # pixels of a window's side


class Crop(NamedTuple):
    """A part of an image, where its left and top are in it, and the polygon of an object."""

    picture: UInt8[np.ndarray, "h w 3"]
    left: int
    top: int
    polygon: Any


def window_sides(rows: Sequence[Int[np.ndarray, " k"]], pictures: Pictures) -> list[float]:
    """The side of a window for each group of rows, in pixels; one for all if sizes allow it.

    It is known from the table, without any image.
    """
    sides = []
    for group in rows:
        left, top, right, bottom = pictures.boxes(group).T
        largest = float(np.maximum(right - left, bottom - top).max())
        sides.append(max(SMALLEST, AROUND * largest))
    return [max(sides)] * len(sides) if max(sides) <= ALIKE * min(sides) else sides


def crop_objects(sides: Mapping[int, float], pictures: Pictures) -> dict[int, Crop]:
    """Rows of the table with windows of these sides; each image is read once and not kept."""
    rows = np.array(list(sides))
    images = pictures.table["image"].to_numpy()[rows]
    crops = {}
    for image in dict.fromkeys(images):
        here = rows[images == image]
        scene = pictures.scene(str(image), here)
        for row, polygon in zip(here.tolist(), scene.polygons, strict=True):
            x, y = _middle(polygon)
            reach = int(np.ceil(sides[row] / 2)) + 1
            top, left = max(0, int(y) - reach), max(0, int(x) - reach)
            part = scene.picture[top : int(y) + reach + 1, left : int(x) + reach + 1]
            crops[row] = Crop(part.copy(), left, top, polygon)
    return crops


def draw_crop(axes: Any, crop: Crop, side: float, colour: str) -> tuple[float, float]:
    """The crop in a window with the object in its middle; its lower left corner."""
    height, width = crop.picture.shape[:2]
    show_image(axes, crop.picture)
    axes.images[0].set_extent((crop.left, crop.left + width, crop.top + height, crop.top))
    draw_lines(axes, np.array([crop.polygon], dtype=object), colour, width=1.0)
    x, y = _middle(crop.polygon)
    axes.set(xlim=(x - side / 2, x + side / 2), ylim=(y + side / 2, y - side / 2))
    axes.set_facecolor(style.GRID)  # beyond the border of the image
    return x - side / 2, y + side / 2


def _middle(polygon: Any) -> tuple[float, float]:
    """The middle of the bounding box."""
    left, top, right, bottom = polygon.bounds
    return (left + right) / 2, (top + bottom) / 2
