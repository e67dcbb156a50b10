"""Label levels: the axes, sizes and scales of a label image of OME-Zarr, and its smaller copies.

Of its own it has two axes, or those of the planes that objects lie on, and levels of half the size
each. In the store of an image it has the image's axes but the channels, its levels and its scales.
A pixel of a level has the label that lies at its centre: labels are never mixed.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Integer

from kontur.errors import InputError
from kontur.images import zarr_store
from kontur.images.ome_zarr import image as ome_zarr
from kontur.instances.plane import Plane

LARGEST_LAST = 1024  # pixels a side of the smallest level
TYPES = {"T": "time", "C": "channel"}  # of axes; else space


class LabelLevels(NamedTuple):
    """One letter an axis, the shape of every level, and the metadata of `multiscales`."""

    axes: str
    shapes: list[tuple[int, ...]]
    multiscale: dict[str, Any]

    def place_of(self, plane: Plane | None, where: Path) -> tuple[int, ...]:
        """The place of a plane before the rows; `InputError` where the levels have none such."""
        place = {"Z": plane.z, "T": plane.t} if plane else {}
        index = tuple(place.get(axis, 0) for axis in self.axes[:-2])
        counts = dict(zip(self.axes[:-2], self.shapes[0], strict=False))
        if plane is None and max(counts.values(), default=1) > 1:
            raise InputError(
                f"{where}: the image is a stack, and the outlines name no plane of it; choose one "
                "with --page N where they are made"
            )
        if any(number >= counts.get(axis, 1) for axis, number in place.items()):
            named = " and ".join(f"{axis.lower()} {number}" for axis, number in place.items())
            raise InputError(f"{where}: the outlines lie on the plane {named}, which is not there")
        return index


def of_planes(
    size: tuple[int, int], planes: Sequence[Plane | None], pixel_size: float | None, name: str
) -> LabelLevels:
    """The levels of a label image of its own, `size` (h, w), the side of a pixel in µm or None."""
    depth = 1 + max((plane.z for plane in planes if plane), default=0)
    frames = 1 + max((plane.t for plane in planes if plane), default=0)
    stacked = {"T": frames, "Z": depth}
    stacked = {axis: count for axis, count in stacked.items() if count > 1}
    axes = "".join([*stacked, "YX"])
    shapes: list[tuple[int, ...]] = []
    datasets: list[dict[str, Any]] = []
    step = 1
    while not shapes or max(shapes[-1][-2:]) > LARGEST_LAST:
        shapes.append((*stacked.values(), -(-size[0] // step), -(-size[1] // step)))
        side = step * (1.0 if pixel_size is None else pixel_size)
        scale = [side if axis in "YX" else 1.0 for axis in axes]
        datasets.append(_dataset(len(datasets), [{"type": "scale", "scale": scale}]))
        step *= 2
    unit = {} if pixel_size is None else {"unit": "micrometer"}
    words = [
        {"name": axis.lower(), "type": TYPES.get(axis, "space"), **(unit if axis in "YX" else {})}
        for axis in axes
    ]
    return LabelLevels(axes, shapes, {"name": name, "axes": words, "datasets": datasets})


def of_image(image: ome_zarr.OmeZarrImage, name: str) -> LabelLevels:
    """The levels of labels of an image, with its axes, sizes and scales but for the channels."""
    scales = zarr_store.attributes(zarr_store.opened(image.path))["multiscales"][0]
    kept = [i for i, axis in enumerate(image.axes) if axis != "C"]
    given = scales.get("axes")
    if not given or not isinstance(given[0], Mapping):
        raise InputError(
            f"{image.path} is of a version of OME-Zarr before 0.4, in which labels are not written"
        )
    if [image.axes[i] for i in kept[-2:]] != ["Y", "X"]:
        raise InputError(f"{image.path} has the axes {image.axes}; wanted y and x at their end")
    datasets = [
        _dataset(number, _without_channels(dataset.get("coordinateTransformations"), kept))
        for number, dataset in enumerate(scales["datasets"])
    ]
    whole = _without_channels(scales.get("coordinateTransformations"), kept)
    multiscale = {
        "name": name,
        "axes": [dict(given[i]) for i in kept],
        "datasets": datasets,
        **({"coordinateTransformations": whole} if whole else {}),
    }
    shapes = [tuple(level.shape[i] for i in kept) for level in image.levels]
    return LabelLevels("".join(image.axes[i] for i in kept), shapes, multiscale)


def sampled(array: Integer[np.ndarray, "h w"], size: Sequence[int]) -> Integer[np.ndarray, "h2 w2"]:
    """The labels at the centres of `size` pixels that cover the same area.

    >>> sampled(np.array([[1, 2, 3, 4, 5]]), (1, 3))
    array([[2, 4, 5]])
    """
    rows, columns = (
        np.minimum((np.arange(new) * 2 + 1) * -(-old // new) // 2, old - 1)
        if new < old
        else np.arange(old)
        for old, new in zip(array.shape, size, strict=True)
    )
    return array[np.ix_(rows, columns)]


def _dataset(number: int, transforms: list[dict[str, Any]]) -> dict[str, Any]:
    return {"path": str(number), "coordinateTransformations": transforms}


def _without_channels(transforms: Any, kept: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            key: [value[i] for i in kept] if isinstance(value, list) else value
            for key, value in one.items()
        }
        for one in transforms or ()
    ]
