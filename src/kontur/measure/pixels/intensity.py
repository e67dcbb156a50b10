"""Intensity of every object, channel by channel, in the values that the image stores.

An object's pixels are those whose centres lie in its polygon; names and numbers are those of
scikit-image's `regionprops` where it has them. Contrast and background are measured along the
outline's normals: the *edge contrast* is the mean just inside the edge less that just outside, the
*background* the median of a few pixels further out. Points that belong to another object or lie
outside the image do not count; where too few are left, the background is the median of all pixels
of the image without object. Objects without a pixel, and contrasts without a free point, are NaN.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Complex, Float, Int, Num, Shaped

from kontur.measure.columns import Column, Values
from kontur.measure.outlines.contour import BLOCK, Bends, Contours
from kontur.measure.pixels.image_part import ImagePart
from kontur.measure.pixels.object_pixels import Pixels, pixels_of

PERCENTILES = {"p05": 5, "p25": 25, "median": 50, "p75": 75, "p95": 95}
EDGE = 1.5  # pixels from the outline, inside and outside
FAR = (3.0, 4.0, 5.0, 6.0)  # pixels outside the outline, where the background is measured
REACH = math.ceil(max(FAR)) + 2  # pixels around an object that decide about its intensities
ON_EDGE = 1e-7  # pixels; a point so near to an edge lies on it: rounding must not choose the pixel
EVERY = 4  # every fourth point of the contour has a normal on which it is measured
FEWEST = 8  # free points from which an object has a background of its own

COLUMNS = {
    "intensity_mean": Column("intensity", "mean"),
    "intensity_std": Column("intensity", "standard deviation"),
    "intensity_min": Column("intensity", "smallest value"),
    "intensity_max": Column("intensity", "largest value"),
    **{
        f"intensity_{word}": Column("intensity", f"{percent}th percentile")
        for word, percent in PERCENTILES.items()
    },
    "intensity_background": Column("intensity", "median around the object, 3 to 6 px away"),
    "intensity_mean_corrected": Column("intensity", "mean less the background"),
    "intensity_sum_corrected": Column("intensity", "sum over the pixels less the background"),
    "edge_contrast": Column("intensity", "mean just inside the outline less just outside"),
}


def measure_intensity(
    polygons: Shaped[np.ndarray, " k"],
    part: ImagePart,
    contours: Contours,
    bends: Bends,
    half_width: Float[np.ndarray, " k"],
) -> list[Values]:
    """For each channel one value per object for each of `COLUMNS`.

    The part of the image must show `REACH` pixels around the objects. `half_width` is area /
    perimeter in pixels: the inside of the edge is measured no deeper. Without objects every column
    has length 0.
    """
    height, width, channels = part.pixels.shape
    k = len(polygons)
    values = [{name: np.full(k, np.nan) for name in COLUMNS} for _ in range(channels)]
    number = np.zeros(k, dtype=np.int64)
    for block in pixels_of(polygons, (height, width), part.corner):
        places = np.arange(block.first, block.first + len(block.number))
        number[places] = block.number
        for channel in range(channels):
            statistics = _statistics(part.pixels[..., channel].ravel()[block.place], block)
            for name, column in statistics.items():
                values[channel][name][places] = column
    inside = contours._replace(origin=contours.origin - np.array(part.corner[::-1]))
    for channel in range(channels):
        plane, of, everywhere = part.pixels[..., channel], values[channel], part.levels[channel]
        around, contrast = _across(
            plane, part.taken, inside, bends, half_width, everywhere.background
        )
        around[number == 0] = contrast[number == 0] = np.nan
        of["intensity_background"], of["edge_contrast"] = around, contrast
        of["intensity_mean_corrected"] = of["intensity_mean"] - around
        of["intensity_sum_corrected"] = of["intensity_mean_corrected"] * number
    return values


def _statistics(values: Num[np.ndarray, " p"], block: Pixels) -> Values:
    """Statistics of one channel's pixels for each object of a block; NaN where it has no pixel."""
    count, has_pixels = block.number, block.has_pixels
    if not has_pixels.any():
        return {}
    number = np.maximum(count, 1)
    ordered = _sorted_within(values, block.owner)
    first = np.minimum(np.cumsum(count) - count, len(ordered) - 1)
    mean = np.bincount(block.owner, weights=values, minlength=len(count)) / number
    deviation = values - mean[block.owner]
    square = np.bincount(block.owner, weights=deviation**2, minlength=len(count)) / number
    statistics = {
        "intensity_mean": mean,
        "intensity_std": np.sqrt(square),
        "intensity_min": ordered[first],
        "intensity_max": ordered[np.minimum(first + number - 1, len(ordered) - 1)],
    }
    for word, percent in PERCENTILES.items():
        at = (number - 1) * (percent / 100)
        low = np.floor(at).astype(np.int64)
        below = ordered[np.minimum(first + low, len(ordered) - 1)]
        above = ordered[np.minimum(first + np.ceil(at).astype(np.int64), len(ordered) - 1)]
        statistics[f"intensity_{word}"] = below + (above - below) * (at - low)
    return {name: np.where(has_pixels, column, np.nan) for name, column in statistics.items()}


def _sorted_within(
    values: Num[np.ndarray, " p"], owner: Int[np.ndarray, " p"]
) -> Float[np.ndarray, " p"]:
    """The values of every owner in ascending order, owner after owner."""
    if values.dtype.kind in "iu" and values.dtype.itemsize <= 2:  # owner and value in one number
        low = int(values.min())
        keys = (owner << 16) | (values.astype(np.int64) - low)
        keys.sort()
        return ((keys & 0xFFFF) + low).astype(float)
    return values[np.lexsort((values, owner))].astype(float)


def _across(
    plane: Num[np.ndarray, "h w"],
    taken: Bool[np.ndarray, "h w"],
    contours: Contours,
    bends: Bends,
    half_width: Float[np.ndarray, " k"],
    everywhere: float,
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """The background around every object, and the contrast across its edge."""
    k = len(half_width)
    around, contrast = np.empty(k), np.empty(k)
    depth = np.minimum(EDGE, half_width)[:, None]
    for start in range(0, k, BLOCK):
        part = slice(start, start + BLOCK)
        origin = contours.origin[part] @ np.array([1, 1j])
        points = contours.points[part] + origin[:, None]
        out = bends.outward[part]
        outer = points + EDGE * out
        free = _free(outer, taken)
        step = _bilinear(plane, points - depth[part] * out) - _bilinear(plane, outer)
        number = free.sum(axis=1)
        total = np.where(free, step, 0).sum(axis=1)
        contrast[part] = np.divide(total, number, out=np.full(len(total), np.nan), where=number > 0)
        around[part] = _background(plane, taken, points[:, ::EVERY], out[:, ::EVERY], everywhere)
    return around, contrast


def _background(
    plane: Num[np.ndarray, "h w"],
    taken: Bool[np.ndarray, "h w"],
    points: Complex[np.ndarray, "b q"],
    outward: Complex[np.ndarray, "b q"],
    everywhere: float,
) -> Float[np.ndarray, " b"]:
    """The median of the free pixels around an object; that of the image where they are few."""
    far = np.concatenate([points + distance * outward for distance in FAR], axis=1)
    free = _free(far, taken)
    row, col = _pixel(far, plane.shape)
    values = np.where(free, plane[row, col].astype(float), np.inf)
    values.sort(axis=1)
    number = free.sum(axis=1)
    index = np.arange(len(values))
    upper = np.minimum(number // 2, values.shape[1] - 1)
    lower = np.maximum(number - 1, 0) // 2
    enough = number >= FEWEST
    middle = np.full(len(values), everywhere)
    middle[enough] = (values[index, lower] + values[index, upper])[enough] / 2
    return middle


def _free(
    points: Complex[np.ndarray, "b q"], taken: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "b q"]:
    """Whether a point lies in the image and in no object."""
    height, width = taken.shape
    inside = (points.real >= -ON_EDGE) & (points.real < width - ON_EDGE)
    inside &= (points.imag >= -ON_EDGE) & (points.imag < height - ON_EDGE)
    row, col = _pixel(points, taken.shape)
    return inside & ~taken[row, col]


def _pixel(
    points: Complex[np.ndarray, "b q"], shape: Sequence[int]
) -> tuple[Int[np.ndarray, "b q"], Int[np.ndarray, "b q"]]:
    """Row and column of the pixel that contains a point, the nearest one for a point outside."""
    row = np.clip(np.floor(points.imag + ON_EDGE), 0, shape[0] - 1).astype(np.int64)
    col = np.clip(np.floor(points.real + ON_EDGE), 0, shape[1] - 1).astype(np.int64)
    return row, col


def _bilinear(
    plane: Num[np.ndarray, "h w"], points: Complex[np.ndarray, "b q"]
) -> Float[np.ndarray, "b q"]:
    """The image interpolated between pixel centres, which lie at halves; constant beyond them."""
    height, width = plane.shape
    x = np.clip(points.real - 0.5, 0, width - 1)
    y = np.clip(points.imag - 0.5, 0, height - 1)
    col, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    right, below = np.minimum(col + 1, width - 1), np.minimum(row + 1, height - 1)
    u, v = x - col, y - row
    top = plane[row, col] * (1 - u) + plane[row, right] * u
    bottom = plane[below, col] * (1 - u) + plane[below, right] * u
    return top * (1 - v) + bottom * v
