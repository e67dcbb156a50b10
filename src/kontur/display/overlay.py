"""Outlines drawn on their image, to look at.

The image is stretched between robust percentiles; lines are anti-aliased, with a dark rim so that
they show on white tissue as on black fluorescence.
"""

import numpy as np
import shapely
from jaxtyping import Int, Num, Shaped, UInt8

from kontur.display.stretch import DisplayRange, stretch
from kontur.geometry import raster

FINE = 3  # drawn at this many times the resolution, then averaged
BAND = 256  # rows drawn at a time, which bounds the memory
LINE = 1 / 400  # width of a line, of the larger side of the picture
RIM = 0.55  # darkness of the rim
PIECE = 16  # segments of a line that are widened at once; noise takes twenty times as long whole


def overlay(
    image: Num[np.ndarray, "h w c"],
    polygons: Shaped[np.ndarray, " k"],
    colours: UInt8[np.ndarray, "k 3"],
    *,
    width: float | None = None,
    zoom: float = 1.0,
    ids: Int[np.ndarray, " k"] | None = None,
    contrast: DisplayRange | None = None,
) -> UInt8[np.ndarray, "_ _ 3"]:
    """An RGB picture `(h·zoom, w·zoom, 3)` of the image with outlines.

    `width` is that of the lines in pixels of the picture; without it, it follows the picture's
    size. `zoom` is a whole number or one divided by it. `ids` are written on the objects.
    `contrast` is the percentile of the image that becomes white, or the values that become black
    and white. No objects give the stretched image.
    """
    picture = _zoomed(stretch(image, contrast=contrast), zoom)
    if len(polygons) == 0:
        return picture
    if width is None:
        width = max(1.75, LINE * max(picture.shape[:2]))
    outlines = shapely.transform(polygons, lambda points: points * (zoom * FINE))
    borders, owner = _borders(outlines)
    line = shapely.buffer(borders, width * FINE / 2, quad_segs=2)
    rim = shapely.buffer(borders, width * FINE / 2 + 0.75 * FINE, quad_segs=2)
    of_lines = colours[owner]
    bounds = shapely.bounds(rim)
    for top in range(0, len(picture), BAND):
        band = picture[top : top + BAND]
        inside = (bounds[:, 3] > top * FINE) & (bounds[:, 1] < (top + len(band)) * FINE)
        if inside.any():
            _draw_band(band, rim[inside], line[inside], of_lines[inside], top)
    return picture if ids is None else _write_ids(picture, polygons, ids, zoom)


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
    picture: UInt8[np.ndarray, "h w 3"],
    polygons: Shaped[np.ndarray, " k"],
    ids: Int[np.ndarray, " k"],
    zoom: float,
) -> UInt8[np.ndarray, "h w 3"]:
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.fromarray(picture)
    pen = ImageDraw.Draw(canvas)
    size = max(9, round(max(picture.shape[:2]) / 80))
    font = ImageFont.load_default(size)
    places = shapely.get_coordinates(shapely.point_on_surface(polygons)) * zoom
    for number, (x, y) in zip(ids, places, strict=True):
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
