"""The objects around an object, whose contours it sees while its own is moved.

Where two objects touch, each contour alone finds the same edge, or both reach over it. What a
neighbour's contour is now tells who gives way. Pure numpy; neighbours are looked for between the
stages, so that every object is then moved by itself, in any chunk and on any thread.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

POINTS = 16  # of a neighbour's contour that are seen
ROWS = 256  # objects whose distances to all others are held at a time
NEAR = 1.0  # of an object's longer side: what is farther from it says nothing about its edge
MIDDLE = 1e-2  # what a pixel between middles counts beside one between boxes, which may overlap


def neighbours(
    contours: Float[np.ndarray, "m n 2"],
    image_index: Int[np.ndarray, " m"],
    count: int,
    sure: Bool[np.ndarray, " m"],
) -> Float[np.ndarray, "m k p 2"]:
    """The contours of the `count` nearest objects of each one's image, thinned to p points.

    Only those are seen that are `sure` to be objects and have finite points; NaN stands where there
    are fewer. m may be 0.
    """
    nearest = nearest_objects(contours, image_index, count, sure)
    seen = contours[nearest][:, :, thinned(contours.shape[1])]
    return np.where((nearest >= 0)[..., None, None], seen, np.nan).astype(np.float32)


def thinned(n: int) -> slice:
    """The points of a contour of n that neighbours see."""
    return slice(0, n, max(1, n // POINTS))


def nearest_objects(
    contours: Float[np.ndarray, "m n 2"],
    image_index: Int[np.ndarray, " m"],
    count: int,
    sure: Bool[np.ndarray, " m"],
) -> Int[np.ndarray, "m k"]:
    """The places of the objects whose boxes are nearest, the nearest first; -1 where there is none.

    Of boxes that overlap alike, those whose middles are nearer. What is farther away than `NEAR`
    is nobody's neighbour: so the same are found in a tile of an image.
    """
    found = np.full((len(contours), count), -1)
    finite = np.isfinite(contours).all(axis=(1, 2))
    for image in np.unique(image_index):
        own = np.flatnonzero((image_index == image) & finite)
        others = own[sure[own]]
        most = min(count, len(others))
        low, high = contours[others].min(axis=1), contours[others].max(axis=1)  # (o, 2)
        for first in range(0, len(own) if most else 0, ROWS):
            rows = own[first : first + ROWS]
            own_low, own_high = contours[rows].min(axis=1), contours[rows].max(axis=1)
            gaps = np.maximum(low - own_high[:, None], own_low[:, None] - high)  # (rows, o, 2)
            apart = np.linalg.norm(gaps.clip(min=0), axis=-1)
            longer = (own_high - own_low).max(axis=-1, keepdims=True)
            apart[apart > NEAR * longer] = np.inf
            middles = (low + high - (own_low + own_high)[:, None]) / 2
            apart += np.linalg.norm(middles, axis=-1) * MIDDLE
            apart[rows[:, None] == others] = np.inf  # itself
            best = np.argsort(apart, axis=1, kind="stable")[:, :most]
            is_near = np.isfinite(np.take_along_axis(apart, best, axis=1))
            found[rows, :most] = np.where(is_near, others[best], -1)
    return found
