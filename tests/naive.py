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


def attention(q, k, v, mask=None):
    """(n, d), (m, d), (m, e): each query by itself, its likeness to each key, the mean value."""
    out = np.zeros((len(q), v.shape[1]))
    for i, query in enumerate(q):
        scores = [query @ key / np.sqrt(len(query)) for key in k]
        if mask is not None:
            scores = [score + extra for score, extra in zip(scores, mask[i], strict=True)]
        shares = np.exp(scores) / np.exp(scores).sum()
        for share, value in zip(shares, v, strict=True):
            out[i] += share * value
    return out


def cross_entropy(logits, target, weights, ignore):
    """(n, k, h, w): the weighted mean over places of minus the log of the true class's share."""
    lost, total = 0.0, 0.0
    for i, row, col in np.ndindex(target.shape):
        true = target[i, row, col]
        if true != ignore:
            scores = np.exp(logits[i, :, row, col].astype(float))
            lost -= weights[true] * np.log(scores[true] / scores.sum())
            total += weights[true]
    return lost / total if total else 0.0


def dice(probabilities, target, ignore):
    """(n, k, h, w): of every class that occurs, place by place."""
    lost = []
    for label in range(probabilities.shape[1]):
        shared, predicted, true = 0.0, 0.0, 0.0
        for i, row, col in np.ndindex(target.shape):
            if target[i, row, col] != ignore:
                p = float(probabilities[i, label, row, col])
                predicted += p
                true += target[i, row, col] == label
                shared += p * (target[i, row, col] == label)
        if true:
            lost.append(1 - 2 * shared / (predicted + true))
    return sum(lost) / len(lost) if lost else 0.0


def binary_focal_loss(logits, target, weight, alpha, gamma):
    """Lin et al., equation 5, number by number; `gamma` 0 and `alpha` 1/2: half the entropy."""
    total = 0.0
    for logit, t, w in zip(logits, target, weight, strict=True):
        p = 1 / (1 + np.exp(-np.float64(logit)))
        share = p if t == 1 else 1 - p
        total -= w * (alpha if t == 1 else 1 - alpha) * (1 - share) ** gamma * np.log(share)
    return total


def dilated_convolution(image, weight, *, dilation):
    """(c, h, w) with (d, c, k, k), zeros around, the size kept: every output by itself."""
    d, _, k, _ = weight.shape
    _, h, w = image.shape
    out = np.zeros((d, h, w))
    for channel, row, col, i, j in np.ndindex(d, h, w, k, k):
        y, x = row + (i - k // 2) * dilation, col + (j - k // 2) * dilation
        if 0 <= y < h and 0 <= x < w:
            out[channel, row, col] += (image[:, y, x] * weight[channel, :, i, j]).sum()
    return out


def transposed_convolution(image, weight, bias, *, stride):
    """(c, h, w) with (c, d, k, k): every input pixel adds its kernel to the output."""
    c, d, k, _ = weight.shape
    _, h, w = image.shape
    out = np.zeros((d, stride * (h - 1) + k, stride * (w - 1) + k)) + bias[:, None, None]
    for channel, row, col in np.ndindex(c, h, w):
        y, x = row * stride, col * stride
        out[:, y : y + k, x : x + k] += image[channel, row, col] * weight[channel]
    return out


def twice_the_size(image, mode):
    """(c, h, w) sampled at the centres of pixels half as large; beyond the edge, the edge's."""
    c, h, w = image.shape
    out = np.zeros((c, 2 * h, 2 * w))
    for row, col in np.ndindex(2 * h, 2 * w):
        y, x = (row + 0.5) / 2 - 0.5, (col + 0.5) / 2 - 0.5
        if mode == "nearest":
            out[:, row, col] = image[:, int(np.rint(y)), int(np.rint(x))]
            continue
        for i, j in itertools.product(
            (np.floor(y), np.floor(y) + 1), (np.floor(x), np.floor(x) + 1)
        ):
            share = (1 - abs(y - i)) * (1 - abs(x - j))
            out[:, row, col] += (
                share * image[:, int(np.clip(i, 0, h - 1)), int(np.clip(j, 0, w - 1))]
            )
    return out


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
                beside = [
                    labels[y, x]
                    for y, x in ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1))
                    if 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and labels[y, x] > 0
                ]
                if beside:
                    wet[row, col] = min(beside)
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


def jacobian_product(weights, slopes):
    """∂h_d/∂h_t of h ↦ σ(W h): the product of diag(σ'(z)) W over the layers between, (n_d, n_t)."""
    product = np.eye(weights[0].shape[1])
    for weight, slope in zip(weights, slopes, strict=True):
        jacobian = np.zeros_like(weight)
        for row, column in np.ndindex(weight.shape):
            jacobian[row, column] = slope[row] * weight[row, column]
        product = jacobian @ product
    return product
