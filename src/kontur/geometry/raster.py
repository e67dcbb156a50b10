"""Polygons to pixels and pixels to polygons, exactly.

A pixel is inside a polygon when its centre is; a centre on an edge belongs to the polygon on its
right (or below), so that polygons which share an edge divide the pixels along it. The outline of
a mask runs along pixel edges. Both together make `mask → polygon → mask` the identity, which
neither `cv2.fillPoly` (it paints the boundary too) nor `cv2.findContours` (it runs through the
border pixels) does.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int, Integer, Shaped
from shapely import MultiPolygon, Polygon

from kontur.errors import InputError

FARTHEST = (
    1e9  # pixels from the origin; so far halves of pixels are exact, products do not overflow
)


class Spans(NamedTuple):
    """Runs of pixels inside polygons: polygon `owner` holds `[row, start:stop]`.

    Sorted by owner, row and column; runs of one owner never overlap. Rows and columns count from
    the window's corner.
    """

    owner: Int[np.ndarray, " s"]
    row: Int[np.ndarray, " s"]
    start: Int[np.ndarray, " s"]
    stop: Int[np.ndarray, " s"]


def spans(
    polygons: Shaped[np.ndarray, " k"], size: tuple[int, int], *, corner: tuple[int, int] = (0, 0)
) -> Spans:
    """The pixels inside each polygon, all at once, in a window of `size` (h, w) at `corner`.

    Even-odd over all rings of a polygon, so holes and parts come out right; empty polygons own
    nothing. Raises InputError for coordinates that are not finite or beyond `FARTHEST`.
    """
    height, width = size
    top, left = corner
    edges, owner = _edges(polygons)
    if not np.abs(edges).max(initial=0) <= FARTHEST:
        raise InputError(
            f"an outline reaches the coordinate {np.abs(edges).max():g}, which is outside any"
            f" image (at most {FARTHEST:g} pixels); is it in another unit?"
        )
    x0, y0, x1, y1 = edges.T
    # Rows with their centres in [y0, y1); in each the first column with its centre at x or after.
    first = np.clip(np.ceil(y0 - 0.5), top, top + height).astype(np.int64)
    count = np.clip(np.ceil(y1 - 0.5), top, top + height).astype(np.int64) - first
    crossed = np.flatnonzero(count > 0)
    first, count = first[crossed], count[crossed]
    edge = np.repeat(crossed, count)
    row = np.repeat(first, count) + ramp(count)
    # Multiplied before it is divided: then crossings at halves are exact.
    x = x0[edge] + (row + 0.5 - y0[edge]) * (x1 - x0)[edge] / (y1 - y0)[edge]
    column = np.clip(np.ceil(x - 0.5) - left, 0, width).astype(np.int64)
    # One sort for all: each (owner, row) has an even number of crossings, entering and leaving.
    crossings = np.sort((owner[edge] * height + row - top) * (width + 1) + column)
    line, start = np.divmod(crossings[0::2], width + 1)
    stop = crossings[1::2] - line * (width + 1)
    filled = stop > start
    line, start, stop = line[filled], start[filled], stop[filled]
    return Spans(line // max(height, 1), line % max(height, 1), start, stop)


def have_pixels(
    polygons: Shaped[np.ndarray, " k"], size: tuple[int, int]
) -> Bool[np.ndarray, " k"]:
    """Which polygons own a pixel of an image: whether `spans` would have any of theirs.

    Most hold the pixel at their centroid; only the others are filled row by row.
    """
    found = ~shapely.is_empty(polygons)
    shapes = polygons[found]
    x, y = np.floor(shapely.get_coordinates(shapely.centroid(shapes))).T + 0.5
    in_image = (x >= 0) & (y >= 0) & (x < size[1]) & (y < size[0])
    found[found] = in_image & shapely.contains_xy(shapes, x, y)
    rest = np.flatnonzero(~found)
    if len(rest):
        found[rest[spans(polygons[rest], size).owner]] = True
    return found


def pixels(runs: Spans, width: int) -> Int[np.ndarray, " p"]:
    """The flat index `row · width + col` of every pixel in the spans, in their order."""
    count = runs.stop - runs.start
    return np.repeat(runs.row * width + runs.start, count) + ramp(count)


def rasterize(polygon: Polygon | MultiPolygon, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """The pixels of an image of `size` (h, w) whose centres lie inside the polygon.

    >>> rasterize(shapely.box(0, 0, 2, 1), (2, 3)).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    return _paint(polygon, size, (0, 0))


def rasterize_window(
    polygon: Polygon | MultiPolygon,
) -> tuple[Bool[np.ndarray, "h w"], tuple[int, int]]:
    """The mask of just the polygon's bounding box, and the image's (row, col) of its corner.

    The window may lie outside any image. An empty polygon gives a 0×0 mask at (0, 0).
    """
    if polygon.is_empty:
        return np.zeros((0, 0), dtype=bool), (0, 0)
    x0, y0, x1, y1 = polygon.bounds
    row, col = int(np.floor(y0)), int(np.floor(x0))
    size = int(np.ceil(y1)) - row, int(np.ceil(x1)) - col
    return _paint(polygon, size, (row, col)), (row, col)


def trace(mask: Bool[np.ndarray, "h w"]) -> Polygon | MultiPolygon:
    """The exact outline of a mask along its pixel edges; an empty Polygon for an empty mask.

    Holes are kept. Pixels that touch only at a corner become separate parts, so that the result
    is always valid. Points lie at corners only; outer rings run clockwise from the top left.

    >>> trace(np.ones((2, 3), dtype=bool)).wkt
    'POLYGON ((0 0, 3 0, 3 2, 0 2, 0 0))'
    """
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return Polygon()
    top, left = int(rows[0]), int(cols[0])
    window = mask[top : rows[-1] + 1, left : cols[-1] + 1]
    return trace_labels(window.astype(np.uint8), corner=(top, left))[1][0]


def trace_labels(
    labels: Integer[np.ndarray, "h w"], *, corner: tuple[int, int] = (0, 0)
) -> tuple[Integer[np.ndarray, " k"], Shaped[np.ndarray, " k"]]:
    """The values of a label image other than 0, ascending, and the outline of each (as `trace`).

    One pass over the image for all objects. `corner` is the (row, col) of `labels[0, 0]` in the
    image in whose coordinates the outlines are wanted.
    """
    padded = np.pad(labels, 1)
    flat, stride = padded.ravel(), padded.shape[1]
    links = _link(padded)
    if len(links.edge) == 0:
        return labels.ravel()[:0], np.empty(0, dtype=object)
    order, ring = follow_rings(links.following)
    pinched = ring[links.touching] == ring[links.partner]
    if pinched.any():  # a ring that meets itself in a corner: there it is a shell and a hole
        links.following[links.touching[pinched]] = links.crossing[pinched]
        order, ring = follow_rings(links.following)
    return _assemble(links, order, ring, flat, stride, corner)


class _Links(NamedTuple):
    """The sides of labelled pixels that face another label, in pixel order, and the next of each.

    A side is `4 · pixel + direction`; it runs with its pixel on the right hand.
    """

    edge: Int[np.ndarray, " e"]
    following: Int[np.ndarray, " e"]  # index of the next side around the same pixels
    touching: Int[np.ndarray, " t"]  # sides that end where two pixels of one label meet diagonally
    partner: Int[np.ndarray, " t"]  # the side of the other pixel that ends there
    crossing: Int[np.ndarray, " t"]  # the next side if the two pixels were joined


def _link(padded: Integer[np.ndarray, "h w"]) -> _Links:
    """Next sides: turn right at a corner of the own pixels, else straight on, else left.

    `padded` has a frame of background, one pixel wide.
    """
    flat, stride = padded.ravel(), padded.shape[1]
    ahead = np.array([1, stride, -1, -stride])  # running along the top, right, bottom, left side
    outward = np.array([-stride, 1, stride, -1])
    inner = padded[1:-1, 1:-1]
    sides = np.empty((*inner.shape, 4), dtype=bool)
    sides[..., 0] = inner != padded[:-2, 1:-1]
    sides[..., 1] = inner != padded[1:-1, 2:]
    sides[..., 2] = inner != padded[2:, 1:-1]
    sides[..., 3] = inner != padded[1:-1, :-2]
    sides[inner == 0] = False
    place, direction = np.divmod(np.flatnonzero(sides), 4)
    row, col = np.divmod(place, inner.shape[1])
    pixel = (row + 1) * stride + col + 1
    edge = 4 * pixel + direction
    beyond = pixel + ahead[direction]
    across = beyond + outward[direction]
    own = flat[pixel]
    straight, left = flat[beyond] == own, flat[across] == own
    following = np.where(
        straight,
        np.where(left, 4 * across + (direction - 1) % 4, 4 * beyond + direction),
        4 * pixel + (direction + 1) % 4,
    )
    touching = np.flatnonzero(left & ~straight)
    other, way = across[touching], direction[touching]
    return _Links(
        edge,
        np.searchsorted(edge, following),
        touching,
        np.searchsorted(edge, 4 * other + (way + 2) % 4),
        np.searchsorted(edge, 4 * other + (way - 1) % 4),
    )


def follow_rings(
    following: Int[np.ndarray, " e"],
) -> tuple[Int[np.ndarray, " e"], Int[np.ndarray, " e"]]:
    """Order sides ring by ring, given the side that follows each; rings begin at their first side.

    Returns the order of the sides, and the number of every side's ring.
    """
    onward = following.tolist()
    ring = [-1] * len(onward)
    order: list[int] = []
    rings = 0
    for first in range(len(onward)):
        if ring[first] >= 0:
            continue
        side = first
        while ring[side] < 0:
            ring[side] = rings
            order.append(side)
            side = onward[side]
        rings += 1
    return np.array(order, dtype=np.int64), np.array(ring, dtype=np.int64)


def _assemble(
    links: _Links,
    order: Int[np.ndarray, " e"],
    ring: Int[np.ndarray, " e"],
    flat: Integer[np.ndarray, " hw"],
    stride: int,
    corner: tuple[int, int],
) -> tuple[Integer[np.ndarray, " k"], Shaped[np.ndarray, " k"]]:
    """Rings to polygons: points where they turn, holes in their shells, parts of a value joined."""
    pixel, direction = np.divmod(links.edge, 4)
    # A ring's first side, in pixel order, is a top side of a shell, or the side above a hole.
    first = np.flatnonzero(np.diff(ring[order], prepend=-1))
    first = order[first]
    hole = direction[first] == 2
    shell = _shells(pixel, direction, ring, first, hole, stride)

    before = np.empty_like(order)
    before[links.following] = np.arange(len(order))
    turns = order[direction[before[order]] != direction[order]]
    row, col = np.divmod(pixel[turns] - stride - 1, stride)
    x = col + np.isin(direction[turns], (1, 2)) + corner[1]
    y = row + np.isin(direction[turns], (2, 3)) + corner[0]
    rings = shapely.linearrings(np.stack([x, y], axis=-1).astype(float), indices=ring[turns])

    sequence = np.lexsort((hole, shell))  # each shell, then its holes
    _, part = np.unique(shell[sequence], return_inverse=True)
    polygons = shapely.polygons(rings[sequence], indices=part)
    values, owner = np.unique(flat[pixel[first[~hole]]], return_inverse=True)
    by_value = np.argsort(owner, kind="stable")
    count = np.bincount(owner)
    outlines = shapely.multipolygons(polygons[by_value], indices=owner[by_value])
    single = by_value[np.cumsum(count) - count][count == 1]
    outlines[count == 1] = polygons[single]
    return values, outlines


def _shells(
    pixel: Int[np.ndarray, " e"],
    direction: Int[np.ndarray, " e"],
    ring: Int[np.ndarray, " e"],
    first: Int[np.ndarray, " r"],
    hole: Bool[np.ndarray, " r"],
    stride: int,
) -> Int[np.ndarray, " r"]:
    """The shell of every ring (its own number for a shell).

    From the pixel above a hole we go up, inside the object, to the next top side: it belongs to a
    ring that reaches higher, so after some steps it is the shell.
    """
    shell = np.arange(len(first))
    if not hole.any():
        return shell
    tops = np.flatnonzero(direction == 0)
    row, col = np.divmod(pixel, stride)
    down = col * (int(row.max()) + 1) + row  # numbered down the columns
    tops = tops[np.argsort(down[tops])]
    at = np.searchsorted(down[tops], down[first[hole]], side="right") - 1
    shell[hole] = ring[tops[at]]
    while hole[shell].any():
        shell = shell[shell]
    return shell


def _edges(
    polygons: Shaped[np.ndarray, " k"],
) -> tuple[Float[np.ndarray, "e 4"], Int[np.ndarray, " e"]]:
    """All edges x0, y0, x1, y1 with y0 <= y1, and the polygon of each.

    Ordered upwards, an edge crosses a row at the same x to the last bit in both its polygons.
    """
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    edges = np.concatenate([points[:-1], points[1:]], axis=1)[ring[:-1] == ring[1:]]
    owner = part_owner[ring_part[ring[:-1][ring[:-1] == ring[1:]]]]
    down = edges[:, 1] > edges[:, 3]
    edges[down] = edges[down][:, [2, 3, 0, 1]]
    return edges, owner


def _paint(
    polygon: Polygon | MultiPolygon, size: tuple[int, int], corner: tuple[int, int]
) -> Bool[np.ndarray, "h w"]:
    mask = np.zeros(size, dtype=bool)
    alone = np.array([polygon], dtype=object)
    mask.ravel()[pixels(spans(alone, size, corner=corner), size[1])] = True
    return mask


def ramp(count: Int[np.ndarray, " k"]) -> Int[np.ndarray, " n"]:
    """0, 1 … count[0] - 1, 0, 1 … count[1] - 1, and so on."""
    ends = np.cumsum(count)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - count, count)
