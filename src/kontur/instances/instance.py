"""Instance: one object of an image, its fields by name."""

from typing import NamedTuple

import shapely
from shapely import MultiPolygon, Polygon

from kontur.instances.immutable import FrozenDict


class Instance(NamedTuple):
    """One of the `Instances`: what iteration over them gives.

    `polygon` is in pixels of the image; `label` the index of its class, `class_name` the class;
    `score` is NaN where there is none; `ignore` whether evaluation leaves it out; `extras` what
    another program's file says of it.
    """

    polygon: Polygon | MultiPolygon
    label: int
    class_name: str
    score: float
    id: int
    ignore: bool
    extras: FrozenDict

    @property
    def area(self) -> float:
        """In square pixels, holes taken out."""
        return float(shapely.area(self.polygon))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The bounding box x0, y0, x1, y1 in pixels."""
        x0, y0, x1, y1 = shapely.bounds(self.polygon).tolist()
        return x0, y0, x1, y1
