"""Slow twins of fast functions: one loop each, as their definitions say, to test against."""

import itertools
import math
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


def roi_align(maps, boxes, map_of_box, strides, cells, reduce):
    """Every sample of every part by itself; maps are (d, h, w), one a box names."""
    out = np.zeros((len(boxes), maps[0].shape[0], cells, cells))
    for box, which, stride, place in zip(
        boxes, map_of_box, strides, range(len(boxes)), strict=True
    ):
        x0, y0, x1, y1 = box
        for i, j in np.ndindex(cells, cells):
            samples = []
            for down, across in itertools.product((0.25, 0.75), repeat=2):
                y = (y0 + (i + down) * (y1 - y0) / cells) / stride - 0.5
                x = (x0 + (j + across) * (x1 - x0) / cells) / stride - 0.5
                samples.append(_bilinear(maps[which], x, y))
            out[place, :, i, j] = getattr(np, reduce)(samples, axis=0)
    return out


def _bilinear(channels, x, y):
    """At a place in samples, the edge repeated."""
    d, h, w = channels.shape
    x, y = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
    total = np.zeros(d)
    for i in {int(np.floor(y)), int(np.ceil(y))}:
        for j in {int(np.floor(x)), int(np.ceil(x))}:
            total += (1 - abs(x - j)) * (1 - abs(y - i)) * channels[:, i, j]
    return total


def roi_pool(maps, boxes, map_of_box, strides, cells):
    """Every cell of every part of the rounded box; maps are (d, h, w)."""
    out = np.full((len(boxes), maps[0].shape[0], cells, cells), -np.inf)
    for place, (box, which, stride) in enumerate(zip(boxes, map_of_box, strides, strict=True)):
        x0, y0, x1, y1 = (round(float(edge) / stride) for edge in box)
        _, h, w = maps[which].shape
        wide, tall = max(x1 - x0, 1), max(y1 - y0, 1)
        for i, j in np.ndindex(cells, cells):
            for row in range(math.floor(i * tall / cells), math.ceil((i + 1) * tall / cells)):
                for col in range(math.floor(j * wide / cells), math.ceil((j + 1) * wide / cells)):
                    y, x = np.clip(y0 + row, 0, h - 1), np.clip(x0 + col, 0, w - 1)
                    out[place, :, i, j] = np.maximum(out[place, :, i, j], maps[which][:, y, x])
    return out


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
