"""An image to measure: its objects, its pixels, and what else is known of it, read when wanted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from jaxtyping import Shaped

from kontur.images.lazy_pixels import Pixels
from kontur.images.pixel_sides import Sides
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.measure.in_windows import Outlines
from kontur.measure.sources.large_outlines import unstated


@dataclass(frozen=True, eq=False)
class Picture:
    """The objects of one image, the image `(h, w, c)` if there is one, its pixel size in µm."""

    instances: Instances
    image: Shaped[np.ndarray, "h w c"] | None = None
    pixel_size: float | None = None


@dataclass(frozen=True, eq=False)
class LargePicture:
    """The same where image or objects may be so large that they stay on the disk."""

    instances: Outlines
    image: Pixels | None = None
    pixel_size: float | None = None


@dataclass(frozen=True, eq=False)
class Source:
    """An image's name, how its objects are read, and its row of `metadata.csv`.

    `read` gives all of image and objects; `open` may leave them on the disk. `plane` is that of a
    stack of which every plane is measured. `sides` reads width and height of a pixel in µm, also
    where they differ, as image or label image state them.
    """

    name: str
    read: Callable[[], Picture]
    open: Callable[[], Picture | LargePicture]
    metadata: Mapping[str, str] = field(default_factory=dict)
    plane: Plane | None = None
    sides: Callable[[], Sides | None] = unstated

    @classmethod
    def whole(
        cls, name: str, read: Callable[[], Picture], metadata: Mapping[str, str] | None = None
    ) -> Self:
        """A source that is small enough to be read at once."""
        return cls(name, read, read, metadata or {})


@dataclass(frozen=True, eq=False)
class Sources:
    """All images to measure, in the order of their names, and warnings about them.

    `training` says that they are those of a training folder or a COCO file with its images.
    """

    images: tuple[Source, ...]
    notes: tuple[str, ...] = ()
    training: bool = False
