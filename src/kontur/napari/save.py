"""Saving outlines from the window: in any format, with their image as training data."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from kontur import formats
from kontur.errors import InputError
from kontur.files import atomic
from kontur.files.tiff_density import density
from kontur.instances import Instances
from kontur.napari.layers import instances_of
from kontur.napari.origin import Index
from kontur.napari.outline_layer import image_name, pixel_size
from kontur.napari.planes import full_resolution, leading_shape, plane_pixels
from kontur.napari.writer import annotations, write


def suggested_file(image: Any, format: str) -> Path | None:
    """Where outlines of an image layer are training data: beside its file; None without one."""
    if image is None or not image.source.path:
        return None
    path = Path(image.source.path)
    return path.parent / (formats.name_of(path.name) + formats.WRITABLE[format].ending)


def save_outlines(
    path: Path, outlines: Any, image: Any | None, *, with_image: bool = False
) -> tuple[int, list[Path]]:
    """Write a layer of shapes or labels; how many objects, and the files.

    With an image layer outlines are in its pixels, whatever the two layers' scales, and have its
    name and size. `with_image` writes the image as TIFF beside the file, each plane of a stack for
    itself with its outlines: a training folder. Raises `InputError` where a layer of labels lies
    elsewhere than the image, and where the format cannot hold the objects.
    """
    data, attributes, kind = outlines.as_layer_data_tuple()
    if image is not None:
        data = _in_pixels_of(image, outlines, data, kind)
    planes = instances_of(data, attributes, kind)
    if image is None:
        name, side = formats.name_of(path), None
    else:
        name, side = image_name(image), pixel_size(image)
        planes = {index: _sized(one, image) for index, one in planes.items()}
    if image is None or not with_image:
        write(path, annotations(planes, name, side))
        return sum(map(len, planes.values())), [path]
    files = [file for index, one in planes.items() for file in _pair(path, image, index, one)]
    return sum(map(len, planes.values())), files


def _pair(path: Path, image: Any, index: Index, instances: Instances) -> list[Path]:
    """The outlines of one plane, and its pixels beside them."""
    ending = formats.ending_of(path)
    stem = "_".join([path.name.removesuffix(ending), *map(str, index)])
    picture, file = path.parent / f"{stem}.tif", path.parent / f"{stem}{ending}"
    if picture == file:
        raise InputError(f"{file} would be both image and outlines; choose another format or name")
    _write_image(picture, plane_pixels(image, index), pixel_size(image))
    write(file, annotations({(): instances.replace(plane=None)}, picture.name, pixel_size(image)))
    return [file, picture]


def _write_image(path: Path, pixels: Shaped[np.ndarray, "h w *c"], side: float | None) -> None:
    import tifffile

    colour = "rgb" if pixels.ndim == 3 else "minisblack"
    with atomic.replacing(path) as beside:
        tifffile.imwrite(beside, pixels, photometric=colour, metadata=None, **density(side))


def _sized(instances: Instances, image: Any) -> Instances:
    first = len(leading_shape(image))
    height, width = full_resolution(image).shape[first : first + 2]
    if instances.size not in (None, (height, width)):
        raise InputError(
            f"the outlines are of an image of {instances.size[0]}×{instances.size[1]} pixels, the "
            f"image layer has {height}×{width}; choose the image that they are of"
        )
    return instances.replace(size=(height, width))


def _in_pixels_of(image: Any, outlines: Any, data: Any, kind: str) -> Any:
    """The data of a layer in pixels of the image: the same where both lie alike in the world."""
    corners = np.array([np.zeros(outlines.ndim), np.ones(outlines.ndim)])
    if image.ndim < outlines.ndim:
        raise InputError(
            f"{outlines.name} has {outlines.ndim} axes and the image {image.ndim}; choose "
            "the image that the outlines are of"
        )
    if np.allclose(_moved(image, outlines, corners), corners):
        return data
    if kind == "labels":
        return _shifted(image, outlines, data)
    return [_moved(image, outlines, points) for points in data]


def _shifted(image: Any, outlines: Any, data: Any) -> Any:
    """Labels of a part of a stack lie on their planes; any other displacement has no pixels."""
    corners = np.array([np.zeros(outlines.ndim), np.ones(outlines.ndim)])
    moved = _moved(image, outlines, corners) - corners
    if np.allclose(moved[:, -2:], 0) and np.allclose(moved[0], moved[1]):
        return data
    raise InputError(
        f"the labels of {outlines.name} do not lie on the pixels of {image.name}; choose the image "
        "that they are of"
    )


def _moved(image: Any, outlines: Any, points: Any) -> Any:
    """Points of one layer as points of another, whose last axes those of the first are."""
    world = np.array([outlines.data_to_world(point) for point in np.asarray(points, float)])
    if image.ndim > outlines.ndim:
        rest = np.zeros((len(world), image.ndim - outlines.ndim))
        world = np.hstack([rest, world])
    return np.array([image.world_to_data(point) for point in world])[:, -outlines.ndim :]
