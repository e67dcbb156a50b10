"""Outlines on an image, as lines that stay sharp however much a small object is enlarged."""

import math
from typing import Any

import numpy as np
import shapely
from jaxtyping import UInt8

from kontur.measure.extra import package
from kontur.measure.plots import style

LARGEST = 1600  # pixels of a picture's side; larger images are shrunk
ROUND = (1, 2, 5)


def show_image(axes: Any, picture: UInt8[np.ndarray, "h w 3"]) -> None:
    """The image over `[0, W] × [0, H]`, so that outlines lie on it as they are."""
    height, width = picture.shape[:2]
    factor = math.ceil(max(height, width) / LARGEST)
    if factor > 1:
        from PIL import Image

        picture = np.asarray(Image.fromarray(picture).reduce(factor))
    axes.imshow(picture, extent=(0, width, height, 0), interpolation="nearest", aspect="equal")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def paths(polygons: np.ndarray) -> list[Any]:
    """A matplotlib path for every polygon: all its parts, and the rims of its holes."""
    path = package("matplotlib.path").Path
    made = []
    for polygon in polygons:
        rings = [
            ring for part in shapely.get_parts(polygon) for ring in (part.exterior, *part.interiors)
        ]
        corners = [shapely.get_coordinates(ring) for ring in rings]
        codes = [
            [path.MOVETO, *[path.LINETO] * (len(each) - 2), path.CLOSEPOLY] for each in corners
        ]
        made.append(path(np.concatenate(corners), np.concatenate(codes)))
    return made


def draw_lines(
    axes: Any, polygons: np.ndarray, colours: Any, *, width: float, fill: float = 0.0
) -> None:
    """The polygons' outlines, `width` points wide, over a dark and a pale rim; `fill` is opacity.

    `colours` is one colour for all, or one for each.
    """
    collection = package("matplotlib.collections").PathCollection
    lines = paths(polygons)
    if fill:
        inside = collection(lines, facecolors=colours, edgecolors="none", alpha=fill)
        axes.add_collection(inside)
    for wider, rim, seen in ((1.4, "black", 0.5), (0.7, "white", 0.7)):
        around = {"edgecolors": rim, "linewidths": width + wider, "alpha": seen}
        axes.add_collection(collection(lines, facecolors="none", **around))
    axes.add_collection(collection(lines, facecolors="none", edgecolors=colours, linewidths=width))


def draw_bar(
    axes: Any,
    corner: tuple[float, float],
    width: float,
    pixel_size: float | None,
    *,
    share: float = 0.3,
) -> None:
    """A scale bar of a round length above the lower left corner of a view so many pixels wide.

    It is no longer than that `share` of the view and has its length beside it, in µm or in pixels.
    """
    stroke = package("matplotlib.patheffects").withStroke
    side = pixel_size or 1.0
    length, unit = bar_length(width * side * share), "µm" if pixel_size else "px"
    x, y = corner[0] + 0.04 * width, corner[1] - 0.05 * width
    axes.plot(
        [x, x + length / side],
        [y, y],
        color="white",
        linewidth=2.2,
        solid_capstyle="butt",
        path_effects=[stroke(linewidth=3.4, foreground="black")],
    )
    axes.text(
        x,
        y - 0.02 * width,
        f"{style.plain(length)} {unit}",
        color="white",
        fontsize=style.SIZE - 2,
        verticalalignment="bottom",
        path_effects=[stroke(linewidth=1.6, foreground="black")],
    )


def bar_length(most: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `most`.

    >>> bar_length(30), bar_length(7.5), bar_length(0.9)
    (20.0, 5.0, 0.5)
    """
    power = 10.0 ** math.floor(math.log10(most))
    return max(round(power * number, 12) for number in ROUND if power * number <= most)
