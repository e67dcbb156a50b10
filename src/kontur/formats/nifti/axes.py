"""Axes of a volume of NIfTI beside an image of another kind, which has no place in space.

There is nothing to compare but the order of axes. NIfTI counts columns first, and so do programs
that know it; an array with rows first that was saved as it is (`Nifti1Image(array, np.eye(4))`)
lies transposed. Mostly its shape then says so. Where planes are square, or all axes are of one
length, pixels alone can tell: objects stand out from what is right around them, and those that lie
wrong do so where the transposed ones are. Right labels must not be spoiled by this, so that little
is said: several objects must agree, on several planes where there are such.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer

from kontur.errors import InputError
from kontur.files.file_stamp import FileStamp
from kontur.formats import masks
from kontur.images.image_file import open_image, read_image
from kontur.images.nifti_names import ENDINGS
from kontur.images.page_count import count_pages
from kontur.instances import Instances

log = logging.getLogger("kontur.formats")

REACH = 4  # pixels across the border of an object: blur is mostly less, an uneven light wider
FEWEST = 3  # objects of a plane, for one alone may lie on a speck
COMPARED, SPREAD = 3, 9  # planes with objects, and those among which they are sought
CLEAR = 0.2  # of the variance of pixels, what objects explain that lie right for certain,
LITTLE = 0.03  # and what those explain that lie anywhere
_compared: set[tuple[Path, Path, FileStamp, FileStamp]] = set()  # of this process
Planes = Sequence[tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]]  # labels and pixels
ADVICE = "an array with rows first is saved as array.T (in nibabel), or by SimpleITK as it is"


def is_nifti(path: Path) -> bool:
    """Whether a file is a volume of NIfTI, by its ending."""
    return path.name.lower().endswith(ENDINGS) and path.is_file()


def axes_note(one: Path, other: Path) -> str:
    """What is to be added to a sentence on two files of different sizes, of the same axes perhaps.

    "" where both or none is NIfTI, where one has no pixels but outlines, and where lengths are
    others, whatever their order.
    """
    if is_nifti(one) == is_nifti(other):
        return ""
    try:
        shape, other_shape = _shape(one), _shape(other)
    except InputError:  # outlines: the sentence that this is added to says what is wrong
        return ""
    if shape == other_shape or sorted(shape) != sorted(other_shape):
        return ""
    volume = one if is_nifti(one) else other
    return f"; the axes of {volume} are in another order than those of the other file: {ADVICE}"


def warn_of_transposed(labels: Path, image: Path) -> None:
    """A line of logging, once in a process, where labels fit their image only transposed.

    One of the two is NIfTI that states no place, and their shapes are the same.
    """
    if not image.is_file() or not labels.is_file():
        return
    pair = (labels, image, FileStamp.of(labels), FileStamp.of(image))
    if pair in _compared:
        return
    _compared.add(pair)
    try:
        transposed = _fits_transposed(labels, image)
    except InputError:  # whoever reads them says what is wrong
        return
    if transposed:
        log.warning(
            "does %s lie transposed on %s? Its objects stand out from what is around them only "
            "with the axes in the reverse order. If they look wrong in an overlay: %s",
            *(labels, image, ADVICE),
        )


def _fits_transposed(labels: Path, image: Path) -> bool:
    shape = _shape(labels)
    if shape != _shape(image) or shape[1] != shape[2]:
        return False
    pages = _pages_with_objects(labels, shape[0])
    planes = [(_pixels(labels, page), _pixels(image, page)) for page in pages]
    if np.median(_explained(planes) or [0.0]) > LITTLE:
        return False
    ways = [[(objects.T, pixels) for objects, pixels in planes]]
    if planes and shape[0] == shape[1]:
        turned = _across(labels if is_nifti(labels) else image, [page or 0 for page in pages])
        if is_nifti(labels):
            ways.append([(one, pixels) for one, (_, pixels) in zip(turned, planes, strict=True)])
        else:
            ways.append([(objects, one) for one, (objects, _) in zip(turned, planes, strict=True)])
    return any(_is_clear(_explained(way), shape[0]) for way in ways)


def _is_clear(shares: Sequence[float], pages: int) -> bool:
    return len(shares) >= min(2, pages) and min(shares) >= CLEAR


def _pages_with_objects(labels: Path, count: int) -> list[int | None]:
    """Some planes from the middle outwards; of one plane None."""
    if count == 1:
        return [None]
    spread = {count * (2 * i + 1) // (2 * SPREAD) for i in range(SPREAD)}
    found: list[int | None] = []
    for page in sorted(spread, key=lambda page: abs(page - count // 2)):
        if len(found) < COMPARED and (_pixels(labels, page) > 0).any():
            found.append(page)
    return found


def _across(path: Path, columns: list[int]) -> Float[np.ndarray, "k h w"]:
    """The planes of some columns: of each page one line."""
    lines = [_pixels(path, page)[:, columns] for page in range(count_pages(path))]
    return np.stack(lines, axis=1).transpose(2, 0, 1)


def _explained(planes: Planes) -> list[float]:
    """The share of the variance of pixels that the step across the border of objects explains.

    Of each plane that has enough objects; the step is the median of theirs, so that most agree. A
    light that rises over the image is cancelled by the two sides of an object. Planes with pixels
    that are no numbers are left out.
    """
    shares = []
    for objects, pixels in planes:
        if not np.isfinite(pixels).all():
            continue
        owners, steps = _steps(_numbered(objects), pixels)
        counts = np.bincount(owners)
        if np.count_nonzero(counts) >= FEWEST:
            means = np.bincount(owners, steps)[counts > 0] / counts[counts > 0]
            spread = pixels.var() + np.mean(steps**2)
            shares.append(float(np.median(means) ** 2 / spread) if spread > 0 else 0.0)
    return shares


def _numbered(objects: Float[np.ndarray, "h w"]) -> Integer[np.ndarray, "h w"]:
    """Objects from 1: by their values, or, of a mask of few values, by regions of these."""
    values, index = np.unique(np.maximum(objects, 0), return_inverse=True)
    numbers: Integer[np.ndarray, "h w"] = index.reshape(objects.shape) + (values[0] > 0)
    if 1 < len(values) <= FEWEST:
        outlines = masks.regions(numbers).outlines
        numbers = Instances.of_valid(outlines, size=numbers.shape).label_image()
    return numbers


def _steps(
    objects: Integer[np.ndarray, "h w"], pixels: Float[np.ndarray, "h w"]
) -> tuple[Integer[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """By how much pixels in objects are brighter than those across their borders; and whose."""
    owners, steps = [], []
    for turned, light in ((objects, pixels), (objects.T, pixels.T)):
        for way in (1, -1):
            inside, outside = turned[::way][:-REACH], turned[::way][REACH:]
            border = (inside > 0) & (outside == 0)
            owners.append(inside[border])
            steps.append((light[::way][:-REACH] - light[::way][REACH:])[border])
    return np.concatenate(owners), np.concatenate(steps)


def _pixels(path: Path, page: int | None) -> Float[np.ndarray, "h w"]:
    mean: Float[np.ndarray, "h w"] = read_image(path, page=page).pixels.mean(axis=-1, dtype=float)
    return mean


def _shape(path: Path) -> tuple[int, int, int]:
    """Pages, rows and columns."""
    pages = count_pages(path)
    rows, columns, *_ = open_image(path, page=0 if pages > 1 else None).pixels.shape
    return pages, rows, columns
