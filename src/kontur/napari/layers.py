"""Outlines as a layer of shapes, which can be corrected, or of labels, which is drawn at once.

A layer of shapes divides every polygon into triangles: with the compiled package bermuda, which the
extra `napari` brings, 5,000 outlines of 40 points take 0.7 s, without it 65 s. Beyond `MOST` they
become labels, in which moving one costs nothing.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Literal

from kontur.errors import InputError
from kontur.instances import Instances
from kontur.napari.labels_layer import instances_of_labels, labels_layer
from kontur.napari.origin import Index, Origin
from kontur.napari.shapes_layer import LayerData, instances_of_shapes, shapes_layer

Kind = Literal["automatic", "shapes", "labels"]
MOST = {True: 5000, False: 200}  # outlines as shapes, with and without compiled triangulation
COMPILED = ("bermuda", "PartSegCore_compiled_backend")


def layer_of(origin: Origin, kind: Kind = "automatic", **attributes: Any) -> LayerData:
    """The layer of an origin's objects; "automatic" makes shapes unless there are too many."""
    if kind == "automatic":
        count = sum(map(len, origin.planes.values()))
        kind = "shapes" if count <= most_shapes() else "labels"
    make = shapes_layer if kind == "shapes" else labels_layer
    return make(origin, **attributes)


def most_shapes() -> int:
    """How many outlines become shapes, by what divides them into triangles."""
    return MOST[any(find_spec(name) is not None for name in COMPILED)]


def instances_of(data: Any, attributes: Mapping[str, Any], kind: str) -> dict[Index, Instances]:
    """The objects of a layer of shapes or labels, by plane; `InputError` for another layer."""
    if kind == "shapes":
        return instances_of_shapes(data, attributes)
    if kind == "labels":
        return instances_of_labels(data, attributes)
    raise InputError(f"outlines are in layers of shapes or labels, and this one is of {kind}")
