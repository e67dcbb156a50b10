"""The side of a pixel in µm, where a TIFF states it reliably for that image; else None.

Every picture has a density for printers, whoever saved it: 72 or 300 dots per inch are no scale.
Instruments write µm into OME-XML, ImageJ's metadata, a scanner's description, or as a density that
no printer has. Pixels that are not square have no single size.
"""

import contextlib
import math
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

MICROMETRES = {  # of one unit, by the names that OME-TIFF and ImageJ use
    **dict.fromkeys(
        ["µm", "μm", "um", "micron", "microns", "micrometer", "micrometre", "\\u00b5m", "\\u00B5m"],
        1.0,
    ),
    **{"pm": 1e-6, "Å": 1e-4, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "dm": 1e5, "m": 1e6},
}
INCH = 25400.0  # µm
PRINTED = {"inch": INCH, "in": INCH, "cm": 1e4}  # units of densities for printers
PRINT_DENSITY = 20.0  # µm; a density of larger pixels (under 1270 dpi) is for printers
# Dots an inch of screens, printers and flatbed scanners: some programs write them in µm.
DOTS = (72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 240, 250, 300, 350, 360, 400, 600, 720, 1200)
SQUARE = 0.01  # the sides of a pixel may differ by this share and count as one size
EXACT = 1e-3  # the share by which a size may miss one of `DOTS` and still be it


def read_sides(file: Any, frame: Any) -> list[float]:
    """Width and height of a pixel in µm as the file states them; other than two if it does not."""
    if file.is_ome:
        sides = _of_ome(file, frame)
    elif file.is_imagej:
        sides = _of_imagej(file.imagej_metadata or {}, frame)
    elif file.is_lsm:
        voxel = file.lsm_metadata or {}
        sides = [1e6 * float(voxel.get(f"VoxelSize{axis}", 0)) for axis in "XY"]
    elif file.is_svs:
        sides = _of_svs(frame)
    else:  # 2: inch, 3: centimetre
        unit = {2: "inch", 3: "cm"}.get(int(getattr(frame, "resolutionunit", 1) or 1))
        sides = _of_density(unit, frame) if unit else []
    return sides


def square_side(sides: Sequence[float]) -> float | None:
    """The side of a pixel of these two; None where they differ, or are not known.

    >>> square_side([0.25, 0.2501]), square_side([0.25, 0.5]), square_side([0.25])
    (0.25, None, None)
    """
    if len(sides) != 2 or not all(math.isfinite(side) and side > 0 for side in sides):
        return None
    across, down = sides
    return across if abs(across - down) <= SQUARE * across else None


def is_dots(side: float) -> bool:
    """Whether a pixel's side in µm is one dot of a density for screens or printers.

    >>> is_dots(25400 / 72), is_dots(84.667), is_dots(0.5), is_dots(100.0)
    (True, True, False, False)
    """
    return any(abs(side * dots / INCH - 1) < EXACT for dots in DOTS)


def ome_pixels(file: Any, frame: Any) -> ElementTree.Element | None:
    """The OME-XML element of the image that a page belongs to; None where it is unknown.

    An image is identified by the number of its first page in the file; where that is missing, by
    the order of the images.
    """
    if not file.is_ome:
        return None
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", file.ome_metadata or ""))
    except ElementTree.ParseError:
        return None
    elements = [node for node in root.iter() if _tag(node) == "Pixels"]
    index = frame.index if isinstance(frame.index, int) else frame.index[0]
    holding = [pixels for pixels in elements if index in _planes(pixels)]
    if len(elements) == 1 or len(holding) == 1:
        return (holding or elements)[0]
    if not holding and len(elements) == len(file.series):
        numbers = [series.keyframe.index for series in file.series]
        return elements[numbers.index(index)] if index in numbers else None
    return None


def _planes(pixels: ElementTree.Element) -> set[int]:
    """The numbers of the pages of an image, as far as they are given."""
    numbers: set[int] = set()
    for data in pixels:
        if _tag(data) == "TiffData" and "IFD" in data.attrib:
            first, count = int(data.get("IFD", 0)), int(data.get("PlaneCount", 1))
            numbers |= set(range(first, first + count))
    return numbers


def _tag(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


def _of_ome(file: Any, frame: Any) -> list[float]:
    pixels = ome_pixels(file, frame)
    if pixels is None:
        return []
    sides: list[float] = []
    for axis in "XY":
        unit = MICROMETRES.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        length = pixels.get(f"PhysicalSize{axis}")
        with contextlib.suppress(ValueError):
            sides += [unit * float(length)] if unit and length else []
    return [] if any(map(is_dots, sides)) else sides  # a program made µm of a printer's density


def _of_imagej(words: dict[str, Any], frame: Any) -> list[float]:
    unit = str(words.get("unit", "")).strip()
    other = str(words.get("yunit", unit)).strip()
    if other != unit:
        return []
    if unit.lower() in PRINTED:
        return _of_density(unit.lower(), frame)
    length = MICROMETRES.get(unit) or MICROMETRES.get(unit.lower())
    return [length * spacing for spacing in _spacings(frame)] if length else []


def _of_svs(frame: Any) -> list[float]:
    match = re.search(r"\|\s*MPP\s*=\s*([0-9.]+)", frame.description or "")
    with contextlib.suppress(ValueError):
        return [float(match[1])] * 2 if match else []
    return []


def _of_density(unit: str, frame: Any) -> list[float]:
    """Sides from pixels per inch or centimetre, if no printer is meant."""
    sides = [PRINTED[unit] * spacing for spacing in _spacings(frame)]
    return sides if max(sides, default=0) <= PRINT_DENSITY else []


def _spacings(frame: Any) -> list[float]:
    """Units per pixel along x and y; empty where a resolution tag is missing or zero."""
    tags = [frame.tags.get(name) for name in ("XResolution", "YResolution")]
    pairs = [tag.value for tag in tags if tag is not None]
    return [below / above for above, below in pairs if above]
