"""How far pixels are from the nearest of others: exact, and without an image.

The others are sorted by column. In a pixel's own column the nearest is found by bisection, then in
the columns beside it, one step farther each time, until the step alone is farther than what was
found. Few steps do for outlines of the same object. Pixels that are still open when the steps have
cost as much as a tree (Sort-Tile-Recursive, shapely) ask the tree, so that those far from
everything cost hardly more than others.
"""

import numpy as np
import shapely
from jaxtyping import Int

SEARCHES = 8  # a pixel and a column each side: as many for each pixel cost about as much as a tree


def squared_distances(
    pixels: Int[np.ndarray, "n 3"], others: Int[np.ndarray, "m 3"]
) -> Int[np.ndarray, " n"]:
    """The squared distance of each pixel to the nearest of `others` of its own group.

    Both are (group, row, column), numbers from 0; every group of `pixels` occurs in `others`.

    >>> squared_distances(np.array([[0, 0, 0], [1, 0, 0]]), np.array([[0, 3, 4], [1, 0, 1]]))
    array([25,  1])
    """
    if len(pixels) == 0:
        return np.zeros(0, dtype=np.int64)
    _, height, width = np.maximum(pixels.max(axis=0), others.max(axis=0)).tolist()
    height, width = height + 1, width + 1
    beyond = height + width  # farther than any two pixels of a group
    column = height + beyond  # numbers from a column to the next: farther than any two of a column

    def number(points: Int[np.ndarray, "p 3"]) -> Int[np.ndarray, " p"]:
        group, row, col = points.T
        return (group * 2 * width + col) * column + row  # as many empty columns behind each group

    known = np.sort(number(others))
    far = 2 * width * column
    known = np.concatenate([known[:1] - far, known, known[-1:] + far])

    def to_nearest_in_column(numbers: Int[np.ndarray, " p"]) -> Int[np.ndarray, " p"]:
        after = np.clip(np.searchsorted(known, numbers), 1, len(known) - 1)
        away = np.minimum(np.abs(known[after] - numbers), np.abs(numbers - known[after - 1]))
        return np.minimum(away, beyond)

    numbers = number(pixels)
    order = np.argsort(numbers)  # neighbours ask for neighbours: bisection starts near by
    numbers = numbers[order]
    nearest = to_nearest_in_column(numbers) ** 2
    active, step, left = np.arange(len(numbers)), 1, SEARCHES * (len(pixels) + len(others))
    while len(active := active[nearest[active] > step**2]) and step < width:
        left -= len(active)
        if left < 0:
            nearest[active] = _by_tree(pixels[order[active]], others, beyond)
            break
        here = numbers[active]
        away = to_nearest_in_column(here - step * column)
        away = np.minimum(away, to_nearest_in_column(here + step * column))
        nearest[active] = np.minimum(nearest[active], away**2 + step**2)
        step += 1
    result = np.empty_like(nearest)
    result[order] = nearest
    return result


def _by_tree(
    pixels: Int[np.ndarray, "n 3"], others: Int[np.ndarray, "m 3"], beyond: int
) -> Int[np.ndarray, " n"]:
    """The same from a tree of all, in which groups lie farther apart than their pixels."""
    points = [
        shapely.points(2 * beyond * side[:, 0] + side[:, 2], side[:, 1])
        for side in (pixels, others)
    ]
    _, found = shapely.STRtree(points[1]).query_nearest(points[0], all_matches=False)
    return ((pixels[:, 1:] - others[found, 1:]) ** 2).sum(axis=1)
