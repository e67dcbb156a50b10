"""Planes of an image layer: the one that is shown, or all; each is an image for a model."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur.napari.origin import Index


def leading_shape(layer: Any) -> tuple[int, ...]:
    """The lengths of a layer's axes before row and column, at its full resolution."""
    shape = full_resolution(layer).shape
    return tuple(shape[: len(shape) - (3 if layer.rgb else 2)])


def shown_index(layer: Any, point: Any) -> Index:
    """The plane of a layer that is shown where the viewer stands at a `point` of its world.

    A viewer may have more axes than the layer, which then has the last of them.
    """
    shape = leading_shape(layer)
    place = np.rint(layer.world_to_data(np.asarray(point, float)[-layer.ndim :]))
    steps = zip(place[: len(shape)], shape, strict=True)
    return tuple(int(np.clip(step, 0, length - 1)) for step, length in steps)


def every_index(layer: Any) -> list[Index]:
    """All planes of a layer; a single image has one, ()."""
    return list(np.ndindex(leading_shape(layer)))


def plane_pixels(layer: Any, index: Index) -> Shaped[np.ndarray, "h w *c"]:
    """The pixels of a plane at full resolution, read from the disk where they lie there."""
    return np.asarray(full_resolution(layer)[index])


def full_resolution(layer: Any) -> Any:
    """The array of a layer, of a multi-scale one its largest."""
    return layer.data[0] if layer.multiscale else layer.data


def placement(layer: Any) -> dict[str, Any]:
    """Where and how large a layer lies in the world, for a layer of the same pixels over it."""
    names = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
    return {name: getattr(layer, name) for name in names if hasattr(layer, name)}
