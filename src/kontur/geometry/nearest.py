"""Exact distances of pixels to the nearest of others, without an image.

The others are sorted by row. In a pixel's own row the nearest is found by bisection, then in the
rows above and below, one step farther each time, until the step alone is farther than what was
found. Few steps do for what lies close together. Pixels that are still open when the steps have
cost as much as a tree (Sort-Tile-Recursive, shapely) ask the tree, so that those far from
everything cost hardly more than others.
"""

import numpy as np
import shapely
from jaxtyping import Int

SEARCHES = 3  # a pixel and a row each way: as many for each pixel cost about as much as a tree
PIECE = 8192  # pixels searched at a time, so that what is between takes little memory


def squared_distances(
    pixels: Int[np.ndarray, "3 n"], others: Int[np.ndarray, "3 m"]
) -> Int[np.ndarray, " n"]:
    """The squared distance of each pixel to the nearest of `others` of its own group.

    Both are group, row and column, numbers from 0; every group of `pixels` occurs in `others`.
    Pixels that come row by row take the least time.

    >>> squared_distances(np.array([[0, 1], [0, 0], [0, 0]]), np.array([[0, 1], [3, 0], [4, 1]]))
    array([25,  1])
    """
    if pixels.shape[1] == 0:
        return np.zeros(0, dtype=np.int64)
    _, height, width = (1 + np.maximum(pixels.max(axis=1), others.max(axis=1))).tolist()
    beyond = height + width  # farther than any two pixels of a group
    line = width + beyond  # numbers from a row to the next: farther than any two of a row

    def number(points: Int[np.ndarray, "3 p"]) -> Int[np.ndarray, " p"]:
        group, row, column = points
        return (group * (2 * height) + row) * line + column  # as many empty rows behind each group

    known = np.sort(number(others))
    far = 2 * height * line
    known = np.concatenate([known[:1] - far, known, known[-1:] + far])

    def to_nearest_in_row(numbers: Int[np.ndarray, " p"]) -> Int[np.ndarray, " p"]:
        nearest = np.empty_like(numbers)
        for first in range(0, len(numbers), PIECE):
            here = numbers[first : first + PIECE]
            after = np.searchsorted(known, here)
            right = known[after] - here
            left = here - known[after - 1]
            np.minimum(right, left, out=nearest[first : first + PIECE])
        return nearest

    numbers = number(pixels)
    nearest = np.minimum(to_nearest_in_row(numbers), beyond) ** 2
    active, step, left = np.arange(len(numbers)), 1, SEARCHES * (len(numbers) + len(known))
    while len(active := active[nearest[active] > step**2]) and step < height:
        left -= len(active)
        if left < 0:
            nearest[active] = _by_trees(pixels[:, active], others)
            break
        here = numbers[active]
        away = to_nearest_in_row(here - step * line)
        np.minimum(away, to_nearest_in_row(here + step * line), out=away)
        np.minimum(away, beyond, out=away)
        away *= away
        away += step**2
        nearest[active] = np.minimum(nearest[active], away)
        step += 1
    return nearest


def _by_trees(
    pixels: Int[np.ndarray, "3 n"], others: Int[np.ndarray, "3 m"]
) -> Int[np.ndarray, " n"]:
    """The same from a tree of each group."""
    nearest = np.empty(pixels.shape[1], dtype=np.int64)
    by_group = [np.argsort(side[0], kind="stable") for side in (pixels, others)]
    groups = np.unique(pixels[0])
    bounds = [
        np.searchsorted(side[0][order], [groups, groups + 1])
        for side, order in zip((pixels, others), by_group, strict=True)
    ]
    for (start, stop), (first, last) in zip(bounds[0].T, bounds[1].T, strict=True):
        mine, theirs = by_group[0][start:stop], others[1:, by_group[1][first:last]]
        tree = shapely.STRtree(shapely.points(*theirs))
        _, partner = tree.query_nearest(shapely.points(*pixels[1:, mine]), all_matches=False)
        nearest[mine] = ((pixels[1:, mine] - theirs[:, partner]) ** 2).sum(axis=0)
    return nearest
