"""Instances on matplotlib's axes, over their image or alone."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Shaped

from kontur import extra
from kontur.display.outline_axes import draw_lines, show_image
from kontur.display.stretch import stretch
from kontur.errors import InputError
from kontur.instances.colours import object_colours

if TYPE_CHECKING:
    from kontur.instances import Instances

WIDTH = 1.0  # points, of a line


def plot(
    instances: "Instances", image: Any = None, *, axes: Any = None, width: float, fill: float
) -> Any:
    """The axes of matplotlib with the image and the outlines; see `Instances.plot`."""
    pixels = None if image is None else _pixels(image, instances.size)
    if axes is None:
        axes = extra.package(
            "matplotlib.pyplot", extra="notebook", what="plotting with matplotlib"
        ).gca()
    size = instances.size if pixels is None else pixels.shape[:2]
    if pixels is not None:
        show_image(axes, stretch(pixels))
    if len(instances):
        colours = object_colours(instances) / 255
        draw_lines(axes, instances.polygons, colours, width=width, fill=fill)
    axes.set_aspect("equal")
    if size is not None:
        axes.set(xlim=(0, size[1]), ylim=(size[0], 0))
    else:
        axes.autoscale_view()
        axes.yaxis.set_inverted(True)
    return axes


def _pixels(image: Any, size: tuple[int, int] | None) -> Shaped[np.ndarray, "h w c"]:
    """An image as an array with its channels last; an image that was read has `pixels`."""
    if isinstance(image, str):
        raise InputError(
            f"plot shows an array, and {image} is a name; read it first: "
            "kontur.images.image_file.read_image(name)"
        )
    array = np.asarray(getattr(image, "pixels", image))
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim == 3 and size is not None and array.shape[:2] != size == array.shape[1:]:
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] == 0 or array.dtype.kind not in "buif":
        raise InputError(
            "plot wants an image (h, w) or (h, w, c) of numbers, "
            f"got {array.shape} of {array.dtype}"
        )
    if size is not None and array.shape[:2] != size:
        raise InputError(
            f"the objects are of an image of {size[0]}×{size[1]} pixels, this one has "
            f"{array.shape[0]}×{array.shape[1]}"
        )
    array = array.astype(np.uint8) * 255 if array.dtype == bool else array
    is_rgba = array.shape[2] == 4 and array.dtype == np.uint8
    return array[:, :, :3] if is_rgba else array
