"""Objects drawn on their image, to look at, and as a file.

An object has its own colour, or that of its class where there are several classes; regions to
ignore are grey.
"""

import math
from pathlib import Path

import numpy as np
from jaxtyping import Num, UInt8

from kontur.display.overlay import overlay
from kontur.display.stretch import DisplayRange
from kontur.errors import InputError
from kontur.files import atomic
from kontur.instances import Instances
from kontur.instances.colours import object_colours

SMALL, LARGE = 768, 4096  # pixels; `write_overlay` enlarges below and shrinks above


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

    `ids` writes the objects' ids on them; the other arguments as in `display.overlay`. No objects
    give the stretched image. Raises `InputError` where the objects are of another size.
    """
    if instances.size is not None and instances.size != image.shape[:2]:
        raise InputError(
            f"the objects are of an image of {instances.size[0]}×{instances.size[1]} pixels, "
            f"this one has {image.shape[0]}×{image.shape[1]}"
        )
    return overlay(
        image,
        instances.polygons,
        object_colours(instances),
        width=width,
        zoom=zoom,
        ids=instances.ids if ids else None,
        contrast=contrast,
    )
