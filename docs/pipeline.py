"""Draws docs/pipeline.png: image, diamonds, octagons, contours and table of one real prediction.

The image is a part of mahotas' `nuclear.png` (MIT licence). Nothing is drawn by hand: what goes in
and out of the model's graphs while `Predictor.examine` runs is recorded and drawn.

    python docs/pipeline.py nuclei
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont

from kontur.data.packaged_images import NUCLEI
from kontur.images.image_file import read_image
from kontur.infer.engines.engine import Engine
from kontur.infer.load import load
from kontur.infer.options import PredictOptions
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.models.graphs import Graph
from kontur.models.snake.start_shapes import octagon

DIAMETER = 75.0  # pixels, the size of these nuclei
LEFT, TOP, WIDTH, HEIGHT = 625, 326, 318, 544  # the part of the image that is shown
FINE = 3  # drawn so many times larger, then reduced
MARGIN, GAP, FOOT, RADIUS = 28, 30, 96, 14  # pixels of the picture
TABLE = 384  # width of the table
COLOURS = 256  # of the file; grey and five inks need no more

CARD, PANEL, RULE = "#10161d", "#161d26", "#2b3540"
INK, FAINT = "#f0f4f8", "#9aa7b4"
AMBER, BLUE, RED, GREEN = "#ffb000", "#6cc4f5", "#ff6b4a", "#5ee08a"

CAPTIONS = (
    ("image", "nuclei, fluorescence"),
    ("diamond", "in each detected box"),
    ("octagon", "from four extreme points"),
    ("contour", "moved onto the object"),
    ("table", "a row for each object, in pixels"),
)


class Traced(NamedTuple):
    """What was seen on the way of m objects, in pixels of the whole image."""

    objects: Instances
    diamonds: np.ndarray  # (m, 4, 2)
    extremes: np.ndarray  # (m, 4, 2)
    octagons: np.ndarray  # (m, 12, 2)
    stages: np.ndarray  # (s, m, n, 2)


class Recorder:
    """An engine that keeps the points that its graphs take and give."""

    def __init__(self, engine: Engine):
        self.seen: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        self.graphs = {name: self._recorded(name, run) for name, run in engine.graphs.items()}

    def _recorded(self, name: str, run: Graph) -> Graph:
        def recorded(*arrays: np.ndarray) -> Sequence[np.ndarray]:
            out = run(*arrays)
            if name != "detect":
                self.seen.setdefault(name, []).append((arrays[1], out[0]))
            return out

        return recorded


def main() -> None:
    """Predict, record, draw."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "model", nargs="?", default="nuclei", help="a name, a .kontur file or a run"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".png"))
    options = parser.parse_args()
    file = NUCLEI.path()
    if file is None:
        sys.exit(f"the image is missing: {NUCLEI.install}")
    image = read_image(file).pixels
    traced = trace(load(options.model, device="cpu"), image)
    draw(image, traced).save(options.out, optimize=True)
    print(f"{len(traced.objects)} objects drawn to {options.out}")


def trace(predictor: Predictor, image: np.ndarray) -> Traced:
    """The objects that lie in the part that is shown, with how they came about."""
    engine = Recorder(predictor.engine)
    prediction = Predictor(engine, predictor.card).predict_detailed(
        image, PredictOptions(diameter=DIAMETER)
    )
    zoom = 1 / prediction.scale
    diamonds, extremes = (
        np.concatenate(part) * zoom for part in zip(*engine.seen["extremes"], strict=True)
    )
    stages = np.concatenate([out for _, out in engine.seen["evolve"]], axis=1) * zoom

    shown = shapely.box(LEFT, TOP, LEFT + WIDTH, TOP + HEIGHT)
    objects = prediction.instances
    objects = objects[shapely.covers(shown, objects.polygons)]
    middles = shapely.get_coordinates(shapely.centroid(objects.polygons))
    objects = objects[np.lexsort((middles[:, 0], middles[:, 1].round(-2)))]  # as one reads
    outlines = shapely.make_valid(shapely.polygons(stages[-1]))
    of = [_same(polygon, outlines) for polygon in objects.polygons]
    octagons = octagon(extremes[of].astype(np.float64), predictor.config.reach)
    corners = diamonds[of][:, :: diamonds.shape[1] // 4]
    return Traced(objects, corners, extremes[of], octagons, stages[:, of])


def _same(polygon: shapely.Polygon, outlines: np.ndarray) -> int:
    """Which of the rings became this object."""
    common = shapely.area(shapely.intersection(outlines, polygon))
    return int(np.argmax(common / shapely.area(shapely.union(outlines, polygon))))


def draw(image: np.ndarray, traced: Traced) -> Image.Image:
    """The picture: five panels side by side on a dark card with round corners."""
    width = 2 * MARGIN + 4 * (WIDTH + GAP) + TABLE
    height = MARGIN + HEIGHT + FOOT
    card = Image.new("RGBA", (width * FINE, height * FINE))
    pen = ImageDraw.Draw(card)
    pen.rounded_rectangle(
        (0, 0, card.width - 1, card.height - 1), radius=RADIUS * 2 * FINE, fill=CARD
    )
    ground = _ground(image)
    panels = [ground, *(Image.blend(ground, Image.new("RGB", ground.size), 0.25) for _ in range(3))]
    _draw_diamonds(panels[1], traced)
    _draw_octagons(panels[2], traced)
    _draw_contours(panels[3], traced)
    panels.append(_table(traced.objects))
    for i, (panel, (name, about)) in enumerate(zip(panels, CAPTIONS, strict=True)):
        left = MARGIN + i * (WIDTH + GAP)
        _paste(card, panel, left, MARGIN)
        middle = left * FINE + panel.width / 2
        below = MARGIN + HEIGHT
        pen.text((middle, (below + 33) * FINE), name, INK, _font(32), anchor="mm")
        pen.text((middle, (below + 67) * FINE), about, FAINT, _font(24), anchor="mm")
        if i:
            _arrow(pen, left - GAP / 2, MARGIN + HEIGHT / 2)
    small = card.resize((width, height), Image.Resampling.LANCZOS)
    return small.quantize(COLOURS, method=Image.Quantize.FASTOCTREE)


def _ground(image: np.ndarray) -> Image.Image:
    """The part that is shown, bright enough for dim nuclei, at FINE times its size."""
    part = image[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH].mean(axis=-1)
    low, high = np.percentile(part, (1, 99.9))
    grey = np.clip((part - low) / (high - low), 0, 1) ** 0.8 * 255
    small = Image.fromarray(grey.astype(np.uint8))
    return small.resize((WIDTH * FINE, HEIGHT * FINE), Image.Resampling.BICUBIC).convert("RGB")


def _draw_diamonds(panel: Image.Image, traced: Traced) -> None:
    pen = ImageDraw.Draw(panel)
    for corners in traced.diamonds:
        low, high = _placed([corners.min(axis=0), corners.max(axis=0)])
        pen.rectangle((*low, *high), outline="#b9c4cf", width=round(1.3 * FINE))
        _line(pen, corners, AMBER)


def _draw_octagons(panel: Image.Image, traced: Traced) -> None:
    pen = ImageDraw.Draw(panel)
    for corners, outline, extremes in zip(
        traced.diamonds, traced.octagons, traced.extremes, strict=True
    ):
        _line(pen, corners, AMBER, width=1.2)
        _line(pen, outline, BLUE)
        _dots(pen, extremes, RED, 5)


def _draw_contours(panel: Image.Image, traced: Traced) -> None:
    pen = ImageDraw.Draw(panel)
    for i, number in enumerate(_numbers(traced.objects)):
        _line(pen, traced.octagons[i], BLUE, width=1.2)
        contour = traced.stages[-1, i]
        _line(pen, contour, GREEN)
        _dots(pen, contour[::2], GREEN, 2.6)
        middle = shapely.get_coordinates(traced.objects[i].polygons[0].centroid)
        (place,) = _placed(middle)
        pen.text(
            place, number, INK, _font(26), anchor="mm", stroke_width=2 * FINE, stroke_fill=CARD
        )


def _table(objects: Instances) -> Image.Image:
    """Id, area, perimeter and centroid of each object, right-aligned."""
    panel = Image.new("RGB", (TABLE * FINE, HEIGHT * FINE), PANEL)
    pen = ImageDraw.Draw(panel)
    middles = shapely.get_coordinates(shapely.centroid(objects.polygons))
    rows: list[tuple[str, ...]] = [("id", "area", "perimeter", "x", "y")]
    for number, polygon, (x, y) in zip(_numbers(objects), objects.polygons, middles, strict=True):
        cells = (polygon.area, polygon.length, x, y)
        rows.append((number, *(f"{cell:.0f}" for cell in cells)))
    rights = (40, 122, 246, 306, 362)  # pixels from the panel's left
    step = HEIGHT / (len(rows) + 0.6)
    for i, row in enumerate(rows):
        y = (i + 0.8) * step
        for j, (cell, right) in enumerate(zip(row, rights, strict=True)):
            colour = FAINT if i == 0 else GREEN if j == 0 else INK
            pen.text((right * FINE, y * FINE), cell, colour, _font(24), anchor="rm")
        if i < len(rows) - 1:
            below = (i + 1.3) * step * FINE
            pen.line((16 * FINE, below, (TABLE - 16) * FINE, below), RULE, FINE)
    return panel


def _numbers(objects: Instances) -> list[str]:
    return [str(i + 1) for i in range(len(objects))]


def _placed(points: Iterable[np.ndarray]) -> list[tuple[float, float]]:
    """Image pixels as pixels of a panel."""
    return [((x - LEFT) * FINE, (y - TOP) * FINE) for x, y in points]


def _line(pen: ImageDraw.ImageDraw, points: np.ndarray, colour: str, width: float = 2.6) -> None:
    places = _placed(points)
    pen.line([*places, places[0], places[1]], fill=colour, width=round(width * FINE), joint="curve")


def _dots(pen: ImageDraw.ImageDraw, points: np.ndarray, colour: str, radius: float) -> None:
    r = radius * FINE
    for x, y in _placed(points):
        pen.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _arrow(pen: ImageDraw.ImageDraw, x: float, y: float) -> None:
    tips = [(x - 4, y - 9), (x + 4, y), (x - 4, y + 9)]
    pen.line([(a * FINE, b * FINE) for a, b in tips], FAINT, 3 * FINE, joint="curve")


def _paste(card: Image.Image, panel: Image.Image, left: float, top: float) -> None:
    """With round corners."""
    mask = Image.new("L", panel.size)
    ImageDraw.Draw(mask).rounded_rectangle(
        (0, 0, panel.width - 1, panel.height - 1), radius=RADIUS * FINE, fill=255
    )
    card.paste(panel, (round(left * FINE), round(top * FINE)), mask)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size * FINE)


if __name__ == "__main__":
    main()
