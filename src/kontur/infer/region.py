"""Region: the part of an image whose objects are wanted, a rectangle or drawn outlines.

An object belongs to it where the centre of its box lies in it; it is outlined whole, as the whole
image would outline it, also where it reaches beyond.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from jaxtyping import Bool

from kontur import formats
from kontur.errors import InputError
from kontur.instances import Instances

NUMBERS = re.compile(r"\s*(\d+(?:\.\d+)?)" + r"\s*,\s*(\d+(?:\.\d+)?)" * 3 + r"\s*")


@dataclass(frozen=True, eq=False)
class Region:
    """An area in pixels of the image, and how it was named.

    `digest` is that of the outlines of a file, which may become others; numbers say all themselves.
    """

    area: shapely.Geometry
    name: str
    digest: str | None = None

    def holds(self, instances: Instances) -> Bool[np.ndarray, " k"]:
        """Which objects belong to the region."""
        x0, y0, x1, y1 = instances.boxes.T
        return shapely.intersects_xy(self.area, (x0 + x1) / 2, (y0 + y1) / 2)

    def meets(self, x0: float, y0: float, x1: float, y1: float) -> bool:
        """Whether some of a box lies in the region."""
        return bool(shapely.intersects(self.area, shapely.box(x0, y0, x1, y1)))

    def check_inside(self, size: tuple[int, int]) -> None:
        """Raise `InputError` where nothing of the region lies in an image of `size` (h, w)."""
        height, width = size
        if not self.meets(0, 0, width, height):
            raise InputError(
                f"the region {self.name} lies outside the image, whose x runs from 0 to {width} "
                f"and y from 0 to {height}; are x and y exchanged?"
            )


def parse_region(word: str) -> Region:
    """The region of `x,y,width,height` in pixels, or of a file of outlines, as QuPath writes them.

    Raises `InputError` where it is neither, or has no area.

    >>> parse_region("10,20,300,40").area.bounds
    (10.0, 20.0, 310.0, 60.0)
    """
    numbers = NUMBERS.fullmatch(word)
    if numbers is not None:
        x, y, width, height = map(float, numbers.groups())
        if min(width, height) <= 0:
            raise InputError(f"the region {word} has no area; wanted x,y,width,height in pixels")
        return Region(shapely.box(x, y, x + width, y + height), word)
    if not Path(word).exists():
        raise InputError(
            f"a region is x,y,width,height in pixels, such as 1000,2000,512,512, or a file of "
            f"outlines, got {word!r}"
        )
    outlines = [entry.instances.polygons for entry in formats.read_images(word)]
    area = shapely.union_all(np.concatenate(outlines))
    if area.is_empty:
        raise InputError(f"{word} has no outline of a region")
    shapely.prepare(area)
    drawn = shapely.to_wkb(shapely.normalize(area))
    return Region(area, word, hashlib.sha256(drawn).hexdigest()[:16])
