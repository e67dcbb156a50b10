"""What a person means by a prompt: which of several outlines a click, and whether a start was off.

Outlines are valid polygons, all in pixels of the image or all in pixels of the view. How sure an
outline is comes from outside: the score of a candidate.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float, Shaped

from kontur.geometry.overlap import iou

REACH = 1 / 4  # of an outline's radius: so far outside of it a click may still mean it
STEEPNESS = 4.0  # how fast an outline counts less towards and beyond its edge, per radius
SCALES = (1 / 2, 2**-0.5, 1.0, 2**0.5, 2.0, 2**1.5)  # of a typical side: boxes around a click
AGREEMENT = 0.5  # mean IoU of an outline with those from all starts; on background it is lower
AT_REST = 0.8  # IoU of an outline with that of its own box; below, the start was off
LEAVES = 0.2  # IoU with what was drawn that a restart may lose


def under_click(
    polygons: Shaped[np.ndarray, " m"],
    sureness: Float[np.ndarray, " m"],
    click: Float[np.ndarray, " 2"],
) -> int | None:
    """The place of the outline that a click means; None where none is near.

    The surest of those around it, where an outline counts in full if the click lies deep inside,
    half on its edge, and no more beyond `REACH`: hands miss a pixel, and so do outlines.
    """
    depth = _depth(polygons, click)
    near = depth >= -REACH
    if not near.any():
        return None
    weight = sureness / (1 + np.exp(-STEEPNESS * depth))
    return int(np.where(near, weight, -1).argmax())


def agreed(polygons: Shaped[np.ndarray, " m"], click: Float[np.ndarray, " 2"]) -> int | None:
    """The place of the outline around a click that those from all starts agree on most.

    None where they do not agree: nothing holds them there.
    """
    agreement = iou(polygons[:, None], polygons[None]).mean(axis=1)
    holds = shapely.contains_xy(polygons, *click)
    best = int(np.where(holds, agreement, -1).argmax())
    return best if holds[best] and agreement[best] >= AGREEMENT else None


def boxes_around(click: Float[np.ndarray, " 2"], side: float) -> Float[np.ndarray, "m 4"]:
    """Square boxes xyxy around a click, for objects of about this side."""
    half = side / 2 * np.array(SCALES)[:, None]
    return np.concatenate([click - half, click + half], axis=1)


def at_rest(
    first: Shaped[np.ndarray, " m"],
    restarted: Shaped[np.ndarray, " m"],
    drawn: Shaped[np.ndarray, " m"] | None = None,
) -> Shaped[np.ndarray, " m"]:
    """Of each outline and the one that starts from its box, the one to trust.

    A good start is at rest: starting again changes little, and the first knows more. Else the
    prompt was off and the restart counts, unless it leaves what was `drawn` as a polygon.
    """
    moved = iou(first, restarted) < AT_REST
    if drawn is not None:
        moved &= iou(restarted, drawn) >= iou(first, drawn) - LEAVES
    return np.where(moved, restarted, first)


def _depth(
    polygons: Shaped[np.ndarray, " m"], click: Float[np.ndarray, " 2"]
) -> Float[np.ndarray, " m"]:
    """How deep a point lies in each polygon, in radii of a circle of its area; outside below 0."""
    depth = np.full(len(polygons), -np.inf)
    radius = np.sqrt(shapely.area(polygons) / np.pi)
    x0, y0, x1, y1 = shapely.bounds(polygons).reshape(-1, 4).T
    x, y = click
    reach = REACH * radius
    near = (x0 - reach <= x) & (x <= x1 + reach) & (y0 - reach <= y) & (y <= y1 + reach)
    near &= radius > 0
    point = shapely.Point(click)
    distance = shapely.distance(shapely.boundary(polygons[near]), point)
    side: Bool[np.ndarray, " n"] = shapely.contains(polygons[near], point)
    depth[near] = np.where(side, distance, -distance) / radius[near]
    return depth
