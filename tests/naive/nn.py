"""Slow twins of networks' blocks and losses."""

import itertools
import math

import numpy as np


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


def sample_points(features, points, image_index, stride, mode="bilinear", align="half-pixel"):
    """By definition: the pixels around, weights by distance, the edge repeated."""
    _, h, w, d = features.shape
    weight, reach = {"bilinear": (_tent, 1), "bicubic": (_cubic, 2)}.get(mode, (None, 0))
    out = np.zeros((*points.shape[:2], d))
    for m, n in np.ndindex(points.shape[:2]):
        x, y = points[m, n] / stride - 0.5
        if align == "corner":
            x, y = points[m, n] / stride * [(w - 1) / w, (h - 1) / h]
        near = [(round(y), round(x), 1.0)]
        if weight is not None:
            steps = range(1 - reach, 1 + reach)
            around = itertools.product([np.floor(y) + s for s in steps],
                                       [np.floor(x) + s for s in steps])  # fmt: skip
            near = [(row, col, weight(x - col) * weight(y - row)) for row, col in around]
        for row, col, share in near:
            i, j = int(np.clip(row, 0, h - 1)), int(np.clip(col, 0, w - 1))
            out[m, n] += share * features[image_index[m], i, j]
    return out


def _tent(distance):
    return 1 - abs(distance)


def _cubic(distance, a=-0.75):
    t = abs(distance)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


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


def gather_patches(x, side):
    """(h, w, d): number by number to where it goes."""
    h, w, d = x.shape
    out = np.zeros((h // side, w // side, side * side * d))
    for row, col, channel in np.ndindex(x.shape):
        place = (row % side * side + col % side) * d + channel
        out[row // side, col // side, place] = x[row, col, channel]
    return out


def window_attention(q, k, v, bias, window, shift):
    """(h, w, d), one head, `bias[down, across]`: no roll, no filling, no mask.

    A token looks at those whose window has the same number; a side of one window does not shift.
    """
    h, w, _ = q.shape
    down, across = (0 if side <= window else shift for side in (h, w))
    out = np.zeros_like(v)
    places = list(np.ndindex(h, w))
    for r, c in places:
        own = (r - down) // window, (c - across) // window
        mates = [(y, x) for y, x in places if ((y - down) // window, (x - across) // window) == own]
        extra = [bias[r - y + window - 1, c - x + window - 1] for y, x in mates]
        keys, values = (np.stack([each[place] for place in mates]) for each in (k, v))
        out[r, c] = attention(q[r, c][None], keys, values, [extra])[0]
    return out


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


def jacobian_product(weights, slopes):
    """∂h_d/∂h_t of h ↦ σ(W h): the product of diag(σ'(z)) W over the layers between, (n_d, n_t)."""
    product = np.eye(weights[0].shape[1])
    for weight, slope in zip(weights, slopes, strict=True):
        jacobian = np.zeros_like(weight)
        for row, column in np.ndindex(weight.shape):
            jacobian[row, column] = slope[row] * weight[row, column]
        product = jacobian @ product
    return product


def recurrent(kind, x, layers, output):
    """(sequence, i) → outputs and the last h of each layer (and c), gate by gate, from 0.

    A layer is (W_x, b_x, W_h, b_h) with the gates of torch's order below one another.
    """
    hidden = layers[0][2].shape[1]
    h, c = np.zeros((len(layers), hidden)), np.zeros((len(layers), hidden))
    outputs = []
    for row in x:
        below = row
        for layer, weights in enumerate(layers):
            h[layer], c[layer] = recurrent_step(kind, below, h[layer], c[layer], *weights)
            below = h[layer]
        outputs.append(output[0] @ below + output[1])
    return np.array(outputs), h, c


def recurrent_step(kind, x, h, c, w_x, b_x, w_h, b_h):
    """One step of one cell of one sequence."""
    size = len(h)
    gates_x = [w_x[i : i + size] @ x + b_x[i : i + size] for i in range(0, len(w_x), size)]
    gates_h = [w_h[i : i + size] @ h + b_h[i : i + size] for i in range(0, len(w_h), size)]
    if kind == "rnn":
        return np.tanh(gates_x[0] + gates_h[0]), c
    if kind == "gru":
        r, z = (1 / (1 + np.exp(-gates_x[i] - gates_h[i])) for i in (0, 1))
        return (1 - z) * np.tanh(gates_x[2] + r * gates_h[2]) + z * h, c
    i, f, o = (1 / (1 + np.exp(-gates_x[k] - gates_h[k])) for k in (0, 1, 3))
    c = f * c + i * np.tanh(gates_x[2] + gates_h[2])
    return o * np.tanh(c), c
