"""Morphology of masks and label images: dilation, erosion, components, distances, watershed.

All in numpy, on whole images at once. The structuring element is a disc: every offset of at most
`radius` pixels. What lies outside the image is unknown: it neither dilates into the image nor
erodes objects at its border. Pixels join through their sides (4 neighbours) or also their corners
(8). Positive labels are objects, 0 is background.
"""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, Integer, Num

from kontur.geometry.raster import ramp

Neighbours = Literal[4, 8]
FAR = 1 << 20  # pixels; more than any image is wide, and its square is exact in float64
RELIEF = 4  # steps of the watershed's relief a pixel of distance
# Times `min_distance` around an object in which seeds of a watershed decide about it: one looks so
# far for higher ground, is half as wide, and so may be the one that it is held against.
SEEDS_SEE = 3
NEAR = 16  # pixels; objects of twice this width need no envelope


def dilate(mask: Bool[np.ndarray, "h w"], radius: float) -> Bool[np.ndarray, "h w"]:
    """The pixels within `radius` of the mask; with a radius below 1 the mask itself.

    >>> dilate(np.array([[False, False, True, False]]), 1).astype(int).tolist()
    [[0, 1, 1, 1]]
    """
    reach = int(radius)
    if reach < 1 or not mask.size:
        return mask.copy()
    height = len(mask)
    grown = np.zeros_like(mask)
    for down in range(min(reach, height - 1) + 1):
        wide = _widen(mask, int((radius**2 - down**2) ** 0.5))
        grown[down:] |= wide[: height - down]
        grown[: height - down] |= wide[down:]
    return grown


def erode(mask: Bool[np.ndarray, "h w"], radius: float) -> Bool[np.ndarray, "h w"]:
    """The pixels that are farther than `radius` from all background."""
    return ~dilate(~mask, radius)


def opening(mask: Bool[np.ndarray, "h w"], radius: float) -> Bool[np.ndarray, "h w"]:
    """Erosion, then dilation: what is narrower than the disc is removed."""
    return dilate(erode(mask, radius), radius)


def closing(mask: Bool[np.ndarray, "h w"], radius: float) -> Bool[np.ndarray, "h w"]:
    """Dilation, then erosion: gaps and holes narrower than the disc are filled."""
    return erode(dilate(mask, radius), radius)


def label(
    mask: Bool[np.ndarray, "h w"], neighbours: Neighbours = 4
) -> tuple[Int[np.ndarray, "h w"], int]:
    """The connected components of a mask, numbered from 1 in reading order, and their number.

    >>> label(np.array([[True, False], [False, True]]))[0].tolist()
    [[1, 0], [0, 2]]
    """
    change = np.diff(mask.astype(np.int8), axis=1, prepend=0, append=0)
    row, start = np.nonzero(change == 1)
    stop = np.nonzero(change == -1)[1]
    # A run and one of the next row join where they overlap; through corners, also where they meet.
    line, corner = mask.shape[1] + 2, int(neighbours == 8)
    below = (row + 1) * line
    first = np.searchsorted(row * line + stop, below + start + 1 - corner)
    last = np.searchsorted(row * line + start, below + stop + corner)
    count = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(row)), count)
    root = _join(len(row), upper, np.repeat(first, count) + ramp(count))
    parts, number = np.unique(root, return_inverse=True)
    labels = np.zeros(mask.shape, np.int64)
    labels[mask] = np.repeat(number + 1, stop - start)
    return labels, len(parts)


def fill_holes(labels: Integer[np.ndarray, "h w"]) -> Integer[np.ndarray, "h w"]:
    """Background enclosed by a single object becomes part of it.

    Not what several objects enclose together, nor what reaches the image's border. Background joins
    through sides only, so that an outline joined by corners is closed.
    """
    holes, count = label(labels == 0)
    around = np.pad(labels, 1, constant_values=-1)  # the frame is a neighbour that is no object
    flat, stride = around.ravel(), around.shape[1]
    place = np.flatnonzero(np.pad(holes, 1))
    hole = holes[holes > 0]
    low = np.full(count + 1, np.iinfo(flat.dtype).max, flat.dtype)
    high = np.zeros_like(low)
    for step in (1, -1, stride, -stride):
        beside = flat[place + step]
        outline = beside != 0
        np.minimum.at(low, hole[outline], beside[outline])
        np.maximum.at(high, hole[outline], beside[outline])
    owner = np.where((low == high) & (low > 0), low, 0)
    owner[0] = 0
    return np.where(labels == 0, owner[holes], labels).astype(labels.dtype)


def remove_small(labels: Integer[np.ndarray, "h w"], smallest: float) -> Integer[np.ndarray, "h w"]:
    """The objects of at least `smallest` pixels; the others become background."""
    area = np.bincount(labels.ravel())
    return np.where(area[labels] >= smallest, labels, 0).astype(labels.dtype)


def distance(mask: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """How far each pixel of the mask is from the nearest background pixel, between centres.

    Exact and Euclidean, in pixels; 0 outside the mask, infinite where there is no background.
    Along the columns by counting. Along the rows the few nearest columns are compared; rows with
    pixels that are farther from background take the lower envelope of parabolas, all at once
    (Felzenszwalb and Huttenlocher, Distance Transforms of Sampled Functions, 2012).
    """
    if mask.all():
        return np.full(mask.shape, np.inf)
    result = np.zeros(mask.shape)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return result
    # One pixel beyond what the mask covers is background, and hides all that lies farther.
    top, bottom = max(rows[0] - 1, 0), rows[-1] + 2
    left, right = max(columns[0] - 1, 0), columns[-1] + 2
    window = mask[top:bottom, left:right]
    squared = _to_background(window) ** 2
    result[top:bottom, left:right] = np.sqrt(_along_rows(squared))
    return result


def flood(
    landscape: Num[np.ndarray, "h w"],
    markers: Integer[np.ndarray, "h w"],
    mask: Bool[np.ndarray, "h w"],
) -> Integer[np.ndarray, "h w"]:
    """The watershed: markers grow over the mask, lower ground first, pixel by pixel from there.

    After Meyer's flooding (Vincent and Soille, 1991), level by level: of the ground at or below
    the level whatever has a labelled side neighbour takes that label, all such pixels at once,
    until none is left; then the level rises. Of several labels a pixel takes that to which it
    falls most steeply, corners included, and of equally steep ones the smallest: so the line
    between two basins follows the ridge, and does not lean towards one of them. Over flat ground
    that is plain dilation of the markers inside the mask. Ground that no marker reaches stays 0,
    and so do markers outside the mask.
    """
    stride = mask.shape[1] + 2
    labels = np.pad(np.where(mask, markers, 0), 1).ravel()
    dry = np.pad(mask & (markers == 0), 1).ravel()
    height = np.pad(landscape.astype(float), 1).ravel()
    place = np.flatnonzero(dry)
    place = place[np.argsort(height[place], kind="stable")]
    levels, first = np.unique(height[place], return_index=True)
    steps = np.array([[-stride], [-1], [1], [stride]])
    corners = np.array([[-stride - 1], [-stride + 1], [stride - 1], [stride + 1]])
    for level, front in zip(levels, np.split(place, first)[1:], strict=True):
        while len(front):
            front = front[dry[front]]
            wet = front[(labels[front + steps] > 0).any(axis=0)]
            labels[wet] = _downhill(labels, height, wet, steps, corners)
            dry[wet] = False
            around = (wet + steps).ravel()
            around = around[dry[around]]
            front = np.unique(around[height[around] <= level])
    return labels.reshape(-1, stride)[1:-1, 1:-1]


def peaks(
    height: Float[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"], min_distance: float
) -> tuple[Int[np.ndarray, "h w"], int]:
    """The mask's local maxima as markers; those at most `min_distance` pixels apart are one.

    A pixel is a maximum where nothing in the square of `min_distance` pixels each way is higher,
    and at least nothing beside it.
    """
    reach = max(1, int(min_distance))
    across = _highest(height, reach)
    highest = _highest(np.ascontiguousarray(across.T), reach).T
    top = (height == highest) & mask
    return label(dilate(top, min_distance / 2) & mask, 8)


def grow(
    seeds: Integer[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"]
) -> Integer[np.ndarray, "h w"]:
    """Seeds grown over the mask, each to the pixels to which it is nearest in Euclidean distance.

    Growth stays inside the mask: a pixel goes to a seed that is connected with it.
    """
    if not seeds.any():
        return np.zeros_like(seeds)
    return flood(np.rint(RELIEF * distance(seeds == 0)), seeds, mask)


def split_by_watershed(
    mask: Bool[np.ndarray, "h w"], min_distance: float
) -> Int[np.ndarray, "h w"]:
    """A label image of a mask, cut by the watershed of the distance to the background.

    Each top of that distance is one object; those at most `min_distance` pixels apart are the same
    one. A mask without background has no distance to it and is one object.
    """
    if mask.all() or not mask.any():
        return mask.astype(np.int64)
    depth = distance(mask)
    seeds, _ = peaks(depth, mask, min_distance)
    return flood(-np.rint(RELIEF * depth), seeds, mask)


def deepest(
    labels: Integer[np.ndarray, "h w"], numbers: Integer[np.ndarray, " k"]
) -> Float[np.ndarray, " k"]:
    """How far the pixels of each object lie from the nearest background, at most.

    >>> deepest(np.array([[0, 1, 1, 1, 0, 2]]), np.array([1, 2])).tolist()
    [2.0, 1.0]
    """
    depth = distance(labels > 0)
    most = np.zeros(int(labels.max(initial=0)) + 1)
    np.maximum.at(most, labels.ravel(), depth.ravel())
    return most[numbers]


def _downhill(
    labels: Integer[np.ndarray, " n"],
    height: Float[np.ndarray, " n"],
    place: Int[np.ndarray, " p"],
    sides: Int[np.ndarray, "4 1"],
    corners: Int[np.ndarray, "4 1"],
) -> Integer[np.ndarray, " p"]:
    """The label to which each pixel falls most steeply, of those that its side neighbours have."""
    across, beside = labels[place + corners], labels[place + sides]  # (4, p)
    around = np.concatenate([beside, across])
    reached = np.concatenate([beside > 0, (across[:, None] == beside).any(axis=1) & (across > 0)])
    rise = height[place + np.concatenate([sides, corners])] - height[place]
    rise[4:] /= 2**0.5
    rise[~reached] = np.inf
    steepest = rise == rise.min(axis=0)
    return np.where(steepest & reached, around, np.iinfo(labels.dtype).max).min(axis=0)


def _widen(mask: Bool[np.ndarray, "h w"], reach: int) -> Bool[np.ndarray, "h w"]:
    """Every row dilated by `reach` pixels either way, by counting inside a sliding window."""
    if reach == 0:
        return mask
    counted = np.cumsum(np.pad(mask, ((0, 0), (1 + reach, reach))), axis=1, dtype=np.int32)
    return counted[:, 2 * reach + 1 :] > counted[:, : -2 * reach - 1]


def _highest(height: Float[np.ndarray, "h w"], reach: int) -> Float[np.ndarray, "h w"]:
    """The largest value within `reach` pixels along each row."""
    width = height.shape[1]
    highest = height.copy()
    for step in range(1, min(reach, width - 1) + 1):
        np.maximum(highest[:, step:], height[:, :-step], out=highest[:, step:])
        np.maximum(highest[:, :-step], height[:, step:], out=highest[:, :-step])
    return highest


def _join(
    count: int, first: Int[np.ndarray, " p"], second: Int[np.ndarray, " p"]
) -> Int[np.ndarray, " n"]:
    """The smallest member of the group of each of `count` elements, joined by pairs.

    After Shiloach and Vishkin, 1982: roots hook onto smaller ones, then all point at their root.
    """
    root = np.arange(count)
    while True:
        a, b = root[first], root[second]
        apart = a != b
        if not apart.any():
            return root
        first, second, a, b = first[apart], second[apart], a[apart], b[apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while True:
            above = root[root]
            if (above == root).all():
                break
            root = above


def _to_background(mask: Bool[np.ndarray, "h w"]) -> Int[np.ndarray, "h w"]:
    """Pixels up or down to the nearest background of the same column; `FAR` without any."""
    row = np.arange(len(mask))[:, None]
    above = np.maximum.accumulate(np.where(mask, -FAR, row), axis=0)
    below = np.minimum.accumulate(np.where(mask, 2 * FAR, row)[::-1], axis=0)[::-1]
    return np.minimum(np.minimum(row - above, below - row), FAR)


def _along_rows(f: Int[np.ndarray, "r n"]) -> Int[np.ndarray, "r n"]:
    """The minimum over j of `f[j] + (i − j)²` at every i, for each of r rows."""
    n = f.shape[1]
    lowest = f.ravel().copy()
    active = np.flatnonzero(lowest > 1)  # nothing beside a pixel is nearer than one pixel
    for step in range(1, NEAR + 1):
        column = active % n
        for way, inside in ((-step, column >= step), (step, column < n - step)):
            here = active[inside]
            lowest[here] = np.minimum(lowest[here], f.ravel()[here + way] + step**2)
        active = active[lowest[active] > (step + 1) ** 2]
    nearest = lowest.reshape(f.shape)
    far = np.unique(active // n)
    if len(far):
        nearest[far] = _envelope(f[far])
    return nearest


def _envelope(f: Int[np.ndarray, "r n"]) -> Int[np.ndarray, "r n"]:
    """The minimum over j of `f[j] + (i − j)²` at every i, for each of r rows."""
    r, n = f.shape
    f = np.ascontiguousarray(f.T)
    apex = np.zeros((n, r), np.int64)  # of the parabolas in the envelope so far, left to right
    since = np.full((n, r), -np.inf)  # where each begins to be the lowest
    top = np.zeros(r, np.int64)  # the last one
    for q in range(1, n):
        rows = np.arange(r)
        while len(rows):
            last = apex[top[rows], rows]
            rise = f[q, rows] + q * q - f[last, rows] - last * last
            meet = rise / (2 * (q - last))
            hidden = meet <= since[top[rows], rows]
            stays = rows[~hidden]
            top[stays] += 1
            apex[top[stays], stays] = q
            since[top[stays], stays] = meet[~hidden]
            rows = rows[hidden]
            top[rows] -= 1
    lowest = np.empty((n, r), np.int64)
    rows, at = np.arange(r), np.zeros(r, np.int64)
    after = np.concatenate([since, np.full((1, r), np.inf)])
    after[top + 1, rows] = np.inf
    for i in range(n):
        ahead = rows
        while len(ahead):
            ahead = ahead[after[at[ahead] + 1, ahead] < i]
            at[ahead] += 1
        j = apex[at, rows]
        lowest[i] = (i - j) ** 2 + f[j, rows]
    return lowest.T
