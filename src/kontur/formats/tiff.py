"""TIFF: one plane of whatever a microscope wrote, with all its channels.

The axes come from OME, ImageJ or tifffile metadata: X and Y make the plane, C and S its channels,
and any other axis longer than one is a stack, of which one plane has to be chosen. Of a pyramid
the full resolution is read. Compressions that need the large imagecodecs package (LZW, JPEG, …)
are read by Pillow where that package is absent and Pillow keeps all bits; else we say so.
"""

import contextlib
import logging
import math
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import numpy as np
from jaxtyping import Shaped

from kontur.errors import InputError

MICROMETRES = {  # of one unit, by the names that OME-TIFF and ImageJ use
    **dict.fromkeys(
        ["µm", "μm", "um", "micron", "microns", "micrometer", "\\u00b5m", "\\u00B5m"], 1.0
    ),
    **{"pm": 1e-6, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "inch": 25400.0, "Å": 1e-4},
}
PRINT_DENSITY = 20.0  # µm; bare resolution tags that say more (under 1270 dpi) are for printers
SQUARE = 0.01  # the sides of a pixel may differ by this share and count as one size
THIN = 8  # a last axis up to this long after two much longer unnamed ones is channels, not width
PILLOW_READS = (2, 3, 4, 5, 7, 8, 32946, 50000)  # CCITT, LZW, JPEG, deflate, Zstandard
UNNAMED = ("QYX", "IYX")  # pages that nothing is said of
STACKS = {"Z": "z-stack of {} planes", "T": "time series of {} frames"}  # else pages


def read(
    path: Path,
    *,
    page: int | None,
    colours: Literal["rgb", "indices"],
    channel: int | None = None,
) -> tuple[Shaped[np.ndarray, "h w c"], float | None]:
    """Pixels `(h, w, c)` as stored, all channels, without alpha; and the pixel size in µm or None.

    A `channel` that is not None says that an axis of unknown meaning is one of channels. Raises
    `InputError` for stacks without a `page`, and what tifffile raises for damaged files.
    """
    import tifffile

    with _quiet(), tifffile.TiffFile(path) as file:
        images = _images(file)
        letters = [_letters(image, channel) for image in images]
        image, axes, index = _choose(images, letters, page, path)
        pixels = _pixels(image, index, path)
        axes = "".join(a for a, i in zip(axes, index, strict=True) if isinstance(i, slice))
        order = [axes.index("Y"), axes.index("X"), *(i for i, a in enumerate(axes) if a in "CS")]
        pixels = pixels.transpose(order)
        pixels = pixels.reshape(*pixels.shape[:2], -1)
        frame = image.keyframe
        pixels = _numbers(_without_alpha(pixels, frame), frame, colours, imagej=file.is_imagej)
        if pixels.dtype.kind not in "uif":
            raise InputError(f"{path} holds {pixels.dtype} values; wanted integers or floats")
        return pixels, _pixel_size(file, frame)


def _images(file: Any) -> list[Any]:
    """The images of a file at full resolution, thumbnails and smaller copies left out."""
    images = [series.levels[0] for series in file.series]
    if not images:
        raise ValueError("it holds no image")
    first, *others = images
    return [first, *(image for image in others if not _is_smaller_copy(image, first))]


def _is_smaller_copy(image: Any, first: Any) -> bool:
    small, large = (dict(zip(one.axes, one.shape, strict=True)) for one in (image, first))
    sides = [(small.get(axis, 1), large.get(axis, 1)) for axis in "YX"]
    halved = all(2 * a <= b + 1 for a, b in sides)
    return halved or (bool(image.keyframe.is_reduced) and all(a <= b for a, b in sides))


def _letters(image: Any, channel: int | None) -> str:
    """One letter an axis: Y, X, C and S (channels), any other is a stack."""
    axes, shape = image.axes, image.shape
    unnamed = [i for i, axis in enumerate(axes) if axis in "QI"]
    if axes in UNNAMED and shape[2] <= THIN and min(shape[:2]) >= 8 * shape[2]:
        return "YXC"  # (h, w, c) written without saying so
    if channel is not None and len(unnamed) == 1 and not set(axes) & set("CS"):
        return axes.replace(axes[unnamed[0]], "C")
    return axes


def _choose(
    images: list[Any], letters: list[str], page: int | None, path: Path
) -> tuple[Any, str, list[int | slice]]:
    """The image, its axes and the index of its plane number `page`, counted through all images."""
    stacks = [
        {i: n for i, n in enumerate(image.shape) if axes[i] not in "YXCS"}
        for image, axes in zip(images, letters, strict=True)
    ]
    counts = [math.prod(stack.values()) for stack in stacks]
    total = sum(counts)
    if page is None and total > 1:
        kinds = [
            STACKS.get(letters[0][i], "stack of {} pages").format(n) for i, n in stacks[0].items()
        ]
        what = " and ".join(kinds) if len(images) == 1 else f"file of {total} separate images"
        raise InputError(
            f"{path} is a {what}, and one plane is wanted: choose it with --page N (in Python "
            f"page=N), 0 to {total - 1}"
            + (", or --channel N where the pages are channels" if letters[0] in UNNAMED else "")
        )
    rest = page or 0
    if not 0 <= rest < total:
        have = "one page (0)" if total == 1 else f"{total} pages (0 to {total - 1})"
        raise InputError(f"{path} has {have}; page {page} is not among them")
    which = 0
    while rest >= counts[which]:
        rest -= counts[which]
        which += 1
    image, axes, stack = images[which], letters[which], stacks[which]
    index: list[int | slice] = [slice(None)] * len(axes)
    for axis, place in zip(stack, np.unravel_index(rest, tuple(stack.values())), strict=True):
        index[axis] = int(place)
    return image, axes, index


def _pixels(image: Any, index: list[int | slice], path: Path) -> Shaped[np.ndarray, "..."]:
    """The indexed part of an image, decoding no page that is not in it."""
    frame = image.keyframe
    outer = len(image.shape) - len(frame.shape)
    by_page = image.shape[outer:] == frame.shape and math.prod(image.shape[:outer]) == len(image)
    if not by_page:
        return image.asarray()[tuple(index)]
    wanted = np.arange(len(image)).reshape(image.shape[:outer])[tuple(index[:outer])]
    pages = [image[int(i)] for i in np.ravel(wanted)]
    if any(page is None for page in pages):
        raise InputError(f"{path} refers to another file, which is missing, for some of its planes")
    planes = np.stack([_decode(page, frame, path) for page in pages])
    planes = planes.reshape(*np.shape(wanted), *frame.shape)
    return planes[(slice(None),) * np.ndim(wanted) + tuple(index[outer:])]


def _decode(page: Any, frame: Any, path: Path) -> Shaped[np.ndarray, "..."]:
    """One page, by tifffile, or by Pillow where tifffile lacks the decoder."""
    import tifffile

    coded = frame.compression in tifffile.TIFF.DECOMPRESSORS
    if coded and frame.predictor in tifffile.TIFF.UNPREDICTORS:
        with contextlib.suppress(ImportError):  # a decoder that this Python lacks
            return page.asarray()
    values = _by_pillow(page, frame, path) if frame.compression in PILLOW_READS else None
    if values is None:
        raise InputError(
            f"{path} is compressed with {frame.compression.name}, which needs one more package: "
            "pip install imagecodecs"
        )
    return values


def _by_pillow(page: Any, frame: Any, path: Path) -> Shaped[np.ndarray, "..."] | None:
    """One page with all its bits, or None where Pillow would cut some or does not know the kind."""
    from PIL.TiffImagePlugin import TiffImageFile

    if not isinstance(page.index, int):  # a page below a page
        return None
    with contextlib.suppress(SyntaxError), TiffImageFile(path) as picture:  # unknown pixel mode
        picture.seek(page.index)
        whole = frame.bitspersample <= 8 or picture.mode.startswith(("I", "F"))
        if not whole or picture.mode not in (
            "1",
            "L",
            "LA",
            "P",
            "RGB",
            "RGBA",
            "I",
            "I;16",
            "I;16B",
            "F",
        ):
            return None
        values = np.asarray(picture)
        if frame.photometric.name == "MINISWHITE" and picture.mode in ("1", "L"):
            values = np.invert(values)  # Pillow has turned it; we want it as stored
        if values.size == math.prod(frame.shape):
            return values.astype(frame.dtype).reshape(frame.shape)
    return None


def _without_alpha(pixels: Shaped[np.ndarray, "h w c"], frame: Any) -> Shaped[np.ndarray, "h w k"]:
    extra = [int(sample) for sample in frame.extrasamples]
    if frame.samplesperpixel != pixels.shape[2] or not extra:
        return pixels
    first = pixels.shape[2] - len(extra)
    alpha = [first + i for i, sample in enumerate(extra) if sample in (1, 2)]  # 0: unspecified
    return np.delete(pixels, alpha, axis=2)


def _numbers(
    pixels: Shaped[np.ndarray, "h w c"],
    frame: Any,
    colours: Literal["rgb", "indices"],
    *,
    imagej: bool,
) -> Shaped[np.ndarray, "h w k"]:
    """Ids as they are stored; for pictures palette colours, white-is-zero and 1 bit resolved."""
    kind = getattr(frame.photometric, "name", "")
    if colours == "indices":
        return pixels.astype(np.uint8) if pixels.dtype == bool else pixels
    if kind == "PALETTE" and not imagej and frame.colormap is not None:
        # ImageJ's palette only says how to show a measured channel; elsewhere it is the colour
        depth = 8 if not np.any(frame.colormap % 257) else 16
        table = frame.colormap // 257 if depth == 8 else frame.colormap
        return np.moveaxis(table.astype(f"uint{depth}")[:, pixels[:, :, 0]], 0, -1)
    if pixels.dtype == bool:
        pixels = pixels.astype(np.uint8) * 255
    if kind == "MINISWHITE" and pixels.dtype.kind == "u":
        pixels = np.iinfo(pixels.dtype).max - pixels
    return pixels


def _pixel_size(file: Any, frame: Any) -> float | None:
    if file.is_ome:
        sides = _ome_sides(file.ome_metadata)
    elif file.is_imagej:
        unit = MICROMETRES.get(str((file.imagej_metadata or {}).get("unit", "")).strip())
        sides = [unit * length for length in _spacings(frame)] if unit else []
    else:  # 2: inch, 3: centimetre
        unit = {2: 25400.0, 3: 1e4}.get(int(getattr(frame, "resolutionunit", 1) or 1))
        sides = [unit * length for length in _spacings(frame)] if unit else []
        sides = sides if max(sides, default=0) <= PRINT_DENSITY else []
    if len(sides) != 2 or not all(math.isfinite(side) and side > 0 for side in sides):
        return None
    across, down = sides
    return across if abs(across - down) <= SQUARE * across else None


def _spacings(frame: Any) -> list[float]:
    """Units per pixel along x and y; empty where a resolution tag is missing or zero."""
    tags = [frame.tags.get(name) for name in ("XResolution", "YResolution")]
    pairs = [tag.value for tag in tags if tag is not None]
    return [below / above for above, below in pairs if above]


def _ome_sides(xml: str | None) -> list[float]:
    try:
        root = ElementTree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", xml or ""))
    except ElementTree.ParseError:
        return []
    pixels = next((node for node in root.iter() if node.tag.rpartition("}")[2] == "Pixels"), None)
    sides: list[float] = []
    if pixels is None:
        return sides
    for axis in "XY":
        unit = MICROMETRES.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        length = pixels.get(f"PhysicalSize{axis}")
        with contextlib.suppress(ValueError):
            sides += [unit * float(length)] if unit and length else []
    return sides


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep tifffile from logging in this thread: what matters of a damaged file is raised."""
    logging.getLogger("tifffile").addFilter(_is_heard)  # which adds it once
    _thread.reads = True
    try:
        yield
    finally:
        _thread.reads = False


def _is_heard(_: logging.LogRecord) -> bool:
    """Whether tifffile is used by someone else, for images may be read in several threads."""
    return not getattr(_thread, "reads", False)


_thread = threading.local()
