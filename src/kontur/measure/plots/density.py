"""Kernel density estimates of many values, along one axis or in a plane.

Values are counted in fine cells and the counts smoothed with a Gaussian of Silverman's width, so
that 100,000 values take as long as a hundred.
"""

import numpy as np
from jaxtyping import Float

from kontur.measure.extra import package

CELLS = 256  # along an axis
REACH = 4.0  # standard deviations at which the Gaussian is truncated


def density(
    values: Float[np.ndarray, " k"], low: float, high: float
) -> tuple[Float[np.ndarray, " cells"], Float[np.ndarray, " cells"]]:
    """Positions between `low` and `high` and the density there, whose integral is 1.

    Mass beyond an end is reflected, so that shares, for example, never appear beyond 1. Without a
    value the density is 0.
    """
    edges = np.linspace(low, high, CELLS + 1)
    counts, _ = np.histogram(values, edges)
    smooth = _smoothed(counts.astype(float), _width(values) / (edges[1] - edges[0]))
    places = (edges[1:] + edges[:-1]) / 2
    total = smooth.sum() * (edges[1] - edges[0])
    return places, smooth / total if total > 0 else smooth


def density_2d(
    x: Float[np.ndarray, " k"],
    y: Float[np.ndarray, " k"],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> Float[np.ndarray, "cells cells"]:
    """The share of the points in every cell `[row of y, column of x]`; 0 without a point."""
    counts, _, _ = np.histogram2d(y, x, bins=CELLS, range=(y_range, x_range))
    for axis, (values, (low, high)) in enumerate(((y, y_range), (x, x_range))):
        # In the plane the points are sparser: Silverman's n^(-1/6) in place of n^(-1/5).
        width = _width(values) * max(len(values), 1) ** (1 / 5 - 1 / 6)
        spread = width * CELLS / (high - low)
        counts = _smoothed(counts, spread, axis)
    total = counts.sum()
    return counts / total if total > 0 else counts


def level_of_mass(share: Float[np.ndarray, "rows columns"], mass: float) -> float:
    """The level above which the cells contain `mass`, 0 to 1, of the whole."""
    ordered = np.sort(share.ravel())[::-1]
    inside = int(np.searchsorted(np.cumsum(ordered), mass))
    return float(ordered[min(inside, len(ordered) - 1)])


def _width(values: Float[np.ndarray, " k"]) -> float:
    """Silverman's rule of thumb, 0 for values that are all the same."""
    if len(values) < 2:
        return 0.0
    quarters = np.subtract(*np.percentile(values, [75, 25])) / 1.349
    spread = np.std(values, ddof=1)
    return float(0.9 * (min(spread, quarters) if quarters > 0 else spread) * len(values) ** -0.2)


def _smoothed(
    counts: Float[np.ndarray, "*cells"], width: float, axis: int = 0
) -> Float[np.ndarray, "*cells"]:
    """Counts under a Gaussian of `width` cells (at least one), reflected at both ends."""
    width = min(max(width, 1.0), counts.shape[axis] / REACH)
    blur = package("scipy.ndimage").gaussian_filter1d
    return blur(counts, width, axis=axis, mode="reflect", truncate=REACH)
