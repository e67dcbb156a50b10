"""TIFF: one plane of whatever a microscope wrote, with all its channels.

`tiff.images` finds the images of a file, `tiff.samples` interprets the samples of a pixel, and
`pixel_size` reads the size of a pixel. Here one plane is chosen and decoded. X and Y make the
plane, C and S its channels; any other axis longer than one is a stack, of which one plane has to be
chosen.
"""

import contextlib
import html
import logging
import math
import re
import threading
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.errors import InputError, reason_of
from kontur.images import jpeg_kinds, pixel_size, stack
from kontur.images.channels import Channel
from kontur.images.lazy_pixels import OpenImage
from kontur.images.pictures import Colours, check_claimed_size, oriented
from kontur.images.tiff import samples as tiff_samples
from kontur.images.tiff.images import (
    SCANNERS,
    UNNAMED,
    TiffImage,
    is_plain,
    opened,
    orientation_of,
    pages_at,
)
from kontur.images.tiff.parsed import parsed_tiff
from kontur.images.tiff.pieces import check_ends, check_pieces
from kontur.images.tiff.windows import windows_of
from kontur.instances.plane import Plane
from kontur.wording import listed

# Bytes of pixels that a byte of the file can hold, by how each compression works; most for others.
MOST = {1: 2, 5: 2800, 7: 4000, 8: 1100, 32773: 64, 32946: 1100}
MOST_OF_OTHERS = 100_000
# Where OME says what number this file has, and of a plane the file and its number.
OME_ROOT = re.compile(r"<(?:\w+:)?OME\b[^>]*>")
OME_FILE = re.compile(r"<(?:\w+:)?UUID\b([^>]*)>([^<]*)<")
FIRST_TURNED = 5  # orientation from which rows are stored as columns, see `oriented`


class TiffPlane(NamedTuple):
    """Pixels upright and without alpha, µm per pixel where it is known, and the names of stains.

    `names` are those by which a channel may be chosen, see `channels`. `plane` is None of a file
    that is no stack.
    """

    pixels: Shaped[np.ndarray, "h w c"]
    pixel_size: float | None
    stains: tuple[str, ...]
    names: tuple[str, ...]
    plane: Plane | None


def read(
    path: Path,
    *,
    page: int | None,
    colours: Colours,
    channel: Channel | None = None,
) -> TiffPlane:
    """One plane, as stored.

    With a `channel`, an axis of unknown meaning is taken as channels. Raises
    `InputError` for stacks without a `page`, and what tifffile raises for damaged files.
    """
    with _quiet(), parsed_tiff(path, channel) as (file, images, left_out):
        image, index, place = _choose(images, left_out, page, path)
        measured = file.is_imagej or file.is_ome or file.is_lsm or file.is_stk
        frames, pixels = _pixels(image, index, path)
        planes = _by_channel(pixels, image.axes, index)
        frames = frames if len(frames) == len(planes) else frames[:1] * len(planes)
        resolved = [
            tiff_samples.resolve(plane, frame.keyframe, colours, path, palette=not measured)
            for plane, frame in zip(planes, frames, strict=True)
        ]
        pixels = np.concatenate(resolved, axis=2) if len(resolved) > 1 else resolved[0]
        stains, names = tiff_samples.stains_and_names(
            file, image.keyframe, channels=len(planes), samples=pixels.shape[2]
        )
        upright = oriented(pixels, orientation_of(frames[0]))
        side = pixel_size.square_side(_sides(file, image, index))
        return TiffPlane(upright, side, stains, names, place)


def open_windows(
    path: Path, *, page: int | None, channel: Channel | None = None
) -> tuple[OpenImage, tuple[str, ...]] | None:
    """The same plane with all channels, and their names; its pixels are read when a window
    is asked for. None where that cannot be done.

    Errors as in `read`.
    """
    with _quiet(), parsed_tiff(path, channel) as (file, images, left_out):
        image, index, place = _choose(images, left_out, page, path)
        frame = image.keyframe
        with _decoding(frame, path):
            windows = windows_of(path, image, index)
        if windows is None:
            return None
        samples = windows.shape[2]
        channels = samples // int(frame.samplesperpixel)
        stains, names = tiff_samples.stains_and_names(
            file, frame, channels=channels, samples=samples
        )
        side = pixel_size.square_side(_sides(file, image, index))
        return OpenImage(windows, side, stains, place), names


def pixel_sides(path: Path, *, page: int | None) -> list[float]:
    """Width and height of a pixel in µm; other than two where the file does not state them."""
    with _quiet(), parsed_tiff(path, None) as (file, images, left_out):
        several = sum(stack.pages(image.axes, image.shape) for image in images) > 1
        image, index, _ = _choose(images, left_out, (page or 0) if several else None, path)
        return _sides(file, image, index)


def count_planes(path: Path) -> int:
    """How many planes `read` can choose from, in all images of the file."""
    with _quiet(), parsed_tiff(path, None) as (_, images, _):
        return sum(stack.pages(image.axes, image.shape) for image in images)


def list_planes(path: Path) -> list[tuple[Plane, tuple[int, int]]]:
    """Where each page lies in its stack, and its (height, width), in all images of the file."""
    with _quiet(), parsed_tiff(path, None) as (_, images, _):
        planes: list[tuple[Plane, tuple[int, int]]] = []
        one_by_one = _are_one_by_one(images)
        for image in images:
            for rest in range(stack.pages(image.axes, image.shape)):
                index = stack.index_of(image.axes, image.shape, rest)
                turned = orientation_of(_first_page(image, index)) >= FIRST_TURNED
                size = image.size[::-1] if turned else image.size
                place = _plane_of(image, index, len(planes), one_by_one=one_by_one)
                planes.append((place, size))
        return planes


def other_files(path: Path) -> list[Path]:
    """The files beside a TIFF that hold some of its planes, as its OME metadata name them, sorted.

    They may be missing. Raises what tifffile raises for damaged files.
    """
    import tifffile

    with _quiet(), tifffile.TiffFile(path) as file:
        words = file.ome_metadata or ""
    root = OME_ROOT.search(words)
    own = root and _attribute(root[0], "UUID")
    names = {
        _attribute(tag, "FileName")
        for tag, number in set(OME_FILE.findall(words))
        if number.strip() != own  # of this file, whatever its name was
    }
    files = {path.parent / name for name in names if name}
    return sorted(file for file in files if file.name.lower() != path.name.lower())


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf"""\b{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", tag)
    return html.unescape(found[1] or found[2] or "") if found else None


def _choose(
    images: Sequence[TiffImage], left_out: Sequence[str], page: int | None, path: Path
) -> tuple[TiffImage, list[int | slice], Plane | None]:
    """The image and the index of its plane number `page`, counted through all images.

    And where in the stack that is, None in a file of a single plane.
    """
    counts = [stack.pages(image.axes, image.shape) for image in images]
    total = sum(counts)
    channels = ", or --channel N where the pages are channels" if images[0].axes in UNNAMED else ""
    beside = f", beside {listed(left_out)}" if left_out else ""
    what = f"a {_described(images, counts)}"
    rest = stack.chosen_page(page, total, path, what, instead=channels, beside=beside)
    number = 0
    while rest >= counts[number]:
        rest -= counts[number]
        number += 1
    image = images[number]
    index = stack.index_of(image.axes, image.shape, rest)
    one_by_one = _are_one_by_one(images)
    place = _plane_of(image, index, page or 0, one_by_one=one_by_one) if total > 1 else None
    return image, index, place


def _plane_of(image: TiffImage, index: list[int | slice], page: int, *, one_by_one: bool) -> Plane:
    """Where in its stack a plane lies; frames that were written one by one are a time series."""
    return Plane(t=page) if one_by_one else stack.plane_at(image.axes, image.shape, index, page)


def _are_one_by_one(images: Sequence[TiffImage]) -> bool:
    """Whether the images of a file are alike, of one plane each, and nothing more is said."""
    first = images[0]
    kinds = (*SCANNERS, "ome")  # which say that each is an image of its own
    plain = len(images) > 1 and getattr(first.series, "kind", "") not in kinds
    single = plain and stack.pages(first.axes, first.shape) == 1
    return single and all(one[1:3] == first[1:3] for one in images)


def _described(images: Sequence[TiffImage], counts: Sequence[int]) -> str:
    """What a file of several planes is, in words."""
    if len(images) == 1:
        return stack.described(images[0].axes, images[0].shape)
    first = np.cumsum([0, *counts])
    numbered = [
        f"{start}{f' to {start + count - 1}' * (count > 1)}: {image.description}"
        for image, start, count in zip(images, first, counts, strict=False)
    ]
    return f"file of {len(images)} separate images ({listed(numbered)})"


def _by_channel(
    pixels: Shaped[np.ndarray, "..."], axes: str, index: list[int | slice]
) -> Shaped[np.ndarray, "c h w s"]:
    """The chosen plane with its channels first and the samples of a pixel last."""
    left = [axis for axis, place in zip(axes, index, strict=True) if isinstance(place, slice)]
    for axis in "CS":
        if axis not in left:
            pixels, left = pixels[..., None], [*left, axis]
    return pixels.transpose([left.index(axis) for axis in "CYXS"])


def _pixels(
    image: TiffImage, index: list[int | slice], path: Path
) -> tuple[list[Any], Shaped[np.ndarray, "..."]]:
    """The pages that describe the indexed part of an image, and its pixels; no other is decoded."""
    frame = image.keyframe
    pages = pages_at(image, index)
    if pages is None:  # a contiguous stack, of which only the first page is described
        _check_size(frame, path, times=math.prod(image.shape) // frame.size)
        with _decoding(frame, path):
            pixels = image.series.asarray()[tuple(index)]
        return [frame], pixels.reshape(_chosen_shape(image.shape, index))
    if None in pages:
        raise InputError(f"{path} refers to another file, which is missing, for some of its planes")
    if any((page.shape, page.dtype) != (frame.shape, frame.dtype) for page in pages):
        raise InputError(
            f"{path} holds pages of another size or type of number than it says; save them as "
            "separate files"
        )
    outer = len(image.shape) - len(frame.shape)
    planes = np.stack([_decode(page, path) for page in pages])
    counts = _chosen_shape(image.shape[:outer], index[:outer])
    planes = planes.reshape(*counts, *frame.shape)
    return pages, planes[(slice(None),) * len(counts) + tuple(index[outer:])]


def _first_page(image: TiffImage, index: list[int | slice]) -> Any:
    """The page that describes a plane: of a plain file its own, else the first of the image."""
    pages = pages_at(image, index) if is_plain(image.series) else None
    return pages[0] if pages else image.keyframe


def _sides(file: Any, image: TiffImage, index: list[int | slice]) -> list[float]:
    """Width and height of a pixel in µm; a page that does not state them has those of the first."""
    own = pixel_size.read_sides(file, _first_page(image, index).keyframe)
    return own or pixel_size.read_sides(file, image.keyframe)


def _chosen_shape(shape: tuple[int, ...], index: list[int | slice]) -> tuple[int, ...]:
    return tuple(n for n, place in zip(shape, index, strict=True) if isinstance(place, slice))


def _decode(page: Any, path: Path) -> Shaped[np.ndarray, "..."]:
    _check_size(page, path)
    with _decoding(page.keyframe, path), opened(page):
        check_pieces(page, path)
        pixels: np.ndarray = page.asarray()
        check_ends(page, pixels, path)
        return pixels


def _check_size(page: Any, path: Path, times: int = 1) -> None:
    """Refuse a page that claims more pixels than its bytes can hold, before room is made."""
    frame = page.keyframe
    if 0 in page.databytecounts:  # of parts that were never written, which are empty
        return
    most = MOST.get(int(frame.compression), MOST_OF_OTHERS)
    size = (int(frame.imagelength), int(frame.imagewidth))
    bits = math.prod(frame.shape) * int(frame.bitspersample)
    check_claimed_size(path, size, times * bits // 8, most)


@contextlib.contextmanager
def _decoding(frame: Any, path: Path) -> Iterator[None]:
    """Turn failures of decoding into a sentence that names the missing package, if there is one."""
    import tifffile

    compression = getattr(frame.compression, "name", str(frame.compression))
    try:
        if int(frame.compression) != 1 and frame.compression not in tifffile.TIFF.DECOMPRESSORS:
            raise ImportError(compression)
        if int(frame.predictor) != 1 and frame.predictor not in tifffile.TIFF.UNPREDICTORS:
            raise ImportError(f"predictor {int(frame.predictor)}")
        yield
    except (ImportError, NotImplementedError) as error:
        if find_spec("imagecodecs") is None:
            raise InputError(
                f"{path} is compressed or packed ({compression}, {frame.bitspersample} bits) in a "
                "way that needs one more package: pip install imagecodecs"
            ) from None
        raise InputError(
            f"{path} is stored in a way that cannot be decoded here "
            f"({reason_of(error)}); save it as RGB or grey with LZW or deflate, or "
            "without compression"
        ) from None
    except (RuntimeError, ValueError) as error:
        kind = None if isinstance(error, InputError) else _rare_jpeg(frame, path)
        if kind is None:
            raise
        raise InputError(
            f"{path} holds its pixels as {kind}, which cannot be decoded here; open it in Fiji "
            "(File > Import > Bio-Formats) and save it as TIFF"
        ) from error


def _rare_jpeg(frame: Any, path: Path) -> str | None:
    """What the first JPEG of a page is that is whole and of a rare kind; None of all others."""
    if int(frame.compression) not in tiff_samples.JPEGS or not frame.dataoffsets:
        return None
    with path.open("rb") as file:
        file.seek(frame.dataoffsets[0])
        content = file.read(frame.databytecounts[0])
    return jpeg_kinds.rare_kind(content, content[-jpeg_kinds.TAIL :])


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep tifffile from logging in this thread: what matters of a damaged file is raised."""
    logging.getLogger("tifffile").addFilter(_is_loud)  # which adds it once
    _thread.reads = True
    try:
        yield
    finally:
        _thread.reads = False


def _is_loud(_: logging.LogRecord) -> bool:
    """Whether tifffile is used by someone else, for images may be read in several threads."""
    return not getattr(_thread, "reads", False)


_thread = threading.local()
