"""Origin: the objects that a layer was made of, kept in its metadata.

An outline that nobody touched in napari comes back as it was, to the last decimal, though a layer
of shapes holds single precision and a layer of labels pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kontur.instances import CLASSES, Instances
from kontur.instances.plane import Plane

KEY = "kontur"  # in the metadata of a layer
Index = tuple[int, ...]  # along the axes before row and column


@dataclass(frozen=True, eq=False)
class Origin:
    """The objects of each plane of a layer, by its index along the layer's leading axes.

    A single image has the index (). `axes` names the leading axes: `z` or `t`; `start` is the index
    of the layer's first plane in the stack. `pixel_size` is the side of a pixel in µm, or None.
    """

    planes: Mapping[Index, Instances] = field(default_factory=dict)
    axes: tuple[str, ...] = ()
    image_name: str = ""
    start: Index = ()
    pixel_size: float | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """The (height, width) of the image, where any of its objects know it."""
        return next((one.size for one in self.planes.values() if one.size is not None), None)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes of all planes."""
        names = [name for one in self.planes.values() for name in one.classes]
        return tuple(dict.fromkeys(names)) or CLASSES

    def at(self, index: Index) -> Instances:
        """The objects of a plane, none where there were none."""
        return self.planes.get(index, Instances.empty(self.size, self.classes))

    def plane(self, index: Index) -> Plane | None:
        """The plane of an index, None for an image that is of no stack."""
        known = self.planes.get(index)
        if known is not None and known.plane is not None:
            return known.plane
        if not index:
            return None
        place = dict(zip(self.axes, index, strict=True))
        return Plane(z=place.get("z", 0), t=place.get("t", 0))


def origin_of(attributes: Mapping[str, Any], leading: int) -> Origin:
    """The origin of a layer with so many leading axes; an empty one where another made it."""
    origin = attributes.get("metadata", {}).get(KEY)
    if isinstance(origin, Origin) and len(origin.axes) == leading:
        return origin
    return Origin(axes=leading_axes(attributes.get("axis_labels", ()), leading))


def leading_axes(labels: Any, leading: int) -> tuple[str, ...]:
    """What the leading axes are: `z` where a label says so; else `t`, and of two `t` and `z`.

    >>> leading_axes(("z", "y", "x"), 1), leading_axes((), 1), leading_axes((), 2)
    (('z',), ('t',), ('t', 'z'))
    """
    names = [str(label).lower()[:1] for label in tuple(labels)[:leading]]
    if len(names) == leading and len(set(names)) == leading and set(names) <= {"z", "t"}:
        return tuple(names)
    return ("t", "z")[:leading] if leading <= 2 else tuple(f"axis{i}" for i in range(leading))
