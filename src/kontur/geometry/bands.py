"""Label images traced in bands of rows: the same outlines in the memory of a band.

A value that goes on below a band waits for the next one, which begins where the value does and has
nothing else of the rows that were there before. So a band is as high as its objects need.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Integer, Shaped

from kontur.geometry import raster

PIXELS = 1 << 22  # of a band; each takes about a hundred bytes while it is traced


def trace_in_bands(
    labels: Integer[np.ndarray, "h w"], *, pixels: int = PIXELS
) -> tuple[Integer[np.ndarray, " k"], Shaped[np.ndarray, " k"]]:
    """The values other than 0, ascending, and the outline of each, as `raster.trace_labels`.

    `pixels` are those of a band; images of no more are traced at once.
    """
    height, width = labels.shape
    rows = max(pixels // max(width, 1), 1)
    if rows >= height:
        return raster.trace_labels(labels)
    values, outlines = [], []
    waiting = labels[:0]  # rows with what is not traced yet alone, from `top` on
    top, stop = 0, 0
    while stop < height:
        start, stop = stop, min(stop + rows, height)
        band = np.concatenate([waiting, labels[start:stop]])
        if stop < height:
            below = labels[stop]
            going_on = np.unique(below[(labels[stop - 1] == below) & (below != 0)])
        else:
            going_on = labels.ravel()[:0]
        waits = _among(band, going_on)
        band_values, traced = raster.trace_labels(np.where(waits, 0, band), corner=(top, 0))
        values.append(band_values)
        outlines.append(traced)
        high = np.flatnonzero(waits.any(axis=1))
        first = int(high[0]) if len(high) else len(band)
        waiting = np.where(waits[first:], band[first:], 0)
        if first == 0:  # an object that is higher than a band
            rows *= 2
        top += first
    return _joined(np.concatenate(values), np.concatenate(outlines))


def _among(
    labels: Integer[np.ndarray, "h w"], values: Integer[np.ndarray, " v"]
) -> Bool[np.ndarray, "h w"]:
    if len(values) == 0:
        return np.zeros(labels.shape, dtype=bool)
    return np.isin(labels, values)


def _joined(
    values: Integer[np.ndarray, " n"], outlines: Shaped[np.ndarray, " n"]
) -> tuple[Integer[np.ndarray, " k"], Shaped[np.ndarray, " k"]]:
    """Each value once: its parts of all bands in the order of their first pixels."""
    known, owner, times = np.unique(values, return_inverse=True, return_counts=True)
    joined = np.empty(len(known), dtype=object)
    joined[owner] = outlines
    several = np.flatnonzero(times[owner] > 1)
    if len(several):
        parts, of = shapely.get_parts(outlines[several], return_index=True)
        of_value = owner[several][of]
        x, y = shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(parts), 0)).T
        order = np.lexsort((x, y, of_value))
        at, index = np.unique(of_value[order], return_inverse=True)
        joined[at] = shapely.multipolygons(parts[order], indices=index)
    return known, joined
