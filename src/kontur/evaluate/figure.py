"""Line plots, of AP over IoU in particular, drawn with Pillow alone.

Drawn twice as large and reduced, which smooths lines and text.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from kontur.errors import InputError
from kontur.evaluate.summary import Summary

# Okabe and Ito's colours, which the colour-blind can distinguish; yellow is too pale for a line.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
# Lengths of dashes and of the gaps after them in pixels, by round of the colours.
DASHES: tuple[tuple[float, ...], ...] = ((), (9, 5), (2.5, 4), (9, 4, 2.5, 4))
INK, GREY, GRID = "#202020", "#606060", "#dddddd"
MARGIN = 0.03  # of the plot's height, above and below error bars
SHORTEST = 0.1  # of its value: as far down as an error bar reaches on a log scale
FINE = 2  # drawn so many times larger than returned

Curve = tuple[Sequence[float], Sequence[float]]
Scale = Literal["linear", "log"]
_Bar = tuple[tuple[float, float], tuple[float, float]]  # both ends of an error bar


def draw_ap(summaries: Mapping[str, Summary]) -> Image.Image:
    """Pooled AP over the IoU threshold, a line for each named summary, its mean in the legend."""
    curves = {
        f"{name}: mean {s.mean_ap:.3f}": (s.thresholds, s.pooled.ap.tolist())
        for name, s in summaries.items()
    }
    return draw_lines(
        curves,
        title="Average precision TP / (TP + FP + FN)",
        x_label="IoU from which a pair counts as matched",
        y_range=(0.0, 1.0),
    )


def draw_lines(
    curves: Mapping[str, Curve],
    *,
    title: str,
    x_label: str,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    x_scale: Scale = "linear",
    x_names: Sequence[str] = (),
    spreads: Mapping[str, Curve] | None = None,
    strong: Sequence[str] = (),
    size: tuple[int, int] = (480, 800),
) -> Image.Image:
    """Named curves of points (x values, y values) as an RGB picture of `size` (h, w).

    The axes cover all finite points and at least `x_range` and `y_range`. A point that is NaN
    interrupts its line; a curve may have no points. `x_names` stand below x = 0, 1, 2, … in place
    of numbers. `spreads` are the lengths of error bars by name, along x and along y, to either side
    of a point; NaN draws none. Names of curves stand beside the plot, in the order given; the
    built-in font knows Latin letters only. Once the colours are used up, lines are dashed and then
    dotted, so that some 24 differ. The curves of the names in `strong` are thick and black, and no
    other is black.

    Raises:
        InputError: there is no curve at all, a curve's x and y differ in length, or an x is not
            above 0 on a log scale.
    """
    if not curves or any(len(x) != len(y) for x, y in curves.values()):
        raise InputError("a figure needs at least one curve, each with as many x as y values")
    if x_scale == "log" and any(v <= 0 for x, _ in curves.values() for v in x):
        raise InputError("a log scale shows values above 0 only")
    bars = {
        name: _bars(curve, (spreads or {}).get(name), x_scale) for name, curve in curves.items()
    }
    scaled = {name: (_scaled(x, x_scale), y) for name, (x, y) in curves.items()}
    canvas = _Canvas.of(scaled, bars, (x_range, y_range), size, x_scale)
    canvas.axes(title, x_label, x_names)
    styles = _line_styles(list(curves), strong)
    for index, (name, (x, y)) in enumerate(scaled.items()):
        for bar in bars[name]:
            canvas.bar(bar, styles[name].colour)
        canvas.line(x, y, styles[name])
        canvas.legend_entry(index, name, styles[name])
    return canvas.image.resize((size[1], size[0]), Image.Resampling.LANCZOS)


def stacked(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures of one width below one another; raises `InputError` where there is none."""
    if not pictures:
        raise InputError("a stack needs at least one picture")
    whole = Image.new("RGB", (pictures[0].width, sum(picture.height for picture in pictures)))
    top = 0
    for picture in pictures:
        whole.paste(picture, (0, top))
        top += picture.height
    return whole


class _LineStyle(NamedTuple):
    colour: str
    dashes: tuple[float, ...]
    width: float  # in pixels


def _line_styles(names: Sequence[str], strong: Sequence[str]) -> dict[str, _LineStyle]:
    """How each curve is drawn, by name."""
    colours = COLOURS[:-1] if strong else COLOURS  # without black
    plain = [(colour, dashes, 2.0) for dashes in DASHES for colour in colours]
    thick = [(COLOURS[-1], dashes, 3.0) for dashes in DASHES]
    used = {True: 0, False: 0}
    styles = {}
    for name in names:
        group = thick if name in strong else plain
        styles[name] = _LineStyle(*group[used[name in strong] % len(group)])
        used[name in strong] += 1
    return styles


def _dashed(
    points: Sequence[tuple[float, float]], dashes: Sequence[float]
) -> list[list[tuple[float, float]]]:
    """The parts of a line of two points or more that lie below dashes; all of it without dashes.

    >>> _dashed([(0.0, 0.0), (3.0, 0.0), (3.0, 4.0)], [4.0, 2.0])
    [[(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)], [(3.0, 3.0), (3.0, 4.0)]]
    """
    if not dashes:
        return [list(points)]
    x, y = np.array(points).T
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    rounds = math.ceil(along[-1] / sum(dashes))
    ends = np.minimum(np.cumsum([0.0, *list(dashes) * rounds]), along[-1])
    parts = []
    for start, stop in zip(ends[:-1:2], ends[1::2], strict=True):
        if start < stop:
            inside = along[(along > start) & (along < stop)]
            at = np.array([start, *inside, stop])
            across, up = np.interp(at, along, x).tolist(), np.interp(at, along, y).tolist()
            parts.append(list(zip(across, up, strict=True)))
    return parts


class _Range(NamedTuple):
    low: float
    high: float
    scale: Scale = "linear"

    def ticks(self) -> list[float]:
        """Some four to ten round numbers within the range."""
        step = _round_step((self.high - self.low) / 8)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(i * step, 12) for i in range(first, last + 1)]

    def share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)


class _Canvas(NamedTuple):
    """The picture in fine pixels, its plot area (left, top, right, bottom) and the ranges shown."""

    image: Image.Image
    pen: ImageDraw.ImageDraw
    area: tuple[int, int, int, int]
    x: _Range
    y: _Range

    @classmethod
    def of(
        cls,
        curves: Mapping[str, Curve],
        bars: Mapping[str, Sequence[_Bar]],
        ranges: tuple[tuple[float, float] | None, tuple[float, float] | None],
        size: tuple[int, int],
        x_scale: Scale,
    ) -> "_Canvas":
        height, width = (FINE * side for side in size)
        names = max(_font(13).getlength(name) for name in curves)
        room = min(int(names) + FINE * 58, width // 2)
        image = Image.new("RGB", (width, height), "white")
        ends = [end for points in bars.values() for bar in points for end in bar]
        xs = [v for x, _ in curves.values() for v in x if math.isfinite(v)]
        ys = [v for _, y in curves.values() for v in y if math.isfinite(v)]
        x_range, y_range = (limits or () for limits in ranges)
        across = _cover([*xs, *(x for x, _ in ends), *x_range], x_scale)
        up = _cover([*ys, *(y for _, y in ends), *y_range])
        if ends:  # no cap lies on the frame
            beyond = MARGIN * (up.high - up.low)
            up = _Range(up.low - beyond, up.high + beyond)
        area = (FINE * 58, FINE * 46, width - room, height - FINE * 54)
        return cls(image, ImageDraw.Draw(image), area, across, up)

    def axes(self, title: str, x_label: str, x_names: Sequence[str]) -> None:
        left, top, right, bottom = self.area
        for value, label in list(enumerate(x_names)) or _labels(self.x):
            at = self._at(value, self.y.low)[0]
            self.pen.line([(at, top), (at, bottom)], GRID, FINE)
            self.pen.text((at, bottom + FINE * 7), label, GREY, _font(13), "ma")
        for value, label in _labels(self.y):
            at = self._at(self.x.low, value)[1]
            self.pen.line([(left, at), (right, at)], GRID, FINE)
            self.pen.text((left - FINE * 7, at), label, GREY, _font(13), "rm")
        self.pen.line([(left, top), (left, bottom), (right, bottom)], INK, FINE)
        self.pen.text((left, FINE * 14), title, INK, _font(16), "la")
        middle = ((left + right) / 2, bottom + FINE * 30)
        self.pen.text(middle, x_label, INK, _font(13), "ma")

    def line(self, x: Sequence[float], y: Sequence[float], style: _LineStyle) -> None:
        """Points joined in order; a single point between gaps is a dot, as are few points."""
        pieces: list[list[tuple[float, float]]] = [[]]
        for at_x, at_y in zip(x, y, strict=True):
            if math.isfinite(at_x) and math.isfinite(at_y):
                pieces[-1].append(self._at(at_x, at_y))
            elif pieces[-1]:
                pieces.append([])
        for points in pieces:
            if len(points) > 1:
                self._stroke(points, style)
            for point in points if len(x) <= 30 or len(points) == 1 else []:
                self.pen.circle(point, (1.5 + style.width) * FINE, style.colour)

    def bar(self, bar: _Bar, colour: str) -> None:
        """An error bar with its two caps."""
        (x0, y0), (x1, y1) = (self._at(*end) for end in bar)
        self.pen.line([(x0, y0), (x1, y1)], colour, FINE)
        cap = FINE * 4
        for x, y in ((x0, y0), (x1, y1)):
            across = [(x, y - cap), (x, y + cap)] if y0 == y1 else [(x - cap, y), (x + cap, y)]
            self.pen.line(across, colour, FINE)

    def _stroke(self, points: Sequence[tuple[float, float]], style: _LineStyle) -> None:
        for part in _dashed(points, [FINE * length for length in style.dashes]):
            self.pen.line(part, style.colour, round(FINE * style.width), joint="curve")

    def legend_entry(self, index: int, name: str, style: _LineStyle) -> None:
        """A line of the legend, right of the plot."""
        left, middle = self.area[2] + FINE * 14, self.area[1] + FINE * (10 + 22 * index)
        sample = [(left, middle), (left + FINE * 26, middle)]
        self._stroke(sample, style._replace(width=style.width + 1))
        self.pen.text((left + FINE * 33, middle), name, INK, _font(13), "lm")

    def _at(self, x: float, y: float) -> tuple[float, float]:
        left, top, right, bottom = self.area
        return (
            left + self.x.share(x) * (right - left),
            bottom - self.y.share(y) * (bottom - top),
        )


def _bars(curve: Curve, lengths: Curve | None, x_scale: Scale) -> list[_Bar]:
    """The error bars of a curve's points, in the plot's units; none shorter than nothing."""
    bars: list[_Bar] = []
    for x, y, dx, dy in zip(*curve, *lengths, strict=True) if lengths else ():
        if math.isfinite(dx) and math.isfinite(x + y):
            least = x * SHORTEST if x_scale == "log" else x - dx  # a bar may reach below 0
            low, high = _scaled([max(x - dx, least), x + dx], x_scale)
            bars.append(((low, y), (high, y)))
        if math.isfinite(dy) and math.isfinite(x + y):
            (at,) = _scaled([x], x_scale)
            bars.append(((at, y - dy), (at, y + dy)))
    return bars


def _scaled(values: Sequence[float], scale: Scale) -> list[float]:
    return [math.log10(v) if scale == "log" else v for v in values]


def _cover(values: Sequence[float], scale: Scale = "linear") -> _Range:
    """The smallest range over all values, widened where there is only one, (0, 1) for none.

    On a log scale, whose values are powers of ten, it is widened a little and to 3 at least.
    """
    low, high = min(values, default=0.0), max(values, default=1.0)
    if scale == "log":
        beyond = max(0.05 * (high - low), (math.log10(3) - (high - low)) / 2)
        return _Range(low - beyond, high + beyond, scale)
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    return _Range(low, high)


def _round_step(rough: float) -> float:
    """The nearest of 1, 2, 5 times a power of ten at or above `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= rough * (1 - 1e-9))


def _labels(axis: _Range) -> list[tuple[float, str]]:
    """Ticks with as many decimals as their step needs; on a log scale 1, 2 and 5 of each power."""
    if axis.scale == "log":
        powers = range(math.floor(axis.low), math.ceil(axis.high) + 1)
        rounds = [m * 10.0**power for power in powers for m in (1, 2, 5)]
        return [(math.log10(v), f"{v:g}") for v in rounds if axis.low <= math.log10(v) <= axis.high]
    ticks = axis.ticks()
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    plain = max(map(abs, ticks), default=0.0) < 1e6 and decimals <= 5
    return [(tick, f"{tick:.{decimals}f}" if plain else f"{tick:g}") for tick in ticks]


def _font(points: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=FINE * points)
    assert isinstance(font, ImageFont.FreeTypeFont)  # with a size it always is
    return font
