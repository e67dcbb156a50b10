"""The moves of an agent that corrects contours: along the normals, smooth, stop.

An action is a row of whole numbers: first what is done (`MOVE`, `SMOOTH` or `STOP`), then for every
point which of the distances it goes along its normal; a point that stays has the distance 0, and a
stretch is a run of points that go. Distances are shares of the contour's unit, the side of a square
of its area when it began, so that the moves of small and large objects are the same.

Pure numpy: the environment of `kontur.edit` and the prediction take the same steps.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Float, Integer

from kontur.geometry.area_field import area_under, following

MOVE, SMOOTH, STOP = range(3)
MODES = 3
SMOOTHINGS = 2  # times that each point takes half of its place from its two neighbours
HALF = np.float32(0.5)
SLIDES = 3  # times that each point takes half of its way along the contour
EASED = (1.0, 0.4)  # of the way that is tried, smoothed around the ring, where all of it crosses
SURELY = 1e-3  # of the mean turn of an edge around the middle: no accident of rounding
LOOPS = (2, 3)  # edges further on: those that are looked at first where an edge may be crossed
SMALLEST_UNIT = 1.0  # pixels


class Moved(NamedTuple):
    """Contours after an action, and which would have crossed themselves by it."""

    rings: Float[np.ndarray, "m n 2"]
    crossed: Bool[np.ndarray, " m"]


def units(rings: Float[np.ndarray, "m n 2"]) -> Float[np.ndarray, " m"]:
    """The side of a square of each ring's area, in pixels, at least one."""
    areas = area_under(rings, following(rings), rings[:, :1]).sum(axis=1)
    return np.maximum(np.sqrt(np.maximum(areas, 0)), SMALLEST_UNIT).astype(np.float32)


def outward(rings: Float[np.ndarray, "m n 2"]) -> Float[np.ndarray, "m n 2"]:
    """Unit vectors out of clockwise rings across the chord of each point's two neighbours.

    0 where these are in one place. The same as `kontur.nn.normals.normals`.
    """
    chord = following(rings) - np.roll(rings, 1, axis=1)
    x, y = chord[..., 0], chord[..., 1]
    scale = 1 / np.maximum(np.sqrt(x * x + y * y), 1e-3)
    return np.stack([y * scale, -x * scale], axis=-1)


def smooth(rings: Float[np.ndarray, "m n d"]) -> Float[np.ndarray, "m n d"]:
    """Every point half where it was and half in the middle of its neighbours, `SMOOTHINGS` times.

    What lies even stays even; a point that sticks out goes back.
    """
    for _ in range(SMOOTHINGS):
        rings = rings / 2 + (following(rings) + np.roll(rings, 1, axis=1)) / 4
    return rings


def slide(
    rings: Float[np.ndarray, "m n 2"], out: Float[np.ndarray, "m n 2"]
) -> Float[np.ndarray, "m n 2"]:
    """Points slid along their contours towards the middle of their neighbours, `SLIDES` times.

    They do not crowd where a contour was bent and is straightened, and so do not get into one
    another's way: what else makes a contour cross itself. `out` are the contours' normals.
    """
    for _ in range(SLIDES):
        way = (following(rings) + np.roll(rings, 1, axis=1)) * HALF - rings
        across = way[..., 0] * out[..., 0] + way[..., 1] * out[..., 1]
        rings = rings + (way - across[..., None] * out) * HALF
    return rings


def act(
    rings: Float[np.ndarray, "m n 2"],
    actions: Integer[np.ndarray, "m a"],
    unit: Float[np.ndarray, " m"],
    distances: Float[np.ndarray, " k"],
) -> Moved:
    """Each contour after its action; m may be 0.

    The points of a contour that moves also slide along it (`slide`).
    Where a contour would cross itself, or turn inside out, its points go less far and more like
    their neighbours (`EASED`), and where it still would, it stays: so what does not cross itself
    never will. `distances` are those that the numbers of an action name.
    """
    mode, out = actions[:, 0], outward(rings)
    along = distances[actions[:, 1:]] * unit[:, None] * (mode == MOVE)[:, None]
    moved = slide(rings + out * along[..., None], out)
    rough, still = mode == SMOOTH, mode == STOP
    if rough.any():
        moved[rough] = smooth(rings[rough])
    moved[still] = rings[still]
    crossed = ~simple(moved)
    crossed &= ~still
    left = np.flatnonzero(crossed)
    moved[left] = rings[left]
    left = left[mode[left] == MOVE]
    for share in EASED:
        if not len(left):
            break
        step = smooth(along[left, :, None]) * np.float32(share)
        tried = slide(rings[left] + out[left] * step, out[left])
        fine = simple(tried)
        moved[left[fine]] = tried[fine]
        left = left[~fine]
    return Moved(moved.astype(np.float32, copy=False), crossed)


def simple(rings: Float[np.ndarray, "m n 2"]) -> Bool[np.ndarray, " m"]:
    """Which rings run clockwise around an area without crossing or touching themselves."""
    fine = _starry(rings)
    left = np.flatnonzero(~fine)
    left = left[~_looped(rings[left])]
    if len(left):
        others = rings[left]
        areas = area_under(others, following(others), others[:, :1]).sum(axis=1)
        finite = np.isfinite(areas)
        polygons = shapely.polygons(np.where(finite[:, None, None], others, 0).astype(np.float64))
        fine[left] = shapely.is_valid(polygons) & finite & (areas > 0)
    return fine


def _looped(rings: Float[np.ndarray, "m n 2"]) -> Bool[np.ndarray, " m"]:
    """Which rings have an edge that crosses one of the next few: most that cross themselves."""
    points = rings.astype(np.float64)
    found = np.zeros(len(rings), bool)
    edges = following(points) - points
    for gap in LOOPS:
        if gap > rings.shape[1] - 2:  # it is the edge before, which shares a point
            break
        far, far_edges = np.roll(points, -gap, axis=1), np.roll(edges, -gap, axis=1)
        way = far - points
        begin = _cross(edges, way) > 0
        end = _cross(edges, way + far_edges) > 0
        one = _cross(far_edges, way) > 0
        other = _cross(far_edges, way - edges) > 0
        found |= ((begin != end) & (one != other)).any(axis=1)
    return found


def _cross(
    a: Float[np.ndarray, "m n 2"], b: Float[np.ndarray, "m n 2"]
) -> Float[np.ndarray, "m n"]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _starry(rings: Float[np.ndarray, "m n 2"]) -> Bool[np.ndarray, " m"]:
    """Which rings all of whose edges go on clockwise around their middle, once: quickly seen.

    These do not cross themselves; most nuclei are such, bent worms are not, and may be fine too.
    """
    x = rings[..., 0] - rings[..., 0].mean(axis=1, keepdims=True)
    y = rings[..., 1] - rings[..., 1].mean(axis=1, keepdims=True)
    turned = x * following(y) - y * following(x)
    onwards = (turned > SURELY * turned.mean(axis=1, keepdims=True)).all(axis=1)
    above = y < 0
    return onwards & ((above & ~following(above)).sum(axis=1) == 1)
