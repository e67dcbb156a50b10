"""The working scale: the size at which a network looks at images, chosen by their objects.

Large objects are learned sooner where images are shrunk: a network sees all of them at once, a
crop shows them with their surroundings, and a step costs less. Thin ones would vanish, so the
width decides beside the side. Features of photographs were learned on larger objects: small ones
are enlarged for them. What was measured is in docs/results.md, by
`benchmarks/working_scale.py`.
"""

from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Float, Shaped

SIDE = 30.0  # pixels: typical objects larger than this are shrunk to it,
SIDE_OF_PHOTOGRAPHS = 50.0  # or to this, where a network begins with features of photographs,
WIDTH = 20.0  # but not so far that their width falls below this
LEAST = 0.1  # no image is shrunk further
STRIDE = 2  # image pixels per output pixel of a network, in most presets
CLEARLY = 0.7  # a scale nearer to 1 than this would cost sharpness and gain little
ENLARGED = 2.0  # where typical objects do not exceed the side for photographs then; no further


class WorkingScale(NamedTuple):
    """A scale, 1 as the images are, and why it was chosen, a sentence."""

    scale: float
    reason: str


def least_side(stride: int) -> int:
    """Pixels a side below which an object is hardly found: two of the output at this stride."""
    return 2 * stride


def widths(polygons: Shaped[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """Four areas by the perimeter, in pixels: a disc's diameter, twice the width of a thin band.

    >>> widths(np.array([shapely.box(0, 0, 4, 4), shapely.box(0, 0, 100, 2)])).round(1).tolist()
    [4.0, 3.9]
    """
    lengths = shapely.length(polygons)
    return 4 * shapely.area(polygons) / np.maximum(lengths, np.finfo(float).tiny)


def choose_scale(
    side: float | None, width: float | None, *, photographs: bool = False
) -> WorkingScale:
    """The scale for typical objects of `side` (the root of the area) and `width`, in pixels.

    None stands for images without objects. `photographs`: whether the network begins with features
    of photographs (`train.choose_backbone`), which were learned on objects that are larger.

    >>> [choose_scale(*each).scale for each in ((17, 16), (32, 12.6), (100, 90), (None, None))]
    [1.0, 1.0, 0.3, 1.0]
    """
    if side is None or width is None:
        return WorkingScale(1.0, "there are no objects to choose another by")
    typical = f"a typical object is {side:.0f} pixels a side"
    wanted = (SIDE_OF_PHOTOGRAPHS if photographs else SIDE) / side
    if side < least_side(STRIDE):
        return WorkingScale(1.0, f"{typical}, too small to be found; enlarge the images")
    if photographs and wanted >= ENLARGED:
        return WorkingScale(ENLARGED, f"{typical}; a network that knows photographs expects larger")
    if wanted > CLEARLY:
        return WorkingScale(1.0, f"{typical}, which is learned well as it is")
    least = WIDTH / width
    scale = round(max(wanted, least, LEAST), 2)
    if scale > CLEARLY:
        return WorkingScale(1.0, f"{typical}, but too thin to be shrunk")
    thin = " and would be too thin below" if least > wanted else ""
    return WorkingScale(scale, f"{typical}; large ones are learned sooner when shrunk{thin}")


def describe_scale(chosen: WorkingScale) -> str:
    """What was chosen and why, a sentence.

    >>> print(describe_scale(WorkingScale(0.4, "as data.scale says")))
    working scale 0.4, images shrunk for the network: as data.scale says
    """
    images = "images as they are"
    if chosen.scale != 1:
        images = f"images {'shrunk' if chosen.scale < 1 else 'enlarged'} for the network"
    return f"working scale {chosen.scale:g}, {images}: {chosen.reason}"
