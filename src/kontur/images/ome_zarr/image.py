"""OME-Zarr 0.1 to 0.5: images of Zarr with axes, levels of a pyramid, and the size of a pixel.

An image is opened without reading a pixel: `open_image` gives its levels, and `read` the pixels of
a window of one plane, whose chunks alone are fetched. Plates, and files of several images, name
them by places inside: `plate.ome.zarr/A/1/0`. An array of Zarr without metadata is read by its
shape, as arrays in memory are. After the OME-Zarr specification.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.errors import InputError
from kontur.images import stack, zarr_store
from kontur.images.arrays import image_array, plane_in_array
from kontur.images.channels import COLOURS, UNNAMED, Channel, channel_number
from kontur.images.lazy_pixels import native
from kontur.images.pixel_size import MICROMETRES, square_side
from kontur.instances.plane import Plane
from kontur.wording import listed

AXES = "TCZYX"  # of images before 0.3, which do not name theirs
UNITS = {  # µm, by the names of UDUNITS-2 that OME-Zarr uses
    **{"angstrom": 1e-4, "picometer": 1e-6, "nanometer": 1e-3, "micrometer": 1.0},
    **{"millimeter": 1e3, "centimeter": 1e4, "decimeter": 1e5, "meter": 1e6, "inch": 25400.0},
}
LARGEST_CHUNK = 1 << 30  # bytes of one chunk unpacked
SMALL = 1 << 26  # bytes of pixels that any store may claim
MOST = 100_000  # bytes of pixels that a byte of a store can hold; chunks of one value are left out


class OmeZarrImage(NamedTuple):
    """An image of OME-Zarr, opened and not read.

    `axes` has one letter each (T, C, Z, Y, X; any other is counted by pages), `levels` are arrays
    of Zarr, full resolution first, `pixel_sizes` the side of a pixel of each in µm, or None.
    `names` are those of the channels by its metadata, "unnamed" where it gives none. `sides` are
    width and height of a pixel in µm at full resolution, fewer where they are not known.
    """

    path: Path
    axes: str
    levels: tuple[Any, ...]
    pixel_sizes: tuple[float | None, ...]
    names: tuple[str, ...]
    sides: Sequence[float] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of several measured channels; () of one, and of red, green and blue."""
        colours = tuple(name.lower() for name in self.names) == COLOURS
        return () if len(self.names) == 1 or colours else self.names

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) at full resolution."""
        return _size(self.axes, self.levels[0].shape)

    @property
    def pages(self) -> int:
        """How many planes it has."""
        return stack.pages(self.axes, self.levels[0].shape)

    def plane(self, page: int | None) -> Plane | None:
        """Where in its stack a page lies; None without one, and of a single image.

        `InputError` as in `read`.
        """
        if page is None or self.pages == 1:
            return None
        shape = self.levels[0].shape
        return stack.plane_at(self.axes, shape, self._index(page, 0), page)

    def read(
        self,
        *,
        page: int | None = None,
        level: int = 0,
        rows: slice = slice(None),
        columns: slice = slice(None),
        channel: Channel | None = None,
    ) -> Shaped[np.ndarray, "h w c"]:
        """The pixels of a window of one plane as stored, booleans as 0 and 255.

        `rows` and `columns` are pixels of the `level`, without a step; `channel`, by number or
        name, keeps one. Raises `InputError` for a stack without a `page`, for a page or channel
        that is not there, and for damaged chunks.
        """
        array, index = self.levels[level], self._index(page, level)
        for axis, window in (("Y", rows), ("X", columns)):
            index[self.axes.index(axis)] = window
        if channel is not None:
            number = self.channel_number(channel)
            if "C" in self.axes:
                index[self.axes.index("C")] = slice(number, number + 1)
        left = [a for a, i in zip(self.axes, index, strict=True) if isinstance(i, slice)]
        _check_claim(self.path, array, index)
        with zarr_store.reading(self.path):
            pixels = np.asarray(array[tuple(index)])
        if "C" not in left:
            pixels, left = pixels[..., None], [*left, "C"]
        pixels = pixels.transpose([left.index(axis) for axis in "YXC"])
        return pixels.astype(np.uint8) * 255 if pixels.dtype == bool else native(pixels)

    def _index(self, page: int | None, level: int) -> list[int | slice]:
        what = f"a {stack.described(self.axes, self.levels[0].shape)}"
        page = stack.chosen_page(page, self.pages, self.path, what)
        index = stack.index_of(self.axes, self.levels[0].shape, page)
        for axis, length in enumerate(self.levels[level].shape):  # a pyramid may shrink its depth
            place, whole = index[axis], self.levels[0].shape[axis]
            if isinstance(place, int) and length < whole:
                index[axis] = min(place * length // whole, length - 1)
        return index

    def channel_number(self, channel: Channel) -> int:
        """The number of a channel from 0; errors as of `channels.channel_number`."""
        return channel_number(channel, self.names, len(self.names), self.path)


def open_image(path: str | Path) -> OmeZarrImage:
    """The image at a path, without its pixels.

    Raises `InputError` where there is none, where the store holds several, naming them, and where
    it is damaged; also without the package zarr.
    """
    place, node = Path(path), zarr_store.opened(path)
    if not hasattr(node, "members"):  # an array
        raise InputError(f"{place} is an array of Zarr without axes; name the image that it is of")
    with zarr_store.reading(place):
        words = zarr_store.attributes(node)
        if "multiscales" not in words:
            return _only_image(place, node, words)
        scales = words["multiscales"][0]
        levels = tuple(node[str(dataset["path"])] for dataset in scales["datasets"])
        axes, units = _axes(scales.get("axes"), levels[0].ndim)
        _check_levels(place, axes, levels)
        steps = [_scale(scales, dataset, len(axes)) for dataset in scales["datasets"]]
        sides = [_sides(axes, units, step) for step in steps]
        sizes = tuple(map(square_side, sides))
        return OmeZarrImage(place, axes, levels, sizes, _names(words, axes, levels[0]), sides[0])


def read(
    path: Path, *, page: int | None, channel: Channel | None
) -> tuple[Shaped[np.ndarray, "h w c"], float | None, tuple[str, ...], Plane | None]:
    """The pixels of one plane, the side of a pixel in µm, the names of stains, and the plane."""
    node = zarr_store.opened(path)
    if not hasattr(node, "members"):
        _check_claim(path, node, [slice(None)] * node.ndim)
        with zarr_store.reading(path):
            array = np.asarray(node[...])
        pixels = image_array(array, channel=channel, page=page, where=str(path))
        return native(pixels), None, (), plane_in_array(array, page)
    image = open_image(path)
    pixels = image.read(page=page, channel=channel)
    stains = image.channels if channel is None else ()
    return pixels, image.pixel_sizes[0], stains, image.plane(page)


def images_in(node: Any, words: Mapping[str, Any]) -> list[str]:
    """The places of images in a group that is a plate, a well or a series; [] where it is none."""
    if "plate" in words:
        wells = [str(well["path"]) for well in words["plate"]["wells"]]
        return [f"{well}/0" for well in wells]
    if "well" in words:
        return [str(image["path"]) for image in words["well"]["images"]]
    return sorted(name for name in node.group_keys() if name.isdecimal())


def _only_image(place: Path, node: Any, words: Mapping[str, Any]) -> OmeZarrImage:
    inside = images_in(node, words)
    if len(inside) == 1:
        return open_image(place / inside[0])
    if not inside:
        held = listed(sorted(name for name, _ in node.members()), most=6) or "nothing"
        raise InputError(f"{place} is no image of OME-Zarr (it holds {held})")
    what = "a plate" if "plate" in words else "a store"
    first, last = place / inside[0], place / inside[-1]
    raise InputError(
        f"{place} is {what} of {len(inside)} images; name the one you mean, from {first} to {last}"
    )


def _axes(given: Any, dimensions: int) -> tuple[str, tuple[str | None, ...]]:
    """One letter for each axis, and their units."""
    if given is None:
        return AXES[-dimensions:], (None,) * dimensions
    letters, units = [], []
    for axis in given:
        name = str(axis["name"] if isinstance(axis, Mapping) else axis).lower()
        kind = axis.get("type") if isinstance(axis, Mapping) else None
        known = name.upper() if name in ("t", "c", "z", "y", "x") else None
        other = {"channel": "C", "time": "T"}.get(str(kind), "Q")
        letters.append(known or other)
        units.append(axis.get("unit") if isinstance(axis, Mapping) else None)
    return "".join(letters), tuple(units)


def _check_levels(place: Path, axes: str, levels: Sequence[Any]) -> None:
    for letter in "YX":
        if axes.count(letter) != 1:
            raise InputError(f"{place} has the axes {axes or 'none'}; wanted one y and one x")
    if axes.count("C") > 1:
        raise InputError(f"{place} has the axes {axes}; wanted one of channels at most")
    if any(level.ndim != len(axes) for level in levels):
        raise InputError(f"{place} has {len(axes)} axes and arrays of {levels[0].ndim} dimensions")
    if levels[0].dtype.kind not in "buif":
        raise InputError(f"{place} holds {levels[0].dtype}; an image holds numbers")


def _size(axes: str, shape: Sequence[int]) -> tuple[int, int]:
    return shape[axes.index("Y")], shape[axes.index("X")]


def _scale(scales: Mapping[str, Any], dataset: Mapping[str, Any], axes: int) -> list[float] | None:
    """The length of a step along each axis: of the level, times that of all levels; else None."""
    total, known = [1.0] * axes, False
    for transforms in (dataset, scales):
        for one in transforms.get("coordinateTransformations") or ():
            if one.get("type") == "scale" and len(one.get("scale", ())) == axes:
                total = [a * float(b) for a, b in zip(total, one["scale"], strict=True)]
                known = True
    return total if known else None


def _sides(axes: str, units: Sequence[str | None], steps: Sequence[float] | None) -> list[float]:
    """Width and height of a pixel in µm; [] where they are not given."""
    if steps is None:
        return []
    sides = []
    for letter in "XY":
        i = axes.index(letter)
        unit = str(units[i])
        length = UNITS.get(unit) or MICROMETRES.get(unit)
        if length is None:
            return []
        sides.append(length * steps[i])
    return sides


def _names(words: Mapping[str, Any], axes: str, level: Any) -> tuple[str, ...]:
    """The names of all channels; "unnamed" where one has none."""
    count = level.shape[axes.index("C")] if "C" in axes else 1
    omero = words.get("omero")
    channels = omero.get("channels", ()) if isinstance(omero, Mapping) else ()
    names = [str(one.get("label", "")) for one in channels if isinstance(one, Mapping)]
    given = names if len(names) == count else [""] * count
    return tuple(name or UNNAMED for name in given)


def _check_claim(path: Path, array: Any, index: Sequence[int | slice]) -> None:
    """Refuse what claims more pixels than its bytes can hold, before room is made."""
    kept = [
        1 if isinstance(i, int) else len(range(*i.indices(n)))
        for i, n in zip(index, array.shape, strict=True)
    ]
    claimed = math.prod(kept) * array.dtype.itemsize
    chunk = math.prod(getattr(array, "shards", None) or array.chunks) * array.dtype.itemsize
    if 0 in array.shape:
        raise InputError(f"{path} has no pixels: its shape is {' × '.join(map(str, array.shape))}")
    present = zarr_store.size_of(path) if claimed > SMALL else 0
    if claimed > SMALL + MOST * present or (chunk > LARGEST_CHUNK and chunk > MOST * present):
        raise InputError(
            f"{path} is damaged or cut short (it claims {claimed:,} bytes of pixels and has only "
            f"{present:,} bytes); copy or export it again"
        )
