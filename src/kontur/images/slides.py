"""Scans of whole slides that are no TIFF: what OpenSlide reads, window by window.

MIRAX, Hamamatsu's VMS and VMU and Sakura's scans are known by their endings; a DICOM or a Zeiss CZI
is one where OpenSlide says so. Coordinates are those of the whole scan, as in QuPath; what was not
scanned has the colour of the background. Needs openslide-python and openslide-bin (extra `slides`).
"""

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8

from kontur import extra
from kontur.errors import InputError
from kontur.images.channels import Channel, channel_names
from kontur.images.dicom_series import instances_beside
from kontur.images.lazy_pixels import LazyPixels, OpenImage, one_channel
from kontur.images.pixel_size import square_side

SCANS = {  # by ending, small letters
    ".mrxs": "a 3DHISTECH MIRAX scan",
    ".vms": "a Hamamatsu scan",
    ".vmu": "a Hamamatsu scan",
    ".svslide": "a Sakura scan",
}
DICOM = (".dcm", ".dicom")
POSSIBLY = (*DICOM, ".czi")  # endings of other images too
WHITE = "FFFFFF"  # of glass, where the file does not name the colour of what was not scanned


def other_files(path: Path) -> list[Path]:
    """The files beside a scan that hold its pixels, sorted.

    They are MIRAX's folder, what Hamamatsu's lists name, and other instances of a series of DICOM.
    """
    ending = path.suffix.lower()
    if ending in DICOM:
        return instances_beside(path)
    if ending == ".mrxs":
        return sorted(file for file in path.with_suffix("").rglob("*") if file.is_file())
    if ending not in (".vms", ".vmu"):
        return []
    lines = path.read_text(encoding="latin-1").splitlines()
    named = {path.parent / value for line in lines if (value := line.partition("=")[2].strip())}
    return sorted(file for file in named if file.is_file())


class SlideWindows(LazyPixels):
    """A level of a scan, red, green and blue."""

    dtype = np.dtype(np.uint8)

    def __init__(self, path: Path, slide: Any, level: int = 0):
        self.path, self._slide, self._level = path, slide, level
        width, height = slide.level_dimensions[level]
        self.shape = (height, width, 3)
        colour = slide.properties.get("openslide.background-color", WHITE)
        self._background = np.frombuffer(bytes.fromhex(colour), np.uint8)
        if level == 0:
            self.levels = tuple(SlideWindows(path, slide, i) for i in range(1, slide.level_count))

    def read(self, top: int, left: int, height: int, width: int) -> Shaped[np.ndarray, "h w c"]:
        times = self._slide.level_downsamples[self._level]
        corner = round(left * times), round(top * times)  # in pixels of the largest level
        with _errors(self.path):
            region = np.asarray(self._slide.read_region(corner, self._level, (width, height)))
        return _over(region, self._background)


def is_slide(path: Path) -> bool:
    """Whether a file is read by OpenSlide: by its ending, or where that is not enough as it says.

    >>> is_slide(Path("a/Scan.MRXS")), is_slide(Path("a.svs")), is_slide(Path("missing.dcm"))
    (True, False, False)
    """
    ending = path.suffix.lower()
    if ending in SCANS or ending not in POSSIBLY or find_spec("openslide") is None:
        return ending in SCANS
    return path.is_file() and _openslide(path).OpenSlide.detect_format(path) is not None


def open_slide(path: Path, *, page: int | None = None, channel: Channel | None = None) -> OpenImage:
    """The scan, whose windows and levels are read when they are asked for.

    The side of a pixel in µm is that of the file. Raises `InputError` for a file that is missing,
    damaged or none of OpenSlide's, for another page than 0, and without OpenSlide.
    """
    if not path.exists():
        raise InputError(f"there is no image {path}")
    openslide = _openslide(path)
    if page not in (None, 0):
        raise InputError(f"{path} has no page {page}; it has one, 0")
    with _errors(path):
        slide = openslide.OpenSlide(path)
    image = OpenImage(SlideWindows(path, slide), square_side(_sides(slide)))
    return image if channel is None else one_channel(image, channel, path, channel_names((), 3))


def pixel_sides(path: Path) -> list[float]:
    """Width and height of a pixel in µm as far as they are stated; errors as in `open_slide`."""
    with _errors(path):
        return _sides(_openslide(path).OpenSlide(path))


def _sides(slide: Any) -> list[float]:
    sides = [slide.properties.get(f"openslide.mpp-{axis}") for axis in "xy"]
    return [float(side) for side in sides if side is not None]


def _openslide(path: Path) -> Any:
    what = f"{path}, {SCANS.get(path.suffix.lower(), 'a scan')},"
    return extra.package("openslide", extra="slides", what=what)


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    """OpenSlide's exceptions as a sentence."""
    try:
        yield
    except _openslide(path).OpenSlideError as error:
        raise InputError(
            f"{path} is damaged or incomplete; copy it again, with the files and folders that "
            "belong to it"
        ) from error


def _over(
    region: UInt8[np.ndarray, "h w 4"], background: UInt8[np.ndarray, " 3"]
) -> UInt8[np.ndarray, "h w 3"]:
    """The pixels over a colour: all of it where nothing was scanned."""
    colours, opaque = region[..., :3], region[..., 3:]
    if (opaque == 255).all():
        return np.ascontiguousarray(colours)
    shares = opaque.astype(np.float32) / 255
    return np.rint(colours * shares + background * (1 - shares)).astype(np.uint8)
