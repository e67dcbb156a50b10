"""Outlines on matplotlib's axes, as vector lines that stay sharp where they are enlarged."""

import math
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import UInt8

from kontur import extra
from kontur.geometry.polygons import rings_of

LARGEST = 1600  # pixels, side of a picture; larger images are shrunk


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
    path = _matplotlib("path").Path
    outlines = []
    for polygon in polygons:
        corners = [ring for part in rings_of(polygon) for ring in part]
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
    collection = _matplotlib("collections").PathCollection
    lines = paths(polygons)
    if fill:
        inside = collection(lines, facecolors=colours, edgecolors="none", alpha=fill)
        axes.add_collection(inside)
    for wider, rim, opacity in ((1.4, "black", 0.5), (0.7, "white", 0.7)):
        around = {"edgecolors": rim, "linewidths": width + wider, "alpha": opacity}
        axes.add_collection(collection(lines, facecolors="none", **around))
    axes.add_collection(collection(lines, facecolors="none", edgecolors=colours, linewidths=width))


def _matplotlib(part: str) -> ModuleType:
    what = "drawing with matplotlib"
    module: ModuleType = extra.package(f"matplotlib.{part}", extra="notebook", what=what)
    return module
