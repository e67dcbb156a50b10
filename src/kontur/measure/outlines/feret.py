"""Feret diameters: the largest and the smallest calliper width of convex hulls, exactly.

Rotating callipers (Shamos, 1978) for all hulls at once: the point opposite an edge is where the
hull has turned by half a circle, found by one binary search for all edges. The smallest width
occurs at an edge, the largest distance between a pair of opposite points.
"""

import numpy as np
from jaxtyping import Float

from kontur.measure.outlines.object_rings import ObjectRings

SPACING = 100.0  # radians between the hulls in the one array that is searched; two turns are 4π


def feret_diameters(
    hulls: ObjectRings,
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """The largest and the smallest width of each of k convex rings, in pixels; k may be 0."""
    if len(hulls.number) == 0:
        return np.empty(0), np.empty(0)
    ring, onward, steps = hulls.ring, hulls.following, hulls.steps
    (x, y), (u, v) = steps.T, steps[onward].T
    turn = np.maximum(np.arctan2(x * v - y * u, x * u + y * v), 0)  # at the end of every edge
    # the angle by which the hull has turned before every edge, for two turns
    turned = np.cumsum(turn) - turn
    turned -= np.repeat(turned[hulls.start], hulls.number)
    laps = np.concatenate([turned, turned + 2 * np.pi]) + SPACING * np.tile(ring, 2)
    lap_order = np.argsort(laps, kind="stable")
    at = np.searchsorted(laps[lap_order], turned + SPACING * ring + np.pi)
    opposite = lap_order[np.minimum(at, len(lap_order) - 1)] % len(ring)
    before = np.empty_like(onward)
    before[onward] = np.arange(len(onward))

    points = hulls.points
    away = points[opposite] - points
    height = np.abs(steps[:, 0] * away[:, 1] - steps[:, 1] * away[:, 0])
    width = height / np.hypot(steps[:, 0], steps[:, 1])
    ends = (points, points[onward])
    others = (opposite, onward[opposite], before[opposite])  # parallel edges have two
    distance = np.max([np.linalg.norm(p - points[q], axis=1) for p in ends for q in others], axis=0)
    return np.maximum.reduceat(distance, hulls.start), np.minimum.reduceat(width, hulls.start)
