"""Measuring window by window: the numbers of the whole image, with a part of it in memory.

Each window has the objects whose boxes have their centre in its cell, and shows these whole with
what decides about them: the pixels around, and the objects that lie there. Distances between
objects need their centres alone and are measured at the end, on all of them. What is known only of
the whole image comes first (`image_part.channel_levels`).
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from kontur.formats.outlines_on_disk import OutlinesOnDisk
from kontur.images.lazy_pixels import Pixels
from kontur.instances import Instances
from kontur.measure.columns import Values, channel_endings
from kontur.measure.outlines import curve, fourier, midline, neighbours, shape
from kontur.measure.outlines.contour import bends_of, contours_of
from kontur.measure.outlines.object_rings import rings_of, straightened
from kontur.measure.pixels import intensity, texture
from kontur.measure.pixels.image_part import (
    ChannelLevels,
    ImagePart,
    channel_levels,
    check_finite,
    taken_by,
)

SIDE = 2048  # pixels of a cell
POSITION = ("x", "y", "left", "top", "right", "bottom")

Outlines = Instances | OutlinesOnDisk


def measure_in_windows(
    objects: Outlines, image: Pixels | None, size: tuple[int, int] | None, *, side: int = SIDE
) -> Values:
    """Position and every measurement of each object by its name, in pixels.

    With several channels the names of intensities end in their numbers. `size` (h, w) is that of
    the image; where it is not known, `on_border` is NaN. `side` is that of a cell. Without objects
    there is no column. Raises `InputError` for an image with values that are NaN or infinite.
    """
    if image is not None:
        check_finite(image)
    if len(objects) == 0:
        return {}
    boxes = objects.boxes
    levels: tuple[ChannelLevels, ...] = ()
    if image is not None:
        levels = channel_levels(image, lambda rows: _taken(objects, boxes, image, rows))
    values: Values = {}
    for own, near in _windows(boxes, side):
        others = polygons_at(objects, near)
        places = np.searchsorted(near, own)
        part = None if image is None else _part(image, boxes[own], others, levels)
        measured = _measure(others, places, ~objects.ignore[near], part)
        for name, column in measured.items():
            values.setdefault(name, np.empty(len(objects), column.dtype))[own] = column
    centres = np.column_stack([values["x"], values["y"]])
    values |= dict(zip(POSITION[2:], boxes.T, strict=True))
    values |= neighbours.measure_distance(centres, ~objects.ignore)
    unknown = np.full(len(objects), np.nan)
    values["on_border"] = unknown if size is None else neighbours.on_border(boxes, size)
    return values


def polygons_at(objects: Outlines, indices: Int[np.ndarray, " n"]) -> Shaped[np.ndarray, " n"]:
    """The outlines of some objects."""
    if isinstance(objects, Instances):
        return objects.polygons[indices]
    return objects.polygons_at(indices)


def _measure(
    others: Shaped[np.ndarray, " n"],
    own: Int[np.ndarray, " k"],
    counts: Bool[np.ndarray, " n"],
    part: ImagePart | None,
) -> Values:
    """The measurements of those objects that are `own`, of all that lie nearby."""
    polygons = others[own]
    rings = rings_of(polygons)
    edges = straightened(rings)
    contours = contours_of(rings, edges)
    bends = bends_of(contours)
    form = shape.measure_shape(polygons, rings, edges)
    values = dict(zip(POSITION, shape.centroids(rings).T, strict=False)) | form
    values |= curve.measure_curve(contours, bends)
    values |= midline.measure_midline(contours, form["area"])
    values |= fourier.measure_fourier(edges)
    if part is not None:
        half_width = form["area"] / form["perimeter"]
        bright = intensity.measure_intensity(polygons, part, contours, bends, half_width)
        rough = texture.measure_texture(polygons, part)
        for channel, end in enumerate(channel_endings(len(part.levels))):
            columns = bright[channel] | rough[channel]
            values |= {name + end: column for name, column in columns.items()}
    return values | neighbours.measure_contact(polygons, contours, others, own, counts)


def _windows(
    boxes: Float[np.ndarray, "k 4"], side: int
) -> Iterator[tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"]]]:
    """The objects of each cell that has any, and all that lie near them, in their order."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    column, row = np.floor(centres / side).astype(np.int64).T
    order = np.lexsort((column, row))
    for of_row in _groups(order, row):
        around = np.flatnonzero(_meets(boxes, boxes[of_row]))
        for own in _groups(of_row, column):
            own = np.sort(own)
            yield own, around[_meets(boxes[around], boxes[own])]


def _groups(
    order: Int[np.ndarray, " n"], key: Int[np.ndarray, " k"]
) -> list[Int[np.ndarray, " _"]]:
    """Runs of one key."""
    return np.split(order, np.flatnonzero(np.diff(key[order])) + 1)


def _meets(
    boxes: Float[np.ndarray, "k 4"], own: Float[np.ndarray, "n 4"]
) -> Bool[np.ndarray, " k"]:
    """Which boxes lie so near to some others that they may decide about them."""
    low, high = own[:, :2].min(axis=0) - intensity.REACH, own[:, 2:].max(axis=0) + intensity.REACH
    near: np.ndarray = (boxes[:, 2:] >= low) & (boxes[:, :2] <= high)
    return np.logical_and(near[:, 0], near[:, 1])


def _part(
    image: Pixels,
    own: Float[np.ndarray, "n 4"],
    others: Shaped[np.ndarray, " m"],
    levels: tuple[ChannelLevels, ...],
) -> ImagePart:
    """The pixels that decide about objects of these boxes; one at least."""
    low = np.floor(own[:, :2].min(axis=0)) - intensity.REACH
    high = np.ceil(own[:, 2:].max(axis=0)) + intensity.REACH
    height, width = image.shape[:2]
    left, top = np.clip(low, 0, (width - 1, height - 1)).astype(int).tolist()
    right, below = np.clip(high, (left + 1, top + 1), (width, height)).astype(int).tolist()
    taken = taken_by(others, (below - top, right - left), (top, left))
    return ImagePart(image[top:below, left:right], (top, left), taken, levels)


def _taken(
    objects: Outlines, boxes: Float[np.ndarray, "k 4"], image: Pixels, rows: slice
) -> Bool[np.ndarray, "h w"]:
    """Which pixels of some rows belong to objects."""
    there = np.flatnonzero((boxes[:, 3] > rows.start) & (boxes[:, 1] < rows.stop))
    size = rows.stop - rows.start, image.shape[1]
    return taken_by(polygons_at(objects, there), size, (rows.start, 0))
