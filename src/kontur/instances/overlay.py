"""Objects drawn on their image, to look at, and as a file.

An object has its own colour, or that of its class where there are several classes; regions to
ignore are grey.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from jaxtyping import Num, UInt8

from kontur.display.overlay import overlay
from kontur.display.stretch import DisplayRange
from kontur.errors import InputError
from kontur.files import atomic
from kontur.files.tiff_density import density
from kontur.instances import Instances
from kontur.instances.colours import object_colours

SMALL, LARGE = 768, 4096  # pixels; `write_overlay` enlarges below and shrinks above
CLASSIC = 1 << 31  # bytes of pixels that surely fit into a TIFF which is no BigTIFF, tags too


class DrawnPlane(NamedTuple):
    """A plane of a stack and its objects, to be drawn; the side of a pixel in µm or None."""

    image: Num[np.ndarray, "h w c"]
    instances: Instances
    pixel_size: float | None = None


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

    zoom = _zoom(image)
    picture = Image.fromarray(draw(image, instances, zoom=zoom, ids=ids, contrast=contrast))
    with atomic.replacing(path, overwrite=overwrite) as beside:
        picture.save(beside, format="PNG", compress_level=4)


def write_stack_overlay(
    path: str | Path,
    planes: Sequence[DrawnPlane],
    *,
    contrast: DisplayRange,
    track_colours: Mapping[int, int] = MappingProxyType({}),
    overwrite: bool = True,
) -> None:
    """Write the drawings of the planes of a stack as the pages of a TIFF, of sizes as above.

    All are shown in one range; `track_colours` as of `object_colours`. Planes are drawn one by one
    and held by nobody: `planes` may be lazy, and is not empty. Where pages might not fit into a
    TIFF of 4 GB, it is a BigTIFF.
    """
    import tifffile

    height, width = planes[0].image.shape[:2]
    large = 3 * height * width * _zoom(planes[0].image) ** 2 * len(planes) > CLASSIC
    with (
        atomic.replacing(path, overwrite=overwrite) as beside,
        tifffile.TiffWriter(beside, bigtiff=large) as pages,
    ):
        for image, instances, side in planes:
            zoom = _zoom(image)
            scale = density(None if side is None else side / zoom)
            colours = object_colours(instances, track_colours)
            picture = draw(image, instances, zoom=zoom, contrast=contrast, colours=colours)
            pages.write(picture, photometric="rgb", compression="zlib", metadata=None, **scale)


def _zoom(image: Num[np.ndarray, "h w c"]) -> float:
    """By how much a picture is drawn larger: a whole number, or one divided by it."""
    side = max(image.shape[:2])
    if side > LARGE:
        return 1 / math.ceil(side / LARGE)
    return float(min(8, math.ceil(SMALL / side))) if side < SMALL else 1.0


def draw(
    image: Num[np.ndarray, "h w c"],
    instances: Instances,
    *,
    width: float | None = None,
    zoom: float = 1.0,
    ids: bool = False,
    contrast: DisplayRange | None = None,
    colours: UInt8[np.ndarray, "k 3"] | None = None,
) -> UInt8[np.ndarray, "_ _ 3"]:
    """An RGB picture `(h·zoom, w·zoom, 3)` of the image with the objects' outlines.

    `ids` writes the objects' ids on them, `colours` are others than `object_colours`; the other
    arguments as in `display.overlay`. No objects give the stretched image. Raises `InputError`
    where the objects are of another size.
    """
    if instances.size is not None and instances.size != image.shape[:2]:
        raise InputError(
            f"the objects are of an image of {instances.size[0]}×{instances.size[1]} pixels, "
            f"this one has {image.shape[0]}×{image.shape[1]}"
        )
    return overlay(
        image,
        instances.polygons,
        object_colours(instances) if colours is None else colours,
        width=width,
        zoom=zoom,
        ids=instances.ids if ids else None,
        contrast=contrast,
    )
