"""The style of all plots: sizes, colours, axes, labels. No pyplot, and nothing set globally.

A `$` in a name is a dollar, not mathematics. Letters that the shipped font lacks, such as Chinese
ones, are taken from another font of the system where there is one.
"""

import functools
import io
import re
from collections.abc import Sequence
from typing import Any

from kontur.evaluate.figure import GREY as GREY
from kontur.evaluate.figure import GRID as GRID
from kontur.evaluate.figure import INK as INK
from kontur.measure.extra import package

DPI = 200
WIDEST = 32  # characters in a line of a name
SIZE = 9  # points
BOX = "\N{WHITE SQUARE}"  # in place of a letter that no font has
TICKS = 8  # labelled ones, at most, on a logarithmic axis
# By the ratio of the ends of a logarithmic axis: the multiples of powers of ten that are labelled;
# beyond, only powers of ten are.
NUMBERED = {20: (1.0, 2.0, 5.0), 2000: (1.0, 3.0)}
# Of these the installed ones are used for letters that DejaVu, which matplotlib ships, lacks.
OTHER_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei"),
    *("Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Arial Unicode MS"),
)


def figure(width: float, height: float) -> Any:
    """An empty figure of a size in inches, in matplotlib's constrained layout."""
    return package("matplotlib.figure").Figure(
        figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white"
    )


def png(drawn: Any) -> bytes:
    """The figure as PNG, trimmed or widened to its content, so that no label is cut.

    A letter that no font of this system has is drawn as a box.
    """
    inside = io.BytesIO()
    texts = drawn.findobj(package("matplotlib.text").Text)
    for text in texts:
        text.set_fontfamily(_families())
    if any(_boxed(text.get_text()) != text.get_text() for text in texts):
        _draw_boxes(drawn, texts)
    drawn.savefig(inside, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.08)
    return inside.getvalue()


def _draw_boxes(drawn: Any, texts: Sequence[Any]) -> None:
    """Replace unknown letters in a figure, of which matplotlib would warn one by one."""
    for axes in drawn.axes:
        for axis in (axes.xaxis, axes.yaxis):  # whose labels are set anew when they are drawn
            if isinstance(axis.get_major_locator(), package("matplotlib.ticker").FixedLocator):
                axis.set_ticklabels([_boxed(label.get_text()) for label in axis.get_ticklabels()])
    for text in texts:
        text.set_text(_boxed(text.get_text()))


def _boxed(text: str) -> str:
    return "".join(c if c == "\n" or ord(c) in _known_letters() else BOX for c in text)


def words(text: str, width: int = WIDEST) -> str:
    """A name as text of a plot: unabridged, in several lines if long, `$` escaped.

    Lines end at a space, `_`, `/` or `-` where there is one.

    >>> words("cost_$_and_$"), words("a b", width=2), words("long_name", width=6)
    ('cost_\\\\$_and_\\\\$', 'a\\nb', 'long_\\nname')
    """
    lines = [""]
    for part in re.split(r"(?<=[ _/-])", text):
        for start in range(0, len(part), width):
            piece = part[start : start + width]
            if len(lines[-1]) + len(piece.rstrip()) <= width:
                lines[-1] += piece
            else:
                lines.append(piece)
    return "\n".join(line.rstrip(" ") for line in lines if line.strip()).replace("$", r"\$")


def unknown_letters(text: str) -> str:
    """The letters of a text that no font of this system has; they are drawn as boxes.

    >>> unknown_letters("area (µm²)")
    ''
    """
    known = _known_letters()
    return "".join(dict.fromkeys(c for c in text if c.isprintable() and ord(c) not in known))


def legend(
    drawn: Any, handles: Sequence[Any], title: str, *, place: str = "lower center", **more: Any
) -> None:
    """Draw a legend outside all axes of a figure; `more` are arguments of matplotlib's legend."""
    drawn.legend(
        handles=handles,
        title=words(title),
        loc=f"outside {place}",
        frameon=False,
        fontsize=SIZE,
        title_fontsize=SIZE,
        **more,
    )


def tidy(axes: Any, *, grid: str | None = None) -> None:
    """Format axes without a box, in the common colours; `grid` draws pale lines for x or y."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=GREY, labelcolor=INK, labelsize=SIZE)
    if grid is not None:
        axes.grid(axis=grid, color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)


def scale(axis: Any, *, log: bool, low: float, high: float) -> None:
    """Format an x or y axis as linear or logarithmic, with ticks in plain numbers."""
    ticker = package("matplotlib.ticker")
    if not log:
        axis.set_major_locator(ticker.MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        return
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    subs = next((subs for most, subs in NUMBERED.items() if high < most * low), (1.0,))
    axis.set_major_locator(ticker.LogLocator(subs=subs, numticks=TICKS))
    axis.set_minor_locator(ticker.LogLocator(subs=range(2, 10), numticks=20))
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: plain(value)))
    axis.set_minor_formatter(ticker.NullFormatter())


def plain(value: float) -> str:
    """The label of a tick: with commas between thousands, without powers below a million.

    >>> plain(20000), plain(0.002), plain(3e9)
    ('20,000', '0.002', '3e+09')
    """
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:g}"


@functools.cache
def _families() -> list[str]:
    manager = package("matplotlib.font_manager").fontManager
    installed = {font.name for font in manager.ttflist}
    return ["DejaVu Sans", *(name for name in OTHER_FONTS if name in installed)]


@functools.cache
def _known_letters() -> frozenset[int]:
    manager = package("matplotlib.font_manager")
    fonts = (manager.get_font(manager.findfont(family)) for family in _families())
    return frozenset(letter for font in fonts for letter in font.get_charmap())
