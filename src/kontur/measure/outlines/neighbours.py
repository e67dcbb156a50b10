"""Neighbours of every object: their distance, their density, and the contact with them.

Distances between centres come from a k-d tree (scipy). Contact is measured on the contour's evenly
spaced points: those within `TOUCH` of another object, or inside it. Regions to ignore are not
objects and so not neighbours.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Shaped

from kontur.geometry.overlap import touching
from kontur.measure.columns import Column, Values
from kontur.measure.extra import package
from kontur.measure.outlines.contour import Contours

NEAREST = 5  # neighbours from which the local density is estimated
TOUCH = 1.0  # pixels; closer objects touch
BORDER = 0.5  # pixels; a closer object has pixels at the border of the image

COLUMNS = {
    "neighbour_distance": Column("length", "to the nearest other centre"),
    "neighbour_distance_mean": Column("length", "mean distance to the 5 nearest other centres"),
    "local_density": Column("1/area", "of centres: 5 / area of the disc that reaches the 5th"),
    "touching_count": Column("", "number of objects within a pixel of it"),
    "touching_length": Column("length", "length of the outline within a pixel of others"),
    "touching_fraction": Column("", "share of the outline within a pixel of others"),
    "on_border": Column("", "whether it reaches the border of the image; empty if it is unknown"),
}


def measure_contact(
    polygons: Shaped[np.ndarray, " k"],
    contours: Contours,
    others: Shaped[np.ndarray, " n"],
    own: Int[np.ndarray, " k"],
    counts: Bool[np.ndarray, " n"],
) -> Values:
    """How much each object touches others, in pixels: the columns of contact.

    `others` are all objects nearby, `own` the places of the measured ones among them; those that
    do not count are regions to ignore.
    """
    number, share = _touching(polygons, contours, others, own, counts)
    return {
        "touching_count": number,
        "touching_length": share * contours.perimeter,
        "touching_fraction": share,
    }


def measure_distance(centres: Float[np.ndarray, "k 2"], counts: Bool[np.ndarray, " k"]) -> Values:
    """How far the centres of an image lie from each other, in pixels: the columns of distance.

    NaN for a single object and for those that do not count; with fewer than six objects they are
    estimated from all others.
    """
    nearest, mean, density = np.full((3, len(centres)), np.nan)
    nearest[counts], mean[counts], density[counts] = _distances(centres[counts])
    return {
        "neighbour_distance": nearest,
        "neighbour_distance_mean": mean,
        "local_density": density,
    }


def on_border(boxes: Float[np.ndarray, "k 4"], size: tuple[int, int]) -> Bool[np.ndarray, " k"]:
    """Which boxes reach the border of an image of `size` (h, w)."""
    height, width = size
    x0, y0, x1, y1 = boxes.T
    return (x0 < BORDER) | (y0 < BORDER) | (x1 > width - BORDER) | (y1 > height - BORDER)


def _distances(
    centres: Float[np.ndarray, "k 2"],
) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """Nearest and mean distance to other centres in pixels, and their number a square pixel."""
    k = len(centres)
    others = min(NEAREST, k - 1)
    if others < 1:
        return np.full(k, np.nan), np.full(k, np.nan), np.full(k, np.nan)
    tree = package("scipy.spatial").cKDTree(centres)
    distances = tree.query(centres, k=others + 1)[0][:, 1:]  # the first is its own
    disc = np.pi * distances[:, -1] ** 2
    density = np.divide(others, disc, out=np.full(k, np.nan), where=disc > 0)
    return distances[:, 0], distances.mean(axis=1), density


def _touching(
    polygons: Shaped[np.ndarray, " k"],
    contours: Contours,
    others: Shaped[np.ndarray, " n"],
    own: Int[np.ndarray, " k"],
    counts: Bool[np.ndarray, " n"],
) -> tuple[Shaped[np.ndarray, " k"], Float[np.ndarray, " k"]]:
    """The number of counted objects that each touches, and the share of its outline that does."""
    k, n = contours.points.shape
    grown = shapely.box(
        *(shapely.bounds(polygons).reshape(-1, 4) + TOUCH * np.array([-1, -1, 1, 1])).T
    )
    i, j = touching(grown, others)
    wanted = (own[i] != j) & counts[j]
    i, j = i[wanted], j[wanted]
    if len(i) == 0:
        return np.zeros(k, dtype=np.int64), np.zeros(k)
    shapely.prepare(others)
    near = shapely.dwithin(others[j], polygons[i], TOUCH)
    i, j = i[near], j[near]
    x = contours.points.real + contours.origin[:, :1]
    y = contours.points.imag + contours.origin[:, 1:]
    x0, y0, x1, y1 = shapely.bounds(others[j]).reshape(-1, 4).T[..., None]
    close = (x[i] >= x0 - TOUCH) & (x[i] <= x1 + TOUCH) & (y[i] >= y0 - TOUCH)
    close &= y[i] <= y1 + TOUCH
    pair, place = np.nonzero(close)
    points = shapely.points(x[i[pair], place], y[i[pair], place])
    within = shapely.dwithin(others[j[pair]], points, TOUCH)
    met = np.zeros((k, n), dtype=bool)
    met[i[pair[within]], place[within]] = True
    return np.bincount(i, minlength=k), met.mean(axis=1)
