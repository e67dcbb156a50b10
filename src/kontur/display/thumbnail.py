"""Thumbnail: any number of outlines on a small picture, in time that hardly grows with them.

A larger view of the objects, whose lines are as fine as they should be, is `overlay`. Here
an object is a set of pixels and its line their border, so that ten thousand objects cost as much as
the picture. An object smaller than a pixel is one.
"""

import numpy as np
import shapely
from jaxtyping import Bool, Float, Int32, Num, Shaped, UInt8

from kontur.geometry import raster

SIDE = 320  # pixels, the larger side of a thumbnail
MOST_ENLARGED = 16.0  # times; a tiny image is not blown up to the whole side
FINE = 3  # drawn at this many times the resolution, then averaged
LINE, FILLED_LINE = 4, 2  # fine pixels, width of a line on an image and around a filled object
GROUND = (22, 25, 31)  # where there is no image: dark, as the colours are vivid
FILLED = 0.4  # opacity of the colour inside an outline where there is no image


def thumbnail(
    polygons: Shaped[np.ndarray, " k"],
    colours: UInt8[np.ndarray, "k 3"],
    size: tuple[int, int],
    *,
    picture: UInt8[np.ndarray, "_ _ 3"] | None = None,
    side: int = SIDE,
) -> UInt8[np.ndarray, "_ _ 3"]:
    """An RGB picture of `side` pixels along its larger side: objects in an image of `size` (h, w).

    With a `picture` of the image the objects are lines on it, else they are filled on a dark
    ground. Later objects lie on earlier ones. No objects give the picture alone.
    """
    scale = min(side / max(size), MOST_ENLARGED)
    height, width = (max(1, round(length * scale)) for length in size)
    ground = _ground(picture, (height, width))
    factors = np.array([width / size[1], height / size[0]]) * FINE
    owner = _owners(polygons, factors, (height * FINE, width * FINE))
    lines = _lines(owner, FILLED_LINE if picture is None else LINE)
    fine = np.repeat(np.repeat(ground, FINE, axis=0), FINE, axis=1).astype(np.float32)
    inside = owner > 0
    own = np.vstack([np.zeros((1, 3)), colours]).astype(np.float32)
    if picture is None:
        fine[inside] += FILLED * (own[owner[inside]] - fine[inside])
    fine[lines] = own[owner[lines]]
    blocks = fine.reshape(height, FINE, width, FINE, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def _ground(
    picture: UInt8[np.ndarray, "_ _ 3"] | None, size: tuple[int, int]
) -> Num[np.ndarray, "h w 3"]:
    from PIL import Image

    if picture is None:
        return np.full((*size, 3), GROUND, dtype=np.uint8)
    shrunk = size[0] < picture.shape[0]
    way = Image.Resampling.BOX if shrunk else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(picture).resize(size[::-1], way))


def _owners(
    polygons: Shaped[np.ndarray, " k"], factors: Float[np.ndarray, "2"], size: tuple[int, int]
) -> Int32[np.ndarray, "h w"]:
    """For every fine pixel the number of its object, from 1; 0 is none."""
    owner = np.zeros(size, dtype=np.int32)
    if len(polygons) == 0:
        return owner
    boxes = shapely.bounds(polygons).reshape(-1, 4) * np.tile(factors, 2)
    column, row = np.floor((boxes[:, :2] + boxes[:, 2:]) / 2).T
    inside = (row >= 0) & (row < size[0]) & (column >= 0) & (column < size[1])
    dots = np.flatnonzero(inside & ((boxes[:, 2:] - boxes[:, :2]).max(axis=1) < FINE))
    owner[row[dots].astype(int), column[dots].astype(int)] = dots + 1
    whole = np.flatnonzero((boxes[:, 2:] - boxes[:, :2]).max(axis=1) >= 1)
    scaled = shapely.transform(polygons[whole], lambda points: points * factors)
    runs = raster.spans(scaled, size)
    pixels = raster.pixels(runs, size[1])
    owner.ravel()[pixels] = whole[np.repeat(runs.owner, runs.stop - runs.start)] + 1
    return owner


def _lines(owner: Int32[np.ndarray, "h w"], width: int) -> Bool[np.ndarray, "h w"]:
    """The pixels of objects that lie within `width` pixels of something else, along an axis."""
    lines = np.zeros(owner.shape, dtype=bool)
    for reach in range(1, width + 1):
        for axis in (0, 1):
            ahead, along = np.moveaxis(owner, axis, 0), np.moveaxis(lines, axis, 0)
            differs = ahead[reach:] != ahead[:-reach]
            along[reach:] |= differs
            along[:-reach] |= differs
    return lines & (owner > 0)
