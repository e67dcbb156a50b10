"""Region: the part of an image whose objects are wanted, a rectangle or drawn outlines.

An object belongs to it where the centre of its box lies in it; it is outlined whole, as the whole
image would outline it, also where it reaches beyond.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from jaxtyping import Bool

from kontur import formats
from kontur.errors import InputError
from kontur.formats.image_annotation import names_of
from kontur.instances import Instances
from kontur.instances.plane import Plane
from kontur.wording import listed, shortened

NUMBERS = re.compile(r"\s*(-?\d+(?:\.\d+)?)" + r"\s*,\s*(-?\d+(?:\.\d+)?)" * 3 + r"\s*")


@dataclass(frozen=True, eq=False)
class Region:
    """An area in pixels of an image, which may be empty, and how it was named."""

    area: shapely.Geometry
    name: str

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
        inside = shapely.intersection(self.area, shapely.box(0, 0, width, height))
        if inside.area == 0 and not self.area.is_empty:  # also where it only touches
            raise InputError(
                f"the region {self.name} lies outside the image, whose x runs from 0 to {width} "
                f"and y from 0 to {height}; are x and y exchanged?"
            )


class Drawn(NamedTuple):
    """An area and where it was drawn: the image's name in the file, and the plane or None."""

    file_name: str
    plane: Plane | None
    area: shapely.Geometry


@dataclass(frozen=True, eq=False)
class Regions:
    """The regions of all images that a word names.

    Numbers, and a file of one image, hold for any image; in a file of several images each is found
    by its name. Outlines on one plane hold for every plane, those on several each for their own.
    `digest` is that of the outlines of a file, which may become others; numbers say all themselves.
    """

    name: str
    drawn: tuple[Drawn, ...]
    digest: str | None = None

    def of_image(self, image: str | Path | None) -> "Regions":
        """Those of the image of this path.

        Raises `InputError` where there are some of several images and not exactly one is meant.
        """
        names = list(dict.fromkeys(each.file_name for each in self.drawn))
        if len(names) < 2:
            return self
        problem = "the image has no name"
        if image is not None:
            meant = names_of(str(image), names)
            if len(meant) == 1:
                drawn = tuple(each for each in self.drawn if each.file_name in meant)
                return replace(self, drawn=drawn)
            which = "more than one" if meant else "none"
            problem = f"{shortened(Path(image).name)} is {which} of them"
        raise InputError(
            f"{self.name} has outlines of several images ({listed(names)}), and {problem}; give a "
            "file of its outlines alone"
        )

    def of_plane(self, plane: Plane | None) -> Region:
        """The region of an image and plane; empty where outlines lie on other planes alone.

        Raises `InputError` as `of_image`, and where an image without planes has several.
        """
        drawn = self.of_image(None).drawn
        if len(drawn) > 1:
            if plane is None:
                raise InputError(
                    f"{self.name} has outlines on several planes of a stack, and the image is one "
                    "plane; give a file of its outlines alone"
                )
            drawn = tuple(one for one in drawn if (one.plane or Plane())[:2] == plane[:2])
        area = shapely.union_all([one.area for one in drawn])
        shapely.prepare(area)
        return Region(area, self.name)


def of_image(region: str | Regions | None, image: str | Path) -> Regions | None:
    """What an option says of an image. Errors as of `parse_region` and `Regions.of_image`."""
    return None if region is None else parse_region(region).of_image(image)


def region_of(
    region: str | Regions | None,
    image: str | Path | None,
    plane: Plane | None,
    size: tuple[int, int],
) -> Region | None:
    """The region of an image of `size` (h, w), which lies in it; None where all of it is wanted.

    Errors as of `parse_region`, `Regions` and `Region.check_inside`.
    """
    if region is None:
        return None
    found = parse_region(region).of_image(image).of_plane(plane)
    found.check_inside(size)
    return found


def parse_region(word: str | Regions) -> Regions:
    """The regions of `x,y,width,height` in pixels, or of a file of outlines, as QuPath writes them.

    What a file marks as to be ignored (QuPath's class `Ignore*`) is cut out. What is parsed already
    is given back. Raises `InputError` where it is neither, or has no area.

    >>> parse_region("10,20,300,40").of_plane(None).area.bounds
    (10.0, 20.0, 310.0, 60.0)
    """
    if isinstance(word, Regions):
        return word
    numbers = NUMBERS.fullmatch(word)
    if numbers is not None:
        x, y, width, height = map(float, numbers.groups())
        if min(width, height) <= 0:
            raise InputError(f"the region {word} has no area; wanted x,y,width,height in pixels")
        return Regions(word, (Drawn("", None, shapely.box(x, y, x + width, y + height)),))
    if not Path(word).exists():
        raise InputError(
            f"a region is x,y,width,height in pixels, such as 1000,2000,512,512, or a file of "
            f"outlines, got {word!r}"
        )
    entries = formats.read_images(word)
    drawn = tuple(
        Drawn(entry.file_name, entry.instances.plane, _wanted(entry.instances)) for entry in entries
    )
    if all(each.area.is_empty for each in drawn):
        ignored = any(entry.instances.ignore.any() for entry in entries)
        raise InputError(
            f"{word} has no outline of a region"
            + (" beside what is to be ignored; draw around what is wanted" if ignored else "")
        )
    return Regions(word, drawn, _digest(drawn))


def _wanted(instances: Instances) -> shapely.Geometry:
    ignored = shapely.union_all(instances.polygons[instances.ignore])
    return shapely.difference(shapely.union_all(instances.polygons[~instances.ignore]), ignored)


def _digest(drawn: Sequence[Drawn]) -> str:
    """The same however the outlines are written; of one image on one plane whatever their names."""
    whole = hashlib.sha256()
    for name, plane, area in sorted(drawn, key=lambda one: (one[0], (one[1] or Plane())[:2])):
        if len(drawn) > 1:
            whole.update(f"{name}\0{(plane or Plane())[:2]}\0".encode())
        whole.update(shapely.to_wkb(shapely.normalize(area)))
    return whole.hexdigest()[:16]
