"""Axes of a volume of NIfTI beside an image of another kind, which has no place in space.

There is nothing to compare but the order of axes. NIfTI counts columns first, and so do programs
that know it; an array with rows first that was saved as it is (`Nifti1Image(array, np.eye(4))`)
lies transposed. Mostly its shape then says so. Where planes are square, or all axes are of one
length, pixels alone can tell: those that the labels cover differ from the others, and of labels
that lie wrong they do so where the transposed ones are.
"""

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped

from kontur.errors import InputError
from kontur.formats import document
from kontur.formats.file_stamp import FileStamp
from kontur.formats.images import open_image, read_image
from kontur.formats.nifti_header import ENDINGS
from kontur.formats.page_count import count_pages

CHECKED = 64  # pairs of files of which it is kept that they were looked at
CLEAR = 0.1  # of the variance of pixels that transposed labels explain, before it is evidence
TIMES = 2  # as much as the labels as they lie explain
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
        shape, there = _shape(one), _shape(other)
    except InputError:  # outlines: the sentence that this is added to says what is wrong
        return ""
    if shape == there or sorted(shape) != sorted(there):
        return ""
    volume = one if is_nifti(one) else other
    return f"; the axes of {volume} are in another order than those of the other file: {ADVICE}"


def warn_of_transposed(labels: Path, image: Path) -> None:
    """A line of logging, once, where labels fit their image much better transposed.

    One of the two is NIfTI that states no place, and their shapes are the same.
    """
    if image.is_file() and labels.is_file():
        _look(labels, image, FileStamp.of(labels), FileStamp.of(image))


@functools.lru_cache(maxsize=CHECKED)
def _look(labels: Path, image: Path, *stamps: FileStamp) -> None:
    try:
        better = _fits_transposed(labels, image)
    except InputError:  # whoever reads them says what is wrong
        return
    if better:
        document.log.warning(
            "%s fits %s much better with its axes in the reverse order; %s", labels, image, ADVICE
        )


def _fits_transposed(labels: Path, image: Path) -> bool:
    shape = _shape(labels)
    if shape != _shape(image) or shape[1] != shape[2]:
        return False
    pages = range(shape[0]) if shape[0] > 1 else [None]
    middle = len(pages) // 2
    for page in sorted(pages, key=lambda page: abs((page or 0) - middle)):
        mask, pixels = _pixels(labels, page) > 0, _pixels(image, page)
        if 0 < mask.sum() < mask.size and pixels.std() > 0:
            break
    else:
        return False
    explained = _explained(mask, pixels)
    return any(
        _explained(*turned) >= max(CLEAR, TIMES * explained)
        for turned in _turned(labels, image, page, mask, pixels)
    )


def _turned(
    labels: Path,
    image: Path,
    page: int | None,
    mask: Shaped[np.ndarray, "h w"],
    pixels: Float[np.ndarray, "h w"],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Labels and pixels of a plane where the file of NIfTI is an array of rows and columns."""
    yield mask.T, pixels
    if page is None or len(mask) != count_pages(labels):
        return
    if is_nifti(labels):
        yield _across(labels, page) > 0, pixels
    else:
        yield mask, _across(image, page)


def _across(path: Path, column: int) -> Float[np.ndarray, "h w"]:
    """The plane of a column: of each page one line."""
    return np.stack([_pixels(path, page)[:, column] for page in range(count_pages(path))], axis=1)


def _explained(mask: Shaped[np.ndarray, "h w"], pixels: Float[np.ndarray, "h w"]) -> float:
    """The share of the variance of pixels that lies between those of a mask and the others."""
    if mask.all() or not mask.any():
        return 0.0
    return float(np.corrcoef(mask.ravel(), pixels.ravel())[0, 1] ** 2)


def _pixels(path: Path, page: int | None) -> Float[np.ndarray, "h w"]:
    mean: Float[np.ndarray, "h w"] = read_image(path, page=page).pixels.mean(axis=-1, dtype=float)
    return mean


def _shape(path: Path) -> tuple[int, int, int]:
    """Pages, rows and columns."""
    pages = count_pages(path)
    rows, columns, *_ = open_image(path, page=0 if pages > 1 else None).pixels.shape
    return pages, rows, columns
