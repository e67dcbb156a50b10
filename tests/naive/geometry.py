"""Slow twins of what is done with shapes, masks and boxes."""

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


def suppress(polygons, scores, threshold, measure="iou", labels=None):
    """From the best score down, one after another; across classes what is the same by 0.9."""
    kept = []
    for i in sorted(range(len(polygons)), key=lambda i: -scores[i]):
        if polygons[i].is_empty:
            continue
        for j in kept:
            shared = polygons[i].intersection(polygons[j]).area
            smaller = min(polygons[i].area, polygons[j].area)
            union = polygons[i].area + polygons[j].area - shared
            alike = labels is None or labels[i] == labels[j]
            limit = threshold if alike else max(threshold, 0.9)
            if shared / (smaller if measure == "iom" else union) > limit:
                break
        else:
            kept.append(i)
    return kept


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


def suppress_boxes(boxes, scores, threshold, groups):
    """From the best score down, one after another, against all that stayed."""
    kept = []
    for i in sorted(range(len(boxes)), key=lambda i: -scores[i]):
        x0, y0, x1, y1 = boxes[i]
        for j in kept:
            wide = min(x1, boxes[j][2]) - max(x0, boxes[j][0])
            tall = min(y1, boxes[j][3]) - max(y0, boxes[j][1])
            shared = max(wide, 0) * max(tall, 0)
            areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (boxes[i], boxes[j])]
            if groups[i] == groups[j] and shared > threshold * (sum(areas) - shared):
                break
        else:
            kept.append(i)
    return kept


def match_anchors(anchors, boxes, low, high):
    """-1 background, -2 unsure, else the place of a box: IoU by IoU, as Faster R-CNN has it."""

    def iou(a, b):
        wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        shared = max(wide, 0) * max(tall, 0)
        areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
        return shared / (sum(areas) - shared)

    table = [[iou(anchor, box) for box in boxes] for anchor in anchors]
    found = []
    for row in table:
        best = max(row, default=0)
        found.append(row.index(best) if best >= high else (-2 if best >= low else -1))
    for k in range(len(boxes)):
        best = max(row[k] for row in table)
        for i, row in enumerate(table):
            if row[k] >= best * (1 - 1e-6) and best > 0:
                found[i] = k
    return found


def dilate(mask, radius):
    """Every pixel that has one of the mask within the radius."""
    places = np.argwhere(mask)
    out = np.zeros_like(mask)
    for row, col in np.ndindex(mask.shape):
        out[row, col] = any((row - y) ** 2 + (col - x) ** 2 <= radius**2 for y, x in places)
    return out


def flood(landscape, markers, mask):
    """The watershed by its definition: level by level, ring by ring, pixel by pixel."""
    labels = np.where(mask, markers, 0)
    for level in sorted({landscape[place] for place in zip(*np.nonzero(mask), strict=True)}):
        while True:
            wet = {}
            for row, col in zip(
                *np.nonzero(mask & (labels == 0) & (landscape <= level)), strict=True
            ):
                rises = {}
                for down, right in itertools.product((-1, 0, 1), repeat=2):
                    y, x = row + down, col + right
                    if 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and labels[y, x] > 0:
                        rise = float(landscape[y, x] - landscape[row, col])
                        rises[down, right] = (
                            rise / (2**0.5 if down and right else 1),
                            labels[y, x],
                        )
                beside = {label for place, (_, label) in rises.items() if 0 in place}
                if beside:
                    wet[row, col] = min(pair for pair in rises.values() if pair[1] in beside)[1]
            if not wet:
                break
            for place, label in wet.items():
                labels[place] = label
    return labels


def three_classes(owners, border):
    """0, 1 (interior), 2 (border): every pixel measures its way to the nearest of another id."""
    away = np.zeros(owners.shape)
    for here in np.ndindex(owners.shape):
        others = np.argwhere(owners != owners[here])
        away[here] = np.hypot(*(others - here).T).min() if len(others) else np.inf
    out = np.zeros(owners.shape, int)
    for here in np.ndindex(owners.shape):
        if owners[here]:
            deepest = away[owners == owners[here]].max()
            out[here] = 1 if away[here] > min(border, deepest / 2) else 2
    return out


def hausdorff_95(first, second):
    """The 95th percentile of every outline pixel's way to the other mask's outline, both ways."""
    outlines = []
    for mask in (first, second):
        outline = []
        for row, col in np.argwhere(mask):
            beside = ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1))
            inside = [
                0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x] for y, x in beside
            ]
            if not all(inside):
                outline.append((row, col))
        outlines.append(outline)
    ways = [
        min(float(np.hypot(y - v, x - u)) for v, u in there)
        for here, there in (outlines, outlines[::-1])
        for y, x in here
    ]
    return float(np.percentile(ways, 95))
