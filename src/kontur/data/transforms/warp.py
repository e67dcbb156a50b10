"""One resampling pass for an image and its contours: any scale, turn, mirror and shift together.

`forward` is a `(2, 3)` matrix that takes source points to target points, both in corner-origin
pixels. The contours are mapped by it, the image is looked up through its inverse. Moves by whole
pixels with quarter turns and mirrors copy pixels exactly; scaling goes through Pillow's resize,
which averages when it shrinks; everything else through Pillow's bilinear affine transform.
"""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import shapely
from jaxtyping import Bool, Float, Integer, Shaped
from PIL import Image

from kontur.data.sample import Sample
from kontur.geometry.polygons import clip, repair_all
from kontur.instances import Instances

MIN_SHARE = 0.25  # of an area: an object cut to less is ignored, neither object nor background
MIN_AREA = 100.0  # square pixels: a piece this large can be recognised, however small its share
SPECK = 1.0  # square pixels: pieces cut smaller than this are dropped
MARGIN = 2  # pixels around a window, so that interpolation never meets its border
EXACT = 1e-9  # pixels: shifts this near to whole numbers are whole numbers
MAX_TILES = 81  # mirrored copies of an image around it
GROUND_GRID = 64  # samples along a side, for the median that fills what lies outside the image

Fill = Literal["background", "reflect"]
Box = tuple[float, float, float, float]  # x0, y0, x1, y1


def warp(
    sample: Sample,
    forward: Float[np.ndarray, "2 3"],
    size: tuple[int, int],
    *,
    fill: Fill = "background",
    min_share: float = MIN_SHARE,
    min_area: float = MIN_AREA,
) -> Sample:
    """The sample mapped by `forward` onto a canvas of `size`; contours are cut at its border.

    Args:
        sample: image of any integer or float dtype (kept) and its objects.
        forward: source points → target points, invertible.
        size: `(height, width)` of the result, at least 1×1.
        fill: what lies outside the image: its median colour, or the image mirrored at its border
            together with its objects (those touching the border merge with their mirror image);
            the median too where that would take more than `MAX_TILES` copies of a tiny image.
        min_share, min_area: a cut object stays an object if either so much of its area or so many
            pixels remain; otherwise it becomes an ignored region. Specks under a pixel are dropped.
    """
    box, fill = _source(forward, size, sample.size, fill)
    image = _resample(sample.image, forward, size, box, fill)
    instances = sample.instances
    if fill == "reflect" and _tiles(box, sample.size) != [(0, 0)]:
        instances = _mirrored(instances, sample.size, box)
    instances = _move(instances, forward, size, box, min_share, min_area)
    return sample.replace(
        image=image, instances=instances, pixel_size=_pixel_size(sample.pixel_size, forward)
    )


def warp_image(
    image: Shaped[np.ndarray, "h w c"],
    forward: Float[np.ndarray, "2 3"],
    size: tuple[int, int],
    *,
    fill: Fill = "background",
) -> Shaped[np.ndarray, "h2 w2 c"]:
    """`warp` of the pixels alone; the dtype stays."""
    box, fill = _source(forward, size, (image.shape[0], image.shape[1]), fill)
    return _resample(image, forward, size, box, fill)


def cut(
    instances: Instances,
    size: tuple[int, int],
    *,
    min_share: float = MIN_SHARE,
    min_area: float = MIN_AREA,
) -> Instances:
    """The objects cut to a canvas of `size`; see `warp` for the treatment of cut objects."""
    height, width = size
    left, top, right, bottom = instances.boxes.T
    near = (left < width) & (top < height) & (right > 0) & (bottom > 0)
    crossing = near & ((left < 0) | (top < 0) | (right > width) | (bottom > height))
    if not crossing.any():
        return instances[near].replace(size=size)
    whole = instances.polygons[crossing]
    pieces = clip(whole, size)
    remaining = shapely.area(pieces)
    shown = (remaining >= min_share * shapely.area(whole)) | (remaining >= min_area)
    polygons, ignore, kept = instances.polygons.copy(), instances.ignore.copy(), near.copy()
    polygons[crossing] = pieces
    ignore[crossing] |= ~shown
    kept[crossing] = remaining >= SPECK
    return _exchange(instances[kept], polygons[kept], ignore[kept], size)


def _source(
    forward: Float[np.ndarray, "2 3"], size: tuple[int, int], source: tuple[int, int], fill: Fill
) -> tuple[Box, Fill]:
    """The box of a source image of size `source` that a canvas shows, and what can fill it up."""
    box = _source_box(forward, size)
    too_many = fill == "reflect" and len(_tiles(box, source)) > MAX_TILES
    return box, "background" if too_many else fill


def _exchange(
    instances: Instances,
    polygons: Shaped[np.ndarray, " k"],
    ignore: Bool[np.ndarray, " k"],
    size: tuple[int, int],
) -> Instances:
    """The same objects with polygons that are known to be valid."""
    return Instances.of_valid(
        polygons,
        labels=instances.labels,
        scores=instances.scores,
        ids=instances.ids,
        ignore=ignore,
        extras=instances.extras,
        size=size,
        classes=instances.classes,
    )


def _move(
    instances: Instances,
    forward: Float[np.ndarray, "2 3"],
    size: tuple[int, int],
    box: Box,
    min_share: float,
    min_area: float,
) -> Instances:
    """Objects near the source box, mapped and cut; the others are never touched."""
    bounds = instances.boxes
    near = (bounds[:, :2] < box[2:]).all(1) & (bounds[:, 2:] > box[:2]).all(1)
    moved = instances[near].transform(lambda points: points @ forward[:, :2].T + forward[:, 2])
    return cut(moved, size, min_share=min_share, min_area=min_area)


def _resample(
    image: Shaped[np.ndarray, "h w c"],
    forward: Float[np.ndarray, "2 3"],
    size: tuple[int, int],
    box: Box,
    fill: Fill,
) -> Shaped[np.ndarray, "h2 w2 c"]:
    linear = forward[:, :2]
    axis_aligned = np.count_nonzero(np.abs(linear) > EXACT) == 2
    if axis_aligned:
        turn = np.rint(np.sign(np.where(np.abs(linear) > EXACT, linear, 0))).astype(int)
        whole = np.abs(np.asarray(box) - np.rint(box)).max() < EXACT
        if whole and np.abs(np.abs(linear) - np.abs(turn)).max() < EXACT:
            x0, y0, x1, y1 = (round(edge) for edge in box)
            return np.ascontiguousarray(_orient(_window(image, y0, y1, x0, x1, fill), turn))
    shrink = max(1.0, 1 / np.sqrt(abs(np.linalg.det(linear))))  # the filter widens by this much
    margin = int(np.ceil(shrink)) + MARGIN
    x0, y0 = (int(np.floor(edge)) - margin for edge in box[:2])
    x1, y1 = (int(np.ceil(edge)) + margin for edge in box[2:])
    window = _window(image, y0, y1, x0, x1, fill)
    if axis_aligned:
        local = (box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)
        height, width = size if turn[0, 0] else size[::-1]
        resized = _by_channel(
            window,
            lambda plane: plane.resize((width, height), Image.Resampling.BILINEAR, box=local),
        )
        return np.ascontiguousarray(_orient(resized, turn))
    shift = forward[:, 2] + linear @ (x0, y0)  # from window points to target points
    if shrink > 1:
        height, width = (max(1, round(side / shrink)) for side in window.shape[:2])
        steps = np.array([window.shape[1] / width, window.shape[0] / height])
        linear = linear * steps  # from reduced points
        window = _by_channel(
            window, lambda plane: plane.resize((width, height), Image.Resampling.BILINEAR)
        )
    inverse = np.linalg.inv(linear)
    back = np.column_stack([inverse, -inverse @ shift]).ravel().tolist()
    target = size[::-1]
    return _by_channel(
        window,
        lambda plane: plane.transform(
            target, Image.Transform.AFFINE, back, Image.Resampling.BILINEAR
        ),
    )


def _by_channel(
    image: Shaped[np.ndarray, "h w c"], operation: Callable[[Image.Image], Image.Image]
) -> Shaped[np.ndarray, "h2 w2 c"]:
    """A Pillow operation on every channel as floats; integer types are rounded back."""
    planes = []
    for channel in range(image.shape[2]):
        plane = np.ascontiguousarray(image[..., channel], dtype=np.float32)
        planes.append(np.asarray(operation(Image.fromarray(plane))))
    result = np.stack(planes, axis=2) if len(planes) > 1 else planes[0][..., None]
    if image.dtype.kind in "uib":
        result = np.rint(result)
    return result.astype(image.dtype, copy=False)


def _window(
    image: Shaped[np.ndarray, "h w c"], y0: int, y1: int, x0: int, x1: int, fill: Fill
) -> Shaped[np.ndarray, "h2 w2 c"]:
    """Rows `y0:y1` and columns `x0:x1`, which may lie outside the image; a view where possible."""
    height, width, channels = image.shape
    if y0 >= 0 and x0 >= 0 and y1 <= height and x1 <= width:
        return image[y0:y1, x0:x1]
    if fill == "reflect":
        rows, columns = _mirror_index(y0, y1, height), _mirror_index(x0, x1, width)
        return image[rows][:, columns]
    grid = image[:: max(1, height // GROUND_GRID), :: max(1, width // GROUND_GRID)]
    ground = np.median(grid.reshape(-1, channels), axis=0).astype(image.dtype)
    window = np.empty((y1 - y0, x1 - x0, channels), dtype=image.dtype)
    window[:] = ground
    top, bottom = np.clip((y0, y1), 0, height)
    left, right = np.clip((x0, x1), 0, width)
    window[top - y0 : bottom - y0, left - x0 : right - x0] = image[top:bottom, left:right]
    return window


def _mirror_index(start: int, stop: int, length: int) -> Integer[np.ndarray, " n"]:
    """Indices into `length` elements that are mirrored at both ends, again and again."""
    index = np.arange(start, stop) % (2 * length)
    return np.minimum(index, 2 * length - 1 - index)


def _orient(
    image: Shaped[np.ndarray, "h w c"], turn: Integer[np.ndarray, "2 2"]
) -> Shaped[np.ndarray, "h2 w2 c"]:
    """The image under a signed permutation of its axes, `target = turn @ source`."""
    if turn[0, 0] == 0:
        image = image.transpose(1, 0, 2)
    signs = turn.sum(axis=1)  # of the one entry in the rows for x and y
    return image[:: signs[1], :: signs[0]]


def _mirrored(instances: Instances, size: tuple[int, int], box: Box) -> Instances:
    """The objects on the plane tiled by mirror images of the canvas, as far as `box` reaches.

    An object that touches the border continues into its mirror image: the two are one object.
    """
    if len(instances) == 0:
        return instances
    height, width = size
    tiles = _tiles(box, size)
    copies = np.stack([_tile_copy(instances.polygons, size, tile) for tile in tiles])
    bounds = shapely.bounds(copies)
    near = (bounds[..., :2] < box[2:]).all(-1) & (bounds[..., 2:] > box[:2]).all(-1)
    own = instances.boxes
    touching = (own[:, :2] <= EXACT).any(1) | (own[:, 2:] >= np.array([width, height])).any(1)
    touching &= shapely.get_num_geometries(instances.polygons) == 1  # parts would fall asunder
    touching &= near.sum(axis=0) > 1
    joined, _ = repair_all(
        np.array([shapely.union_all(copies[near[:, k], k]) for k in np.flatnonzero(touching)])
    )
    merged = [shapely.get_parts(polygon) for polygon in joined]
    counts = [len(parts) for parts in merged]
    apart = near & ~touching
    polygons = np.concatenate([copies[apart], *merged])
    source = np.concatenate([np.nonzero(apart)[1], np.repeat(np.flatnonzero(touching), counts)])
    return Instances.of_valid(
        polygons,
        labels=instances.labels[source],
        scores=instances.scores[source],
        ignore=instances.ignore[source],
        classes=instances.classes,
    )


def _tiles(box: Box, size: tuple[int, int]) -> list[tuple[int, int]]:
    """The (row, column) of every copy of the canvas that the box meets; (0, 0) is the canvas."""
    height, width = size
    columns = range(math.floor(box[0] / width), math.ceil(box[2] / width))
    rows = range(math.floor(box[1] / height), math.ceil(box[3] / height))
    return [(row, column) for row in rows for column in columns]


def _tile_copy(
    polygons: Shaped[np.ndarray, " k"], size: tuple[int, int], tile: tuple[int, int]
) -> Shaped[np.ndarray, " k"]:
    """The polygons on tile (row, column) of the mirrored plane; (0, 0) is the image itself."""
    sign = np.array([-1.0 if index % 2 else 1.0 for index in tile[::-1]])
    shift = np.array([(index + index % 2) * side for index, side in zip(tile, size, strict=True)])
    return shapely.transform(polygons, lambda points: points * sign + shift[::-1])


def _source_box(forward: Float[np.ndarray, "2 3"], size: tuple[int, int]) -> Box:
    """The bounding box (x0, y0, x1, y1) in the source of the whole target canvas."""
    height, width = size
    inverse = np.linalg.inv(forward[:, :2])
    corners = np.array([[0.0, 0], [width, 0], [0, height], [width, height]]) - forward[:, 2]
    points = corners @ inverse.T
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _pixel_size(pixel_size: float | None, forward: Float[np.ndarray, "2 3"]) -> float | None:
    """Micrometres per pixel after the warp; None where x and y are now scaled differently."""
    if pixel_size is None:
        return None
    across, down = np.linalg.norm(forward[:, :2], axis=0)
    return pixel_size / float(across) if np.isclose(across, down, rtol=0.01) else None
