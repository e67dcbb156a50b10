"""Scale bar: a length to compare with, drawn on an image."""

import math
from typing import Any

from kontur.measure.extra import package
from kontur.measure.plots import style

ROUND = (1, 2, 5)  # times a power of ten: lengths of scale bars


def draw_bar(
    axes: Any,
    corner: tuple[float, float],
    width: float,
    pixel_size: float | None,
    *,
    share: float = 0.3,
) -> None:
    """Draw a scale bar of a round length at the lower left corner of a view.

    The view is `width` pixels wide; the bar is at most `share` of it and labelled with its length,
    in µm if `pixel_size` is given, else in pixels.
    """
    stroke = package("matplotlib.patheffects").withStroke
    side = pixel_size or 1.0
    length, unit = bar_length(width * side * share), "µm" if pixel_size else "px"
    x, y = corner[0] + 0.04 * width, corner[1] - 0.05 * width
    axes.plot(
        [x, x + length / side],
        [y, y],
        color="white",
        linewidth=2.2,
        solid_capstyle="butt",
        path_effects=[stroke(linewidth=3.4, foreground="black")],
    )
    axes.text(
        x,
        y - 0.02 * width,
        f"{style.plain(length)} {unit}",
        color="white",
        fontsize=style.SIZE - 2,
        verticalalignment="bottom",
        path_effects=[stroke(linewidth=1.6, foreground="black")],
    )


def bar_length(most: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `most`.

    >>> bar_length(30), bar_length(7.5), bar_length(0.9)
    (20.0, 5.0, 0.5)
    """
    power = 10.0 ** math.floor(math.log10(most))
    return max(round(power * number, 12) for number in ROUND if power * number <= most)
