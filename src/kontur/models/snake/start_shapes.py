"""The shapes that the stages of a snake start from: diamonds in boxes, octagons through extremes.

Diamond and octagon are those of Peng et al., Deep Snake, CVPR 2020; unlike the published code we
walk clockwise, and we resample exactly by arc length.
"""

import numpy as np
from jaxtyping import Float

from kontur.geometry.ragged_rings import RaggedRings, resample, resample_lines
from kontur.models.snake.config import DIAMOND_POINTS, SnakeConfig

REACH = 1 / 8  # of the box side, each way along it; Deep Snake's octagon


def start_diamonds(boxes: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, "m 40 2"]:
    """Where the extreme stage starts: each box's diamond, ten points an edge."""
    return subdivide(diamond(boxes), DIAMOND_POINTS // 4)


def start_octagons(
    extremes: Float[np.ndarray, "m 4 2"], config: SnakeConfig
) -> Float[np.ndarray, "m n 2"]:
    """Where the contour stages start: `points` points around each octagon, from its top extreme.

    With four anchors as many from each extreme to the next.
    """
    octagons = octagon(extremes, config.reach)
    if config.anchors == "top":
        return resample(RaggedRings.equal(octagons), config.points).points.reshape(
            -1, config.points, 2
        )
    corners = (np.arange(0, 12, 3)[:, None] + np.arange(4)) % 12  # from an extreme to the next
    quarters = RaggedRings.equal(octagons[:, corners].reshape(-1, 4, 2))
    return resample_lines(quarters, config.points // 4).points.reshape(-1, config.points, 2)


def diamond(boxes: Float[np.ndarray, "m 4"]) -> Float[np.ndarray, "m 4 2"]:
    """The side midpoints of each xyxy box: top, right, bottom, left, in pixels."""
    x0, y0, x1, y1 = boxes.T
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    return np.stack([cx, y0, x1, cy, cx, y1, x0, cy], axis=-1).reshape(-1, 4, 2)


def octagon(
    extremes: Float[np.ndarray, "m 4 2"], reach: float = REACH
) -> Float[np.ndarray, "m 12 2"]:
    """Deep Snake's second start shape: 12 vertices, clockwise from the top extreme.

    The box is that of the four extremes. Each extreme lies on its side of the box, is extended
    along it by `reach` × the side both ways and clamped to the corners: top, its right end; the
    right's upper end, right, lower end; the bottom's right end, bottom, left end; the left's lower
    end, left, upper end; the top's left end.
    """
    low, high = extremes.min(axis=1), extremes.max(axis=1)  # (m, 2)
    x0, y0, x1, y1 = low[:, 0], low[:, 1], high[:, 0], high[:, 1]
    across, down = reach * (x1 - x0), reach * (y1 - y0)
    top, bottom = extremes[:, 0, 0], extremes[:, 2, 0]
    right, left = extremes[:, 1, 1], extremes[:, 3, 1]
    points = [
        (top, y0),
        (np.minimum(top + across, x1), y0),
        (x1, np.maximum(right - down, y0)),
        (x1, right),
        (x1, np.minimum(right + down, y1)),
        (np.minimum(bottom + across, x1), y1),
        (bottom, y1),
        (np.maximum(bottom - across, x0), y1),
        (x0, np.minimum(left + down, y1)),
        (x0, left),
        (x0, np.maximum(left - down, y0)),
        (np.maximum(top - across, x0), y0),
    ]
    return np.stack([side for point in points for side in point], axis=-1).reshape(-1, 12, 2)


def subdivide(
    rings: Float[np.ndarray, "m k 2"], per_edge: int
) -> Float[np.ndarray, "m k*{per_edge} 2"]:
    """Every edge cut into `per_edge` equal pieces; the old points stay at 0, per_edge, 2·per_edge …

    >>> subdivide(np.array([[[0.0, 0], [2, 0], [2, 2]]]), 2)[0].tolist()
    [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [2.0, 1.0], [2.0, 2.0], [1.0, 1.0]]
    """
    m, k, _ = rings.shape
    share = (np.arange(per_edge) / per_edge).astype(rings.dtype)[:, None]
    steps = np.roll(rings, -1, axis=1) - rings
    return (rings[:, :, None] + steps[:, :, None] * share).reshape(m, k * per_edge, 2)
