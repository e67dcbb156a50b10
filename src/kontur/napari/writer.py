"""Writer: a layer of shapes or labels as a file, in any format that is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kontur import formats
from kontur.errors import InputError
from kontur.formats import ImageAnnotation
from kontur.formats.information_loss import information_losses
from kontur.instances import Instances
from kontur.napari.layers import instances_of
from kontur.napari.messages import show_message
from kontur.napari.origin import Index, origin_of


def write_shapes(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write a layer of shapes; returns the path."""
    return write_layer(path, data, attributes, "shapes")


def write_labels(path: str, data: Any, attributes: Mapping[str, Any]) -> list[str]:
    """Write a layer of labels; returns the path."""
    return write_layer(path, data, attributes, "labels")


def write_layer(path: str, data: Any, attributes: Mapping[str, Any], kind: str) -> list[str]:
    """Write a layer in the format of the ending; what the format cannot hold is told.

    The image's name, size and side of a pixel are those of the file or prediction that the layer
    was made of. Raises `InputError` where the format cannot hold the objects.
    """
    planes = instances_of(data, attributes, kind)
    leading = len(next(iter(planes), ()))
    origin = origin_of(attributes, leading)
    name = origin.image_name or formats.name_of(path)
    entries = annotations(planes, name, origin.pixel_size)
    write(Path(path), entries)
    return [path]


def annotations(
    planes: Mapping[Index, Instances], name: str, pixel_size: float | None
) -> list[ImageAnnotation]:
    """The objects of an image's planes as what a file says of it, in the order of the planes."""
    parts = [planes[index] for index in sorted(planes)] or [Instances.empty()]
    classes = tuple(dict.fromkeys(word for part in parts for word in part.classes))
    return [
        ImageAnnotation(name, part.size, _of_classes(part, classes), pixel_size=pixel_size)
        for part in parts
    ]


def write(path: Path, entries: list[ImageAnnotation]) -> None:
    """Write what a file says of an image, and tell what its format cannot hold."""
    kind = formats.format_to_write(path)
    planes = [entry.instances.plane for entry in entries]
    if len(entries) > 1 and not kind.planes:
        raise InputError(
            f"{kind.title} holds no planes of a stack, and there are outlines on {len(entries)}; "
            "write GeoJSON or ImageJ ROIs, or one plane alone"
        )
    if len(entries) > 1 and None in planes:
        raise InputError("outlines of a stack need their planes; label its axes t and z")
    formats.write_images(path, entries)
    for sentence in information_losses(kind, entries):
        show_message(sentence)


def _of_classes(instances: Instances, classes: tuple[str, ...]) -> Instances:
    """The same objects among the classes of all planes."""
    labels = [classes.index(instances.classes[label]) for label in instances.labels]
    return instances.replace(labels=labels, classes=classes)
