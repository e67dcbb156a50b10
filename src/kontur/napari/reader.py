"""Reader: files of outlines, of every format of `formats.FORMATS`, as layers."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.image_annotation import by_file_name
from kontur.napari.layers import layer_of, most_shapes
from kontur.napari.messages import show_message
from kontur.napari.origin import Index, Origin
from kontur.napari.shapes_layer import LayerData
from kontur.wording import listed, plural

MOST_IMAGES = 12  # of a file, each of which becomes a layer

Paths = str | Sequence[str]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """What reads the file or files, None where they are none of outlines."""
    paths = [path] if isinstance(path, str) else list(path)
    if paths and all(formats.find_format(one) is not None for one in paths):
        return read
    return None


def read(path: Paths) -> list[LayerData]:
    """A layer of every image of the files: outlines as shapes, label images as labels."""
    paths = [path] if isinstance(path, str) else list(path)
    return [layer for one in paths for layer in _read_file(Path(one))]


def _read_file(path: Path) -> list[LayerData]:
    raster = formats.format_of(path).raster
    images = by_file_name(formats.read_images(path))
    if len(images) > MOST_IMAGES:
        raise InputError(
            f"{path} describes {plural(len(images), 'image')} ({listed(images)}), and napari shows "
            "them all over one another; kontur convert writes a file an image"
        )
    layer = partial(_layer, path, raster=raster, alone=len(images) == 1)
    return [layer(name, planes) for name, planes in images.items()]


def _layer(
    path: Path, name: str, entries: Sequence[ImageAnnotation], *, raster: bool, alone: bool
) -> LayerData:
    origin = origin_of_annotations(entries)
    title = formats.name_of(path) if alone else name
    count = sum(map(len, origin.planes.values()))
    if raster:
        return layer_of(origin, "labels", name=title)
    if count > most_shapes():
        show_message(
            f"{title}: {plural(count, 'outline')} are shown as labels, for so many are slow as "
            "shapes; those that nobody paints over are written as the outlines that they were"
        )
    return layer_of(origin, name=title)


def origin_of_annotations(entries: Sequence[ImageAnnotation]) -> Origin:
    """The origin of one image, or of the planes of one: which axes it needs, they tell."""
    planes = [entry.instances.plane for entry in entries]
    depth = any(plane is not None and plane.z for plane in planes)
    time = any(plane is not None and plane.t for plane in planes)
    axes = tuple(axis for axis, needed in (("t", time), ("z", depth)) if needed)
    indices: list[Index] = [
        () if plane is None else tuple(getattr(plane, axis) for axis in axes) for plane in planes
    ]
    first = entries[0]
    objects = {i: entry.instances for i, entry in zip(indices, entries, strict=True)}
    return Origin(objects, axes, first.file_name, pixel_size=first.pixel_size)
