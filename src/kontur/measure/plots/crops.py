"""Crops of objects from their images, each in the middle of a window, with its outline."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from kontur.display.outline_axes import draw_lines, show_image
from kontur.measure.plots import style
from kontur.measure.plots.pictures import Pictures

AROUND = 1.35  # side of a window, of the larger side of the largest object's box in it
ONE_SCALE = 4.0  # ratio of the largest to the smallest window up to which all have one scale
SMALLEST = 8.0  # pixels, side of a window


class Crop(NamedTuple):
    """A part of an image, its left and top edge in the image, and the polygon of an object."""

    picture: UInt8[np.ndarray, "h w 3"]
    left: int
    top: int
    polygon: Any


def window_sides(rows: Sequence[Int[np.ndarray, " k"]], pictures: Pictures) -> list[float]:
    """The side of a window for each group of rows, in pixels; one for all if sizes allow it.

    The table's boxes decide it; images are read only where it has none.
    """
    sides = []
    for group in rows:
        left, top, right, bottom = pictures.boxes(group).T
        largest = float(np.maximum(right - left, bottom - top).max())
        sides.append(max(SMALLEST, AROUND * largest))
    return [max(sides)] * len(sides) if max(sides) <= ONE_SCALE * min(sides) else sides


def crop_objects(sides: Mapping[int, float], pictures: Pictures) -> dict[int, Crop]:
    """The crop of each row of the table, given the side of its window; an image is read once."""
    rows = np.array(list(sides))
    images = pictures.table["image"].to_numpy()[rows]
    crops = {}
    for image in dict.fromkeys(images):
        rows_here = rows[images == image]
        scene = pictures.scene(str(image), rows_here)
        for row, polygon in zip(rows_here.tolist(), scene.polygons, strict=True):
            x, y = _middle(polygon)
            reach = int(np.ceil(sides[row] / 2)) + 1
            top, left = max(0, int(y) - reach), max(0, int(x) - reach)
            part = scene.picture[top : int(y) + reach + 1, left : int(x) + reach + 1]
            crops[row] = Crop(part.copy(), left, top, polygon)
    return crops


def draw_crop(axes: Any, crop: Crop, side: float, colour: str) -> tuple[float, float]:
    """Draw a crop in a window with the object in its middle; returns the lower left corner."""
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
