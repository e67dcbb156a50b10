"""NIfTI-1 and NIfTI-2, `.nii` and `.nii.gz`: volumes of medical images, plane by plane.

The page `k` of a volume is `array[:, :, k].T` of nibabel: rows are j and columns i, as they lie in
the file, and pages count k, then time. Nothing is turned by the affine, so images and labels of one
grid fit each other. Values have the scale of the header applied. One plane is in memory at a time;
of `.nii` only what a window needs is read, and `.nii.gz` is unpacked up to it, see `gzip_places`.
"""

import functools
import logging
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.errors import InputError
from kontur.files.file_stamp import FileStamp
from kontur.images import stack
from kontur.images.lazy_pixels import LazyPixels, OpenImage, native
from kontur.images.nifti import channels as nifti_channels
from kontur.images.nifti import gzip_places
from kontur.images.nifti.gzip_places import GzipPlaces
from kontur.images.nifti.header import LONGEST, NiftiHeader, is_header, parse
from kontur.images.nifti_names import ENDINGS
from kontur.images.pictures import Colours, check_colours_show
from kontur.images.pixel_size import square_side
from kontur.images.read_errors import reading
from kontur.instances.plane import Plane
from kontur.wording import plural

log = logging.getLogger("kontur.images")

OPENED = 8  # volumes whose header and places are kept
TAIL = 1 << 20  # bytes behind the last plane that are unpacked, for the checksum at the end
AGREED = 0.01  # by which two statements of a side may differ
SINGLE = 2.0**-22  # by which whole numbers may miss themselves that a scale of float32 made


class NiftiVolume(NamedTuple):
    """A volume, opened and not read; `start` is its header, `places` are of a compressed one.

    `channels` is how many the fourth axis holds, where it is none of time, see `nifti.channels`.
    """

    path: Path
    header: NiftiHeader
    places: GzipPlaces | None
    start: bytes
    channels: int = 1

    @property
    def grid(self) -> tuple[str, tuple[int, ...]]:
        """Axes and shape as in the header, without those of channels."""
        first = 1 if self.channels > 1 else 0
        return self.header.axes[first:], self.header.shape[first:]

    @property
    def pages(self) -> int:
        """How many planes it has."""
        return stack.pages(*self.grid)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a plane."""
        return self.header.shape[-2], self.header.shape[-1]

    @property
    def pixel_size(self) -> float | None:
        """The side of a pixel in µm; None without a unit, and of pixels that are not square."""
        return square_side(self.header.sides)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its values: that of the file, or of floats where it has a scale."""
        stored = self.header.stored
        if (self.header.slope, self.header.intercept) == (1, 0):
            return stored.newbyteorder("=")
        wide = stored.itemsize > 4 or (stored.kind in "iu" and stored.itemsize == 4)
        return np.dtype(np.float64 if wide else np.float32)

    def number(self, page: int | None) -> int:
        """The number of a page that is wanted; errors as of `stack.chosen_page`."""
        what = f"a {stack.described(*self.grid)}"
        return stack.chosen_page(page, self.pages, self.path, what)

    def plane(self, page: int | None) -> Plane | None:
        """Where in its stack a page lies; None without one, and of a single image."""
        if page is None or self.pages == 1:
            return None
        index = stack.index_of(*self.grid, page)
        return stack.plane_at(*self.grid, index, page)

    def pixels(self, page: int) -> Shaped[np.ndarray, "h w c"]:
        """A plane with all of its channels, with the scale applied."""
        steps = range(page, page + self.channels * self.pages, self.pages)
        return np.concatenate([self.rows(step, 0, self.size[0]) for step in steps], axis=2)

    def rows(self, page: int, top: int, height: int) -> Shaped[np.ndarray, "h w c"]:
        """Rows of a plane of the file, which has one for each channel; with the scale applied."""
        header = self.header
        row = header.plane_bytes // header.shape[-2]
        start, count = header.offset + page * header.plane_bytes + top * row, height * row
        with reading(self.path):
            if self.places is not None:
                beyond = TAIL if start + count == header.bytes else 0
                content = self.places.read(start, count + beyond)[:count]
            else:
                with self.path.open("rb") as file:
                    file.seek(start)
                    content = file.read(count)
            if len(content) < count:
                raise ValueError(f"of page {page} {count - len(content):,} bytes are missing")
        stored = np.frombuffer(content, header.stored)
        return self._scaled(stored.reshape(height, header.shape[-1], header.samples))

    def _scaled(self, stored: Shaped[np.ndarray, "h w c"]) -> Shaped[np.ndarray, "h w c"]:
        if (self.header.slope, self.header.intercept) == (1, 0):
            return native(stored)
        with np.errstate(over="ignore", invalid="ignore"):  # infinite values are refused later on
            values = stored.astype(np.float64) * self.header.slope + self.header.intercept
            return values.astype(self.dtype)


class NiftiWindows(LazyPixels):
    """A plane of a volume that is not compressed, whose rows are read when they are wanted."""

    def __init__(self, volume: NiftiVolume, page: int):
        self._volume, self._page = volume, page
        height, width = volume.header.shape[-2:]
        self.shape, self.dtype = (height, width, volume.header.samples), volume.dtype

    def read(self, top: int, left: int, height: int, width: int) -> Shaped[np.ndarray, "h w c"]:
        rows = self._volume.rows(self._page, top, height)
        return np.ascontiguousarray(rows[:, left : left + width])


def is_volume(path: Path, start: bytes) -> bool:
    """Whether a file is NIfTI: by its name, its first bytes, or the first that are packed in it."""
    if path.name.lower().endswith(ENDINGS) or is_header(start):
        return True
    if not start.startswith(gzip_places.MAGIC):
        return False
    try:
        return is_header(GzipPlaces(path).read(0, LONGEST))
    except (EOFError, zlib.error):  # whatever it is, it is no whole header
        return False


def open_volume(path: Path) -> NiftiVolume:
    """The volume at a path, without its planes.

    Raises `InputError` for what is no NIfTI, as `header.parse`, and where there are fewer
    bytes than the header claims; of a compressed one reading a plane may still find that.
    """
    with reading(path):
        volume = _opened(path, FileStamp.of(path))
    beyond = volume.header.shape[0] if volume.header.axes.startswith("T") else 1
    return volume._replace(channels=nifti_channels.channels_of_axis(path, beyond))


def open_windows(path: Path, *, page: int | None) -> OpenImage | None:
    """A plane whose windows are read when they are asked for; None of what is only read whole."""
    volume = open_volume(path)
    several = volume.channels > 1 or len(nifti_channels.files_of_case(path)) > 1
    if several or volume.places is not None or volume.header.samples == 4:
        return None
    pixels = NiftiWindows(volume, volume.number(page))
    return OpenImage(pixels, volume.pixel_size, plane=volume.plane(page))


class NiftiPlane(NamedTuple):
    """The pixels of one plane, the side of a pixel in µm, the plane, and the names of channels."""

    pixels: Shaped[np.ndarray, "h w c"]
    pixel_size: float | None
    plane: Plane | None
    stains: tuple[str, ...]


def read(path: Path, *, page: int | None, colours: Colours) -> NiftiPlane:
    """One plane; of a case of nnU-Net with the channels of all its files, see `nifti.channels`.

    `indices` takes whole numbers that the scale of the header made fractions for whole numbers.
    """
    volume, *further = [open_volume(file) for file in nifti_channels.files_of_case(path)]
    number = volume.number(page)
    if further and volume.channels > 1:
        raise InputError(
            f"{path} holds {plural(volume.channels, 'channel')}, and there are files beside it "
            "that would be further ones; where they are cases of their own, give them names that "
            "do not end in _0000, _0001 and so on"
        )
    pixels = volume.pixels(number)
    if further or volume.channels > 1:
        channels = [pixels, *(_channel(other, volume, number) for other in further)]
        pixels = np.concatenate(channels, axis=2)  # of the type that holds all
        names = nifti_channels.channel_names(path)
        return NiftiPlane(pixels, volume.pixel_size, volume.plane(page), names)
    if pixels.shape[2] == 4:
        check_colours_show(pixels[:, :, :3], pixels[:, :, 3:], path)
        pixels = np.ascontiguousarray(pixels[:, :, :3])
    if colours == "indices" and pixels.dtype.kind == "f":
        whole = np.rint(pixels)
        with np.errstate(invalid="ignore"):  # infinite less infinite
            near = np.abs(pixels - whole) <= SINGLE * np.abs(whole)
        pixels = np.where(near, whole, pixels)
    return NiftiPlane(pixels, volume.pixel_size, volume.plane(page), ())


def _channel(other: NiftiVolume, first: NiftiVolume, page: int) -> Shaped[np.ndarray, "h w 1"]:
    """A plane of a further channel of a case; `InputError` where it is of another grid."""
    if (other.header.axes, other.header.shape) != (first.header.axes, first.header.shape):
        shapes = [" × ".join(map(str, one.header.shape[::-1])) for one in (other, first)]
        raise InputError(
            f"{other.path} is of {shapes[0]} voxels, and {first.path} of {shapes[1]}; the channels "
            "of a case have one shape"
        )
    if (other.header.samples, first.header.samples) != (1, 1):
        raise InputError(f"{other.path} or {first.path} holds colours; a channel is of one number")
    return other.rows(page, 0, other.header.shape[-2])


@functools.lru_cache(maxsize=OPENED)
def _opened(path: Path, stamp: FileStamp) -> NiftiVolume:
    """The volume of a file as it was at this stamp."""
    with path.open("rb") as file:
        start = file.read(LONGEST)
    places = GzipPlaces(path) if start.startswith(gzip_places.MAGIC) else None
    start = start if places is None else places.read(0, LONGEST)
    header = parse(start, path)
    if header.bytes > stamp.bytes * (1 if places is None else gzip_places.MOST):
        raise InputError(
            f"{path} is damaged or cut short (it claims {header.bytes:,} bytes and has only "
            f"{stamp.bytes:,}); copy or export it again"
        )
    volume = NiftiVolume(path, header, places, start)
    if len(header.sides) == 2 and min(header.sides) > 0 and volume.pixel_size is None:
        log.warning(
            "%s: its pixels are %g × %g µm and not square, so sizes are in pixels",
            *(path, *header.sides),
        )
    stated = bool(header.sides and header.affine_sides)
    if stated and not np.allclose(header.sides, header.affine_sides, rtol=AGREED, atol=0):
        log.warning(
            "%s: its pixels are %g × %g µm (pixdim), but %g × %g µm by its affine; the first "
            "are taken",
            *(path, *header.sides, *header.affine_sides),
        )
    return volume
