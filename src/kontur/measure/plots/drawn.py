"""Outlines drawn on an image, as vector lines that stay sharp where it is enlarged."""

import math
from typing import Any

import numpy as np
import shapely
from jaxtyping import UInt8

from kontur.measure.extra import package
from kontur.measure.plots import style

LARGEST = 1600  # pixels, side of a picture; larger images are shrunk
ROUND = (1, 2, 5)  # times a power of ten: lengths of scale bars


def show_image(axes: Any, picture: UInt8[np.ndarray, "h w 3"]) -> None:
    """Show the image over `[0, W] × [0, H]`, the coordinates of its outlines."""
    height, width = picture.shape[:2]
    factor = math.ceil(max(height, width) / LARGEST)
    if factor > 1:
        from PIL import Image

        picture = np.asarray(Image.fromarray(picture).reduce(factor))
    axes.imshow(picture, extent=(0, width, height, 0), interpolation="nearest", aspect="equal")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def paths(polygons: np.ndarray) -> list[Any]:
    """A path of matplotlib for every polygon, with all its parts and holes."""
    path = package("matplotlib.path").Path
    outlines = []
    for polygon in polygons:
        rings = [
            ring for part in shapely.get_parts(polygon) for ring in (part.exterior, *part.interiors)
        ]
        corners = [shapely.get_coordinates(ring) for ring in rings]
        codes = [
            [path.MOVETO, *[path.LINETO] * (len(ring) - 2), path.CLOSEPOLY] for ring in corners
        ]
        outlines.append(path(np.concatenate(corners), np.concatenate(codes)))
    return outlines


def draw_lines(
    axes: Any, polygons: np.ndarray, colours: Any, *, width: float, fill: float = 0.0
) -> None:
    """Draw the polygons' outlines, `width` points wide, over a dark and a pale rim.

    `colours` is one colour for all, or one for each; `fill` the opacity of the colour inside.
    """
    collection = package("matplotlib.collections").PathCollection
    lines = paths(polygons)
    if fill:
        inside = collection(lines, facecolors=colours, edgecolors="none", alpha=fill)
        axes.add_collection(inside)
    for wider, rim, opacity in ((1.4, "black", 0.5), (0.7, "white", 0.7)):
        around = {"edgecolors": rim, "linewidths": width + wider, "alpha": opacity}
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
    """Draw a scale bar of a round length at the lower left corner of a view.

    The view is `width` pixels wide; the bar is at most `share` of it and labelled with its length,
    in µm if `pixel_size` is given, else in pixels.
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
