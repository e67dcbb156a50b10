"""Outlines drawn on their image, to look at.

The image is stretched between robust percentiles; lines are anti-aliased, with a dark rim so that
they show on white tissue as on black fluorescence. An object has its own colour, or that of its
class where there are several classes; regions to ignore are grey.
"""

import math
from pathlib import Path

import numpy as np
import shapely
from jaxtyping import Int, Num, Shaped, UInt8

from kontur.display.stretch import DisplayRange, stretch
from kontur.errors import InputError
from kontur.files import atomic
from kontur.geometry import raster
from kontur.images.lazy_pixels import LazyPixels, Pixels, every
from kontur.instances import Instances
from kontur.instances.colours import object_colours

FINE = 3  # drawn at this many times the resolution, then averaged
BAND = 256  # rows drawn at a time, which bounds the memory
SMALL, LARGE = 768, 4096  # pixels; `write_overlay` enlarges below and shrinks above
LINE = 1 / 400  # width of a line, of the larger side of the picture
RIM = 0.55  # darkness of the rim
PIECE = 16  # segments of a line that are widened at once; noise takes twenty times as long whole


def write_overlay(
    path: str | Path,
    image: Num[np.ndarray, "h w c"],
    instances: Instances,
    *,
    ids: bool = False,
    contrast: DisplayRange | None = None,
    overwrite: bool = True,
) -> None:
    """Write the drawing as PNG; small images are enlarged by a whole factor, huge ones shrunk."""
    from PIL import Image

    side = max(image.shape[:2])
    zoom = float(min(8, math.ceil(SMALL / side))) if side < SMALL else 1.0
    if side > LARGE:
        zoom = 1 / math.ceil(side / LARGE)
    picture = Image.fromarray(draw(image, instances, zoom=zoom, ids=ids, contrast=contrast))
    with atomic.replacing(path, overwrite=overwrite) as beside:
        picture.save(beside, format="PNG", compress_level=4)


def shrunk(pixels: Pixels, instances: Instances) -> tuple[Num[np.ndarray, "h w c"], Instances]:
    """Lazy pixels, of which every n-th is taken, and their objects, to be drawn; arrays as is."""
    if not isinstance(pixels, LazyPixels):
        return pixels, instances
    step = math.ceil(max(pixels.shape[:2]) / LARGE)
    thin = every(pixels, step)
    return thin, instances.scale(1 / step, 1 / step).clip((thin.shape[0], thin.shape[1]))


def draw(
    image: Num[np.ndarray, "h w c"],
    instances: Instances,
    *,
    width: float | None = None,
    zoom: float = 1.0,
    ids: bool = False,
    contrast: DisplayRange | None = None,
) -> UInt8[np.ndarray, "_ _ 3"]:
    """An RGB picture `(h·zoom, w·zoom, 3)` of the image with the objects' outlines.

    `width` is that of the lines in pixels of the picture; without it, it follows the picture's
    size. `zoom` is a whole number or one divided by it. `ids` writes the objects' ids on them.
    `contrast` is the percentile of the image that becomes white, or the values that become black
    and white. No objects give the stretched image. Raises `InputError` where the objects are of
    another size.
    """
    if instances.size is not None and instances.size != image.shape[:2]:
        raise InputError(
            f"the objects are of an image of {instances.size[0]}×{instances.size[1]} pixels, "
            f"this one has {image.shape[0]}×{image.shape[1]}"
        )
    picture = _zoomed(stretch(image, contrast=contrast), zoom)
    if len(instances) == 0:
        return picture
    if width is None:
        width = max(1.75, LINE * max(picture.shape[:2]))
    outlines = shapely.transform(instances.polygons, lambda points: points * (zoom * FINE))
    borders, owner = _borders(outlines)
    line = shapely.buffer(borders, width * FINE / 2, quad_segs=2)
    rim = shapely.buffer(borders, width * FINE / 2 + 0.75 * FINE, quad_segs=2)
    colours = object_colours(instances)[owner]
    bounds = shapely.bounds(rim)
    for top in range(0, len(picture), BAND):
        band = picture[top : top + BAND]
        inside = (bounds[:, 3] > top * FINE) & (bounds[:, 1] < (top + len(band)) * FINE)
        if inside.any():
            _draw_band(band, rim[inside], line[inside], colours[inside], top)
    return _write_ids(picture, instances, zoom) if ids else picture


def _borders(
    outlines: Shaped[np.ndarray, " k"],
) -> tuple[Shaped[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    """The borders as lines of at most `PIECE` segments, and the outline that each is of."""
    lines, owner = shapely.get_parts(shapely.boundary(outlines), return_index=True)
    points, line = shapely.get_coordinates(lines, return_index=True)
    begins = np.flatnonzero(line[1:] == line[:-1])  # the points at which a segment begins
    place = begins - np.searchsorted(line, line[begins])  # of a segment in its line
    first = np.flatnonzero(place % PIECE == 0)  # segments of the pieces
    piece = np.repeat(np.arange(len(first)), np.diff([*first, len(begins)]))
    last = begins[np.append(first, len(begins))[1:] - 1] + 1  # a piece's last point
    places, pieces = np.append(begins, last), np.append(piece, np.arange(len(first)))
    order = np.argsort(pieces, kind="stable")
    cut = shapely.linestrings(points[places[order]], indices=pieces[order])
    return cut, owner[line[begins[first]]]


def _draw_band(
    band: UInt8[np.ndarray, "b w 3"],
    rim: Shaped[np.ndarray, " k"],
    line: Shaped[np.ndarray, " k"],
    colours: UInt8[np.ndarray, "k 3"],
    top: int,
) -> None:
    """Draw lines over rims onto some rows of the picture, in place.

    Every picture pixel is FINE × FINE small ones: 0 the image, 1 its rim, 2 … the object's line.
    """
    height, width = band.shape[:2]
    fine = np.zeros((height * FINE, width * FINE), dtype=np.int32)
    touched = np.zeros((height, width), dtype=bool)
    for shapes, values in ((rim, np.ones(len(rim))), (line, 2 + np.arange(len(line)))):
        runs = raster.spans(shapes, fine.shape, corner=(top * FINE, 0))
        owner = np.repeat(runs.owner, runs.stop - runs.start)
        row, col = np.divmod(raster.pixels(runs, width * FINE), width * FINE)
        fine[row, col] = values[owner]
        touched[row // FINE, col // FINE] = True
    blocks = fine.reshape(height, FINE, width, FINE).transpose(0, 2, 1, 3)
    small = blocks[touched].reshape(-1, FINE * FINE)  # (p, 9)
    under = ((small == 0) + (1 - RIM) * (small == 1)).sum(axis=1)[:, None] * band[touched]
    over = np.where(small[:, :, None] > 1, colours[np.maximum(small - 2, 0)], 0).sum(axis=1)
    band[touched] = np.rint((under + over) / FINE**2).astype(np.uint8)


def _zoomed(picture: UInt8[np.ndarray, "h w 3"], zoom: float) -> UInt8[np.ndarray, "_ _ 3"]:
    if zoom >= 1:
        return np.repeat(np.repeat(picture, round(zoom), axis=0), round(zoom), axis=1)
    from PIL import Image

    return np.array(Image.fromarray(picture).reduce(round(1 / zoom)))


def _write_ids(
    picture: UInt8[np.ndarray, "h w 3"], instances: Instances, zoom: float
) -> UInt8[np.ndarray, "h w 3"]:
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.fromarray(picture)
    pen = ImageDraw.Draw(canvas)
    size = max(9, round(max(picture.shape[:2]) / 80))
    font = ImageFont.load_default(size)
    places = shapely.get_coordinates(shapely.point_on_surface(instances.polygons)) * zoom
    for number, (x, y) in zip(instances.ids, places, strict=True):
        pen.text(
            (x, y),
            str(number),
            fill="white",
            font=font,
            anchor="mm",
            stroke_width=max(1, size // 8),
            stroke_fill="black",
        )
    return np.array(canvas)
