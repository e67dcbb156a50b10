"""Windows: the masks of single objects, each no larger than its object, and their outlines.

Thousands of objects are traced together, their windows laid out one below the other in one label
image: separate calls would spend most of their time on overhead.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Shaped
from shapely import Polygon

from kontur.geometry import raster

SHEET = 1 << 21  # pixels that are traced at once


class Window(NamedTuple):
    """The part of a mask that holds all of its ones, its corner (row, col), the mask's size."""

    mask: Bool[np.ndarray, "h w"]
    corner: tuple[int, int]
    size: tuple[int, int]


def trace(windows: Sequence[Window]) -> Shaped[np.ndarray, " k"]:
    """The exact outline of each mask, as `raster.trace`, in the coordinates of its image."""
    outlines = np.full(len(windows), Polygon(), dtype=object)
    filled = [i for i, window in enumerate(windows) if window.mask.any()]
    filled.sort(key=lambda i: windows[i].mask.shape[1])  # on a sheet all are about as wide
    sheet: list[int] = []
    rows = 0
    for i in filled:
        height, width = windows[i].mask.shape
        if sheet and (rows + height) * width > SHEET:
            _trace_sheet(windows, sheet, outlines)
            sheet, rows = [], 0
        sheet.append(i)
        rows += height
    if sheet:
        _trace_sheet(windows, sheet, outlines)
    return outlines


def _trace_sheet(
    windows: Sequence[Window], sheet: Sequence[int], outlines: Shaped[np.ndarray, " k"]
) -> None:
    """Put the outlines of the windows of one sheet into their places."""
    heights = [windows[i].mask.shape[0] for i in sheet]
    tops = np.cumsum(heights) - heights
    labels = np.zeros((sum(heights), windows[sheet[-1]].mask.shape[1]), dtype=np.int32)
    for number, (i, top, height) in enumerate(zip(sheet, tops, heights, strict=True), start=1):
        mask = windows[i].mask
        labels[top : top + height, : mask.shape[1]][mask] = number
    corners = np.array([windows[i].corner for i in sheet])  # (row, col)
    traced = raster.trace_labels(labels)[1]
    points, owner = shapely.get_coordinates(traced, return_index=True)
    shift = np.stack([corners[:, 1], corners[:, 0] - tops], axis=1)
    outlines[list(sheet)] = shapely.set_coordinates(traced, points + shift[owner])
