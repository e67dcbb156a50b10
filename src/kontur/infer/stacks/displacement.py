"""By how much most objects of a film moved alike from one time to another: the stage, a drift.

Every pair of alike objects, one of each time, is a step that may have been made. Steps of different
objects are many and differ, those of one and the same differ by the same displacement: where most
steps lie close together it is found (a generalised Hough transform, Ballard 1981), and its median
taken. Where that explains hardly more than no displacement does, the objects moved by themselves.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int

REACH = 4  # typical diameters that a stage may jump
CLOSE = 1 / 2  # diameters within which objects moved alike
ALIKE = 2.0  # as often the one area the other, at most
MORE = 1.2  # as often must a jump explain what no jump does, or there is none
LEAST = 2  # objects that moved alike
ROUNDS = 5  # the median of what is close to the median


def displacement(
    before: Float[np.ndarray, "k 2"],
    after: Float[np.ndarray, "l 2"],
    before_areas: Float[np.ndarray, " k"],
    after_areas: Float[np.ndarray, " l"],
) -> Float[np.ndarray, " 2"]:
    """The step (x, y) in pixels that at least half of the fewer objects made, given their centres.

    Zero where there is none: too few objects, or each in a direction of its own.

    >>> centres = np.array([[10.0, 10], [40, 12], [25, 60]])
    >>> displacement(centres, centres[::-1] + [20, 0], np.full(3, 100.0), np.full(3, 100.0))
    array([20.,  0.])
    """
    nowhere = np.zeros(2)
    if min(len(before), len(after)) < LEAST:
        return nowhere
    diameter = float(np.median(diameters(np.append(before_areas, after_areas))))
    i, j = near(before, after, np.full(len(before), REACH * diameter))
    kept = alike(before_areas[i], after_areas[j])
    i, j = i[kept], j[kept]
    steps = after[j] - before[i]
    if not len(steps):
        return nowhere
    still, jump = (
        _median(steps, start, CLOSE * diameter) for start in (nowhere, _densest(steps, diameter))
    )
    if _support(steps, i, jump, diameter) > MORE * _support(steps, i, still, diameter):
        still = jump
    close = np.hypot(*(steps - still).T) < CLOSE * diameter
    explained = min(len(np.unique(i[close])), len(np.unique(j[close])))
    enough = max(LEAST, min(len(before), len(after)) / 2)
    return still if explained >= enough else nowhere


def alike(a: Float[np.ndarray, "*k"], b: Float[np.ndarray, "*k"]) -> Bool[np.ndarray, "*k"]:
    """Whether the larger of two areas is at most twice the other."""
    return np.maximum(a, b) <= ALIKE * np.minimum(a, b)


def diameters(areas: Float[np.ndarray, "*k"]) -> Float[np.ndarray, "*k"]:
    """Those of discs of such areas."""
    return np.sqrt(4 / np.pi * areas)


def near(
    before: Float[np.ndarray, "k 2"],
    after: Float[np.ndarray, "l 2"],
    distance: Float[np.ndarray, " k"],
) -> Int[np.ndarray, "2 p"]:
    """The indices (i, j) of all pairs of points of which j is within the distance of i."""
    tree = shapely.STRtree(shapely.points(after))
    return tree.query(shapely.points(before), predicate="dwithin", distance=distance)


def _densest(steps: Float[np.ndarray, "p 2"], diameter: float) -> Float[np.ndarray, " 2"]:
    """The middle of the square of three by three cells that holds most steps."""
    cell = CLOSE * diameter / 2
    cells, count = np.unique(np.floor(steps / cell).astype(int), axis=0, return_counts=True)
    around = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)])
    squares, place = np.unique(
        (cells[:, None] + around).reshape(-1, 2), axis=0, return_inverse=True
    )
    held = np.bincount(place.ravel(), weights=np.repeat(count, len(around)))
    return (squares[held.argmax()] + 0.5) * cell


def _median(
    steps: Float[np.ndarray, "p 2"], start: Float[np.ndarray, " 2"], close: float
) -> Float[np.ndarray, " 2"]:
    """The median of the steps that are close to it, looked for from a first guess."""
    for _ in range(ROUNDS):
        close_steps = steps[np.hypot(*(steps - start).T) < close]
        if not len(close_steps):
            break
        start = np.median(close_steps, axis=0)
    return start


def _support(
    steps: Float[np.ndarray, "p 2"],
    i: Int[np.ndarray, " p"],
    step: Float[np.ndarray, " 2"],
    diameter: float,
) -> float:
    """How many objects made the step, each by how close the closest of its own comes."""
    nearness = 1 - np.hypot(*(steps - step).T) / (CLOSE * diameter)
    best = np.zeros(int(i.max()) + 1)
    np.maximum.at(best, i, nearness)
    return float(best.sum())
