"""Curvature of the outline, point by point along it.

It is that of the contour smoothed along itself (see `contour`), so that neither the corners of
pixel edges nor the first point of the outline matter. A circle has the curvature 1 / radius
everywhere; a dent has negative curvature. The bending energy is that of an elastic ring of the same
length (Young, Walker, Bowie, "An analysis technique for biological shape", 1974), 1 for a circle.
"""

import numpy as np

from kontur.measure.columns import Column, Values
from kontur.measure.outlines.contour import Bends, Contours

COLUMNS = {
    "curvature_std": Column("1/length", "standard deviation of the curvature along the outline"),
    "curvature_min": Column("1/length", "smallest curvature: below 0 in a dent"),
    "curvature_max": Column("1/length", "largest curvature: of the sharpest tip"),
    "curvature_p10": Column("1/length", "10th percentile of the curvature"),
    "curvature_p90": Column("1/length", "90th percentile of the curvature"),
    "concave_fraction": Column("", "share of the outline that bends inward"),
    "bending_energy": Column("", "∮ curvature² · perimeter / 4π²: 1 for a circle, else more"),
    "turning": Column("", "∮ |curvature| / 2π: 1 for a convex outline, else more"),
}


def measure_curve(contours: Contours, bends: Bends) -> Values:
    """One value per object for each of `COLUMNS`, in pixels."""
    curvature = bends.curvature
    low, high = np.percentile(curvature, (10, 90), axis=1) if len(curvature) else np.empty((2, 0))
    return {
        "curvature_std": curvature.std(axis=1),
        "curvature_min": curvature.min(axis=1),
        "curvature_max": curvature.max(axis=1),
        "curvature_p10": low,
        "curvature_p90": high,
        "concave_fraction": (curvature < 0).mean(axis=1),
        "bending_energy": (curvature**2).mean(axis=1) * contours.perimeter**2 / (4 * np.pi**2),
        "turning": np.abs(curvature).mean(axis=1) * contours.perimeter / (2 * np.pi),
    }
