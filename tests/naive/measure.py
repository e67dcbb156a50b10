"""Slow twins of measurements."""

import itertools

import numpy as np
import shapely


def second_moments(polygon):
    """Variances and covariance over a polygon, triangle by triangle of a triangulation."""
    triangles = shapely.constrained_delaunay_triangles(polygon).geoms
    area, first, second = 0.0, np.zeros(2), np.zeros((2, 2))
    for triangle in triangles:
        corners = shapely.get_coordinates(triangle)[:-1]
        middle = corners.mean(axis=0)
        area += triangle.area
        first += triangle.area * middle
        # exact for polynomials of degree two: the midpoints of the three sides
        for a, b in itertools.combinations(corners, 2):
            side = (a + b) / 2
            second += triangle.area / 3 * np.outer(side, side)
    mean = first / area
    spread = second / area - np.outer(mean, mean)
    return spread[0, 0], spread[0, 1], spread[1, 1]


def feret_diameters(hull):
    """The largest distance of two corners, and the smallest width at right angles to an edge."""
    corners = shapely.get_coordinates(hull)[:-1]
    widest = max(float(np.hypot(*(a - b))) for a in corners for b in corners)
    widths = []
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        normal = np.array([b[1] - a[1], a[0] - b[0]]) / np.hypot(*(b - a))
        along = corners @ normal
        widths.append(float(along.max() - along.min()))
    return widest, min(widths)


def fold_costs(points):
    """The sum of squared distances of facing points, for every fold about two opposite points."""
    n = len(points)
    costs = []
    for tip in range(n // 2):
        total = 0.0
        for i in range(n):
            total += abs(points[(tip + i) % n] - points[(tip - i) % n]) ** 2
        costs.append(float(total))
    return costs


def fourier_amplitudes(points, harmonics, samples=20_000):
    """Amplitude of each harmonic of a polygon walked at even speed, by sums over many samples."""
    closed = np.concatenate([points, points[:1]])
    lengths = np.hypot(*np.diff(closed, axis=0).T)
    travelled = np.concatenate([[0], np.cumsum(lengths)])
    at = np.arange(samples) / samples * travelled[-1]
    x, y = np.interp(at, travelled, closed[:, 0]), np.interp(at, travelled, closed[:, 1])
    t = np.arange(samples) / samples * 2 * np.pi
    found = []
    for n in range(1, harmonics + 1):
        four = [2 * np.mean(v * f(n * t)) for v in (x, y) for f in (np.cos, np.sin)]
        if n == 1:
            first = np.array(four).reshape(2, 2)
            half = np.linalg.svd(first, compute_uv=False)[0]
        found.append(np.sqrt(np.sum(np.square(four))) / half)
    return np.array(found)


def cooccurrence(levels, mask, count):
    """Pairs of levels of neighbours, both in the mask, in all eight directions."""
    matrix = np.zeros((count, count))
    height, width = mask.shape
    for row, col in np.argwhere(mask):
        for down, across in itertools.product((-1, 0, 1), repeat=2):
            i, j = row + down, col + across
            inside = 0 <= i < height and 0 <= j < width
            if (down, across) != (0, 0) and inside and mask[i, j]:
                matrix[levels[row, col], levels[i, j]] += 1
    return matrix
