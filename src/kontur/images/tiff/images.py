"""Which images a TIFF holds: separate ones, and which are copies or pictures of the slide.

The axes come from OME, ImageJ or tifffile metadata. Smaller copies of an image (levels of a
pyramid, thumbnails) and a scanner's label and overview are left out. In OME-TIFF every image
counts, whatever its size; in a plain TIFF a smaller page is a copy where the file marks it so, or
where it shows the same.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.images.channels import Channel
from kontur.images.pictures import ORIENTATION

THIN = 8  # a last axis up to this long after two much longer unnamed ones is channels, not width
UNNAMED = ("QYX", "IYX")  # pages of unknown meaning
SLIDE = ("label", "macro", "map", "thumbnail", "overview")  # what scanners add, by tifffile's names
SCANNERS = ("svs", "scn", "qpi", "ndpi", "bif", "avs", "philips")
ALIKE = 0.9  # correlation from which a smaller page shows the same as a larger one
DECODED = 2**26  # pixels up to which a page is decoded to compare it with a larger one


class TiffImage(NamedTuple):
    """An image at full resolution: one letter an axis, and the pages that hold its planes."""

    name: str
    axes: str
    shape: tuple[int, ...]
    keyframe: Any
    pages: Any
    series: Any

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as stored, before it is turned upright."""
        sides = dict(zip(self.axes, self.shape, strict=True))
        return sides.get("Y", 1), sides.get("X", 1)

    @property
    def description(self) -> str:
        """Its name and its size, for a sentence."""
        size = "{}×{}".format(*self.size)
        return f"{self.name} {size}" if self.name else size


def find_images(file: Any, channel: Channel | None) -> tuple[list[TiffImage], list[str]]:
    """The images of a file, and the names of what was left out beside them.

    With a `channel`, an axis of unknown meaning is taken as channels.
    """
    images = _all_images(file, channel)
    if not images:
        raise ValueError("it holds no image")
    by_size: dict[tuple[int, int], list[TiffImage]] = {}  # a film may be of thousands of images
    for image in images:
        by_size.setdefault(image.size, []).append(image)
    larger = {
        size: [one for other in by_size if _is_smaller(size, other) for one in by_size[other]]
        for size in by_size
    }
    reasons = [_why_left_out(image, larger[image.size], file) for image in images]
    kept = [image for image, reason in zip(images, reasons, strict=True) if reason is None]
    return kept or images[:1], [reason for reason in reasons if reason is not None]


def pages_at(image: TiffImage, index: Sequence[int | slice]) -> list[Any] | None:
    """The pages of a plane, each with its own tags, one of a missing file None.

    None of a stack in one piece, of which only the first page is described.
    """
    outer = len(image.shape) - len(image.keyframe.shape)
    count = math.prod(image.shape[:outer])
    if image.shape[outer:] != image.keyframe.shape or count != len(image.pages):
        return None
    numbers = np.arange(count).reshape(image.shape[:outer])[tuple(index[:outer])]
    return [_own_page(image.pages[int(number)]) for number in np.ravel(numbers)]


@contextlib.contextmanager
def opened(page: Any) -> Iterator[None]:
    """Open the file of a page where it is closed: of OME-TIFF in several files, beside the one."""
    handle = page.parent.filehandle
    if not handle.closed:
        yield
        return
    handle.open()
    try:
        yield
    finally:
        handle.close()


def _own_page(page: Any) -> Any:
    """A page with its own tags, of which tifffile takes most from the first page of a series."""
    if page is None or not page.is_frame or page.is_virtual:
        return page
    with opened(page):
        return page.aspage()


def orientation_of(page: Any) -> int:
    """Where its first row and column lie, see `pictures.oriented`; 1 where it is not said."""
    tag = page.keyframe.tags.get(ORIENTATION)
    return int(tag.value) if tag else 1


def is_plain(series: Any) -> bool:
    """Whether nothing but its own tags says what a page is."""
    return getattr(series, "kind", "") in ("", "generic", "uniform", "shaped")


def _all_images(file: Any, channel: Channel | None) -> list[TiffImage]:
    try:
        series = file.series
    except RuntimeError:  # tifffile's, of pages that it took to be alike and that are not
        series = []
    if _differ(series, file):
        # numbered as in the file, not grouped by size as tifffile does
        file.pages.useframes = False
        return [
            TiffImage("", page.axes, page.shape, page, [page], page)
            for page in map(file.pages.__getitem__, range(len(file.pages)))
            if 0 not in page.shape and page.shape
        ]
    first = [one.levels[0] for one in series]
    return [
        TiffImage(
            *(one.name if one.kind in ("ome", *SCANNERS) else "", _letters(one, channel)),
            *(tuple(one.shape), one.keyframe, one, one),
        )
        for one in first
    ]


def _differ(series: list[Any], file: Any) -> bool:
    """Whether the pages of a plain file are stored in several ways; tifffile looks at three."""
    if not series:
        return len(file.pages) > 1
    if series[0].kind == "generic" and len(series[0]) < len(file.pages):
        return True
    return any(
        page is not None and _own_page(page).hash != one.keyframe.hash
        for one in series
        for page in (one.pages if is_plain(one) else ())
    )


def _letters(series: Any, channel: Channel | None) -> str:
    """One letter an axis: Y, X, C and S (channels), any other is a stack."""
    axes, shape = str(series.axes), series.shape
    unnamed = [i for i, axis in enumerate(axes) if axis in "QI"]
    if axes in UNNAMED and shape[2] <= THIN and min(shape[:2]) >= 8 * shape[2]:
        return "YXC"  # (h, w, c) written without names of axes
    if channel is not None and len(unnamed) == 1 and not set(axes) & set("CS"):
        return axes.replace(axes[unnamed[0]], "C")
    return axes


def _why_left_out(image: TiffImage, larger: list[TiffImage], file: Any) -> str | None:
    """Why an image does not count as one of its own, beside larger ones; None where it does."""
    frame = image.keyframe
    kind = getattr(image.series, "kind", "")
    if kind in SCANNERS and image.name.lower() in SLIDE:
        return f"the {image.name.lower()} of the slide"
    if frame.is_mask:
        return "a mask of transparency"
    if larger and (frame.is_reduced or frame.is_subifd):
        return "a smaller copy"
    if kind == "" and not file.is_ome and any(_shows_the_same(image, one) for one in larger):
        return "a smaller copy"
    return None


def _is_smaller(size: tuple[int, int], other: tuple[int, int]) -> bool:
    (height, width), (full_height, full_width) = size, other
    return (
        height <= full_height
        and width <= full_width
        and height * width < (full_height * full_width)
    )


def _shows_the_same(image: TiffImage, full: TiffImage) -> bool:
    """Whether an unmarked smaller page is a copy: of the same proportions, and much the same."""
    (height, width), (full_height, full_width) = image.size, full.size
    step = max(full_height / height, full_width / width)
    if step < 1.5 or abs(full_height / step - height) >= 1 or abs(full_width / step - width) >= 1:
        return False
    if image.keyframe.dtype != full.keyframe.dtype or len(image.shape) != len(full.shape):
        return False
    if full_height * full_width > DECODED:
        return bool(image.keyframe.is_tiled)  # a scan: nobody stores two of one shape, tiled
    small, large = (_grey(one) for one in (image, full))
    rows = (np.arange(height) * full_height) // height
    columns = (np.arange(width) * full_width) // width
    nearest = large[rows][:, columns]
    means = np.add.reduceat(np.add.reduceat(large, rows, axis=0), columns, axis=1)
    counts = np.diff([*rows, full_height])[:, None] * np.diff([*columns, full_width])
    return any(_are_correlated(small, one) for one in (nearest, means / counts))


def _grey(image: TiffImage) -> Shaped[np.ndarray, "h w"]:
    pixels = image.keyframe.asarray().astype(np.float64)
    axes = image.axes
    others = tuple(i for i, axis in enumerate(axes) if axis not in "YX")
    return np.nan_to_num(pixels.mean(axis=others) if others else pixels)


def _are_correlated(one: Shaped[np.ndarray, "h w"], other: Shaped[np.ndarray, "h w"]) -> bool:
    a, b = one - one.mean(), other - other.mean()
    length = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return bool((a * b).sum() > ALIKE * length) if length else bool(np.allclose(one, other))
