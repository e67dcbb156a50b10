"""Slow twins of fast functions: one loop each, as their definitions say, to test against."""

import itertools
from fractions import Fraction

import numpy as np
import shapely


def rasterize(polygon, size):
    """Every pixel centre by itself, even-odd over all rings, in exact fractions."""
    mask = np.zeros(size, dtype=bool)
    rings = [
        [(Fraction(x), Fraction(y)) for x, y in ring.coords]
        for part in shapely.get_parts(polygon)
        for ring in shapely.get_rings(part)
    ]
    for row in range(size[0]):
        for col in range(size[1]):
            x, y = col + Fraction(1, 2), row + Fraction(1, 2)
            mask[row, col] = sum(_crossings_left_of(ring, x, y) for ring in rings) % 2 == 1
    return mask


def _crossings_left_of(ring, x, y):
    """How many edges a ray from (x, y) to the left meets; an edge holds its upper end only."""
    crossings = 0
    for (x0, y0), (x1, y1) in itertools.pairwise(ring):
        if min(y0, y1) <= y < max(y0, y1):
            crossings += x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x
    return crossings


def outline(mask):
    """The union of the squares of all pixels."""
    squares = [shapely.box(col, row, col + 1, row + 1) for row, col in np.argwhere(mask)]
    return shapely.union_all(squares) if squares else shapely.Polygon()


def four_connected(mask):
    """How many parts a mask has when pixels join by their sides only, by flooding."""
    left = {(int(row), int(col)) for row, col in np.argwhere(mask)}
    parts = 0
    while left:
        parts += 1
        front = [left.pop()]
        while front:
            row, col = front.pop()
            beside = {(row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)} & left
            left -= beside
            front += beside
    return parts


def walk(points, distance):
    """The point after `distance` pixels around a ring, edge by edge."""
    while True:
        for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
            length = float(np.hypot(*(end - start)))
            if distance < length:
                return start + (end - start) * distance / length
            distance -= length


def polygon_iou(a, b):
    """Every pair, also those that lie apart."""
    found = np.zeros((len(a), len(b)))
    for i, first in enumerate(a):
        for j, second in enumerate(b):
            union = first.union(second).area
            found[i, j] = first.intersection(second).area / union if union else 0
    return found


def mask_iou(a, b, size):
    """Every pair of whole masks, each rasterised pixel by pixel."""
    masks_a, masks_b = [[rasterize(polygon, size) for polygon in each] for each in (a, b)]
    found = np.zeros((len(a), len(b)))
    for i, first in enumerate(masks_a):
        for j, second in enumerate(masks_b):
            union = (first | second).sum()
            found[i, j] = (first & second).sum() / union if union else 0
    return found


def suppress(polygons, scores, threshold, measure="iou"):
    """From the best score down, one after another."""
    kept = []
    for i in sorted(range(len(polygons)), key=lambda i: -scores[i]):
        if polygons[i].is_empty:
            continue
        for j in kept:
            shared = polygons[i].intersection(polygons[j]).area
            smaller = min(polygons[i].area, polygons[j].area)
            union = polygons[i].area + polygons[j].area - shared
            if shared / (smaller if measure == "iom" else union) > threshold:
                break
        else:
            kept.append(i)
    return kept


def circular_convolution(rings, weight, bias, *, dilation=1, groups=1):
    """(m, c, n) with (d, c / groups, k): every output number by itself, indices modulo n."""
    m, c, n = rings.shape
    d, per_group, k = weight.shape
    out = np.zeros((m, d, n))
    for ring, channel, point in itertools.product(range(m), range(d), range(n)):
        first = channel // (d // groups) * (c // groups)
        total = bias[channel]
        for j, step in itertools.product(range(per_group), range(k)):
            neighbour = (point + (step - k // 2) * dilation) % n
            total += weight[channel, j, step] * rings[ring, first + j, neighbour]
        out[ring, channel, point] = total
    return out


def convolution(image, weight, *, padding):
    """(c, h, w) with (d, c, k, k), zeros around."""
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    k = weight.shape[-1]
    h, w = padded.shape[1] - k + 1, padded.shape[2] - k + 1
    out = np.zeros((len(weight), h, w))
    for channel, row, col in itertools.product(range(len(weight)), range(h), range(w)):
        out[channel, row, col] = (padded[:, row : row + k, col : col + k] * weight[channel]).sum()
    return out


def sample_points(features, points, image_index, stride):
    """Bilinear by its definition: four neighbours, weights by distance, the edge repeated."""
    _, h, w, d = features.shape
    out = np.zeros((*points.shape[:2], d))
    for m, n in np.ndindex(points.shape[:2]):
        x, y = points[m, n] / stride - 0.5
        for row in (np.floor(y), np.floor(y) + 1):
            for col in (np.floor(x), np.floor(x) + 1):
                share = (1 - abs(x - col)) * (1 - abs(y - row))
                i, j = int(np.clip(row, 0, h - 1)), int(np.clip(col, 0, w - 1))
                out[m, n] += share * features[image_index[m], i, j]
    return out


def focal_loss(logits, target, weight, alpha=2, beta=4):
    """CenterNet's equation 1 in float64, divided by the number of peaks."""
    total, peaks = 0.0, 0.0
    for place in np.ndindex(logits.shape):
        p = 1 / (1 + np.exp(-np.float64(logits[place])))
        w = weight[place[0], 0, place[2], place[3]]
        if target[place] == 1:
            total -= w * (1 - p) ** alpha * np.log(p)
            peaks += w
        else:
            total -= w * (1 - np.float64(target[place])) ** beta * p**alpha * np.log(1 - p)
    return total / max(peaks, 1)


def heatmap(centres, radii, labels, shape):
    """(k, h, w): at every cell the highest of the bells whose square reaches it."""
    heat = np.zeros(shape)
    for label, row, col in np.ndindex(shape):
        for (x, y), radius, own in zip(centres, radii, labels, strict=True):
            r = int(radius)
            if own == label and abs(col - x) <= r and abs(row - y) <= r:
                sigma = (2 * r + 1) / 6
                bell = np.exp(-((col - x) ** 2 + (row - y) ** 2) / (2 * sigma**2))
                heat[label, row, col] = max(heat[label, row, col], bell)
    return heat


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
