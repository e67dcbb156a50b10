"""Geometric transforms: resize, scale, rotate, flip, crop, pad, and the random training crop.

Plain functions where nothing is random, frozen dataclasses `(sample, rng) -> sample` where
something is. All of them are one call of `warp`, so image and contours stay aligned.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from jaxtyping import Float, Shaped

from kontur.data.sample import Sample
from kontur.data.transforms.warp import MARGIN, MIN_AREA, MIN_SHARE, Fill, warp, warp_image
from kontur.errors import InputError

SQUARE = 128  # pixels of a scaled image, resampled at once


def affine_matrix(
    *,
    scale: tuple[float, float] = (1.0, 1.0),
    degrees: float = 0.0,
    source: tuple[float, float] = (0.0, 0.0),
    target: tuple[float, float] = (0.0, 0.0),
) -> Float[np.ndarray, "2 3"]:
    """Scale x and y (negative mirrors), then turn clockwise on screen, taking `source` to `target`.

    Quarter turns are exact: the matrix then holds no rounding.
    """
    quarters, rest = divmod(degrees, 90)
    radians = math.radians(rest)
    cosine, sine = (1.0, 0.0) if rest == 0 else (math.cos(radians), math.sin(radians))
    for _ in range(int(quarters) % 4):
        cosine, sine = -sine, cosine
    linear = np.array([[cosine, -sine], [sine, cosine]]) * scale + 0.0  # + 0.0: no minus zeros
    return np.column_stack([linear, np.asarray(target) - linear @ source])


def resize(sample: Sample, size: int | tuple[int, int]) -> Sample:
    """The shortest side becomes `size` and the other follows, or exactly `(height, width)`.

    The notes' `Resize`. Shrinking averages; contours are scaled and nothing else.
    """
    height, width = sample.size
    if isinstance(size, int):
        short = min(height, width)
        target = (max(1, height * size // short), max(1, width * size // short))
    else:
        target = size
    _check_size(target)
    scale = (target[1] / width, target[0] / height)
    return warp(sample, affine_matrix(scale=scale), target)


def scale(sample: Sample, factor: float) -> Sample:
    """Everything larger by `factor`, the canvas too (rounded to whole pixels, at least one).

    The factor is exact; a last row or column that is only partly covered shows mirrored image.
    """
    matrix = affine_matrix(scale=(factor, factor))
    return warp(sample, matrix, scaled_size(sample.size, factor), fill="reflect")


def scaled_size(size: tuple[int, int], factor: float) -> tuple[int, int]:
    """The (height, width) of an image made larger by `factor`: whole pixels, at least one.

    Raises `InputError` for a factor that is not above 0.
    """
    if not (math.isfinite(factor) and factor > 0):
        raise InputError(f"a scale is a positive number, got {factor}")
    height, width = (max(1, round(side * factor)) for side in size)
    return height, width


def source_window(
    size: tuple[int, int], factor: float, window: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    """The part of an image of `size` that decides about a window of the scaled image.

    Both are (top, left, height, width), and the part lies inside the image. It shows all of the
    squares in which the scaled image is resampled (`scale_part`).
    """
    top, left, height, width = window
    margin = math.ceil(max(1.0, 1 / factor)) + 2 * MARGIN
    first = [edge // SQUARE * SQUARE for edge in (top, left)]
    last = [-(-edge // SQUARE) * SQUARE for edge in (top + height, left + width)]
    y0, x0 = (max(0, math.floor(edge / factor) - margin) for edge in first)
    y1, x1 = (
        min(side, math.ceil(edge / factor) + margin) for side, edge in zip(size, last, strict=True)
    )
    return y0, x0, y1 - y0, x1 - x0


def scale_part(
    part: Shaped[np.ndarray, "h w c"],
    corner: tuple[int, int],
    factor: float,
    window: tuple[int, int, int, int],
    whole: tuple[int, int],
) -> Shaped[np.ndarray, "h2 w2 c"]:
    """A window of the scaled image from the `source_window` of it, whose (top, left) is `corner`.

    The very pixels that the scaled image, which is of the size `whole` (h, w), has there: squares
    that lie on it are resampled, wherever a window begins. Pillow counts places in single
    precision, and graphs in 8-bit integers make much of a last digit.
    """
    top, left, height, width = window
    below, right = max(whole[0], top + height), max(whole[1], left + width)
    pixels = np.empty((height, width, part.shape[2]), part.dtype)
    for y in range(top - top % SQUARE, top + height, SQUARE):
        for x in range(left - left % SQUARE, left + width, SQUARE):
            rows, columns = min(SQUARE, below - y), min(SQUARE, right - x)
            target = (corner[1] * factor - x, corner[0] * factor - y)
            matrix = affine_matrix(scale=(factor, factor), target=target)
            square = warp_image(part, matrix, (rows, columns), fill="reflect")
            y0, x0 = max(top, y), max(left, x)
            y1, x1 = min(top + height, y + rows), min(left + width, x + columns)
            pixels[y0 - top : y1 - top, x0 - left : x1 - left] = square[
                y0 - y : y1 - y, x0 - x : x1 - x
            ]
    return pixels


def flip(sample: Sample, axis: Literal["horizontal", "vertical"] = "horizontal") -> Sample:
    """Mirrored left to right (`horizontal`) or top to bottom (`vertical`); exact."""
    height, width = sample.size
    if axis == "horizontal":
        return warp(sample, affine_matrix(scale=(-1, 1), target=(width, 0)), sample.size)
    return warp(sample, affine_matrix(scale=(1, -1), target=(0, height)), sample.size)


def quarter_turn(sample: Sample, turns: int = 1) -> Sample:
    """Turned clockwise on screen by `turns` times 90°; exact."""
    size = sample.size if turns % 2 == 0 else sample.size[::-1]
    return _about_centre(sample, 90.0 * (turns % 4), size, "background")


def rotate(
    sample: Sample,
    degrees: float,
    *,
    canvas: Literal["same", "whole"] = "same",
    fill: Fill = "background",
) -> Sample:
    """Turned clockwise on screen about the centre, on the same canvas or one that holds it all."""
    height, width = sample.size
    size = sample.size
    if canvas == "whole":
        cosine, sine = (abs(v) for v in affine_matrix(degrees=degrees)[:, 0])
        size = (
            math.ceil(width * sine + height * cosine - 1e-9),
            math.ceil(width * cosine + height * sine - 1e-9),
        )
    return _about_centre(sample, degrees, size, fill)


def crop(sample: Sample, top: int, left: int, size: tuple[int, int]) -> Sample:
    """The window of `size` whose first pixel is `[top, left]`; exact.

    Objects are cut at its border. Outside the image the window shows the image's median.
    """
    _check_size(size)
    return warp(sample, affine_matrix(target=(-float(left), -float(top))), size)


def pad(sample: Sample, size: tuple[int, int], *, fill: Fill = "reflect") -> Sample:
    """At least `size`, grown at the right and the bottom (so contours keep their coordinates)."""
    _check_size(size)
    height, width = (max(have, wanted) for have, wanted in zip(sample.size, size, strict=True))
    return warp(sample, affine_matrix(), (height, width), fill=fill)


@dataclass(frozen=True)
class RandomFlip:
    """Mirrors along each of the two axes with a probability."""

    horizontal: float = 0.5
    vertical: float = 0.5

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        across, down = rng.random(2) < (self.horizontal, self.vertical)
        sample = flip(sample, "horizontal") if across else sample
        return flip(sample, "vertical") if down else sample


@dataclass(frozen=True)
class RandomRotation:
    """A turn by up to `degrees` either way, on the same canvas."""

    degrees: float = 180.0
    fill: Fill = "reflect"

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return rotate(sample, float(rng.uniform(-self.degrees, self.degrees)), fill=self.fill)


@dataclass(frozen=True)
class RandomCrop:
    """A training crop: scale, turn, mirror and crop in a single resampling.

    Attributes:
        size: `(height, width)` of the crop.
        scale: range of the scale factor, uniform in its logarithm.
        scale_probability: share of crops that are scaled; the rest keep their pixels.
        rotate: `none`, `quarter` turns (exact), or `any` angle.
        flip: `none`, or `both` axes at random.
        object_crops: share of crops that are placed around a random object.
        fill: what a crop larger than the image shows beside it, see `warp`.
        min_share, min_area: when a cut object is still one, see `warp`.
    """

    size: tuple[int, int]
    scale: tuple[float, float] = (0.8, 1.25)
    scale_probability: float = 1.0
    rotate: Literal["none", "quarter", "any"] = "quarter"
    flip: Literal["none", "both"] = "both"
    object_crops: float = 0.5
    fill: Fill = "reflect"
    min_share: float = MIN_SHARE
    min_area: float = MIN_AREA

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        height, width = self.size
        factor = _log_uniform(rng, self.scale)
        factor = factor if rng.random() < self.scale_probability else 1.0
        turns, angle, mirrored = rng.integers(4), rng.uniform(0, 360), rng.integers(2)
        degrees = {"none": 0.0, "quarter": 90.0 * turns, "any": angle}[self.rotate]
        across = -factor if self.flip == "both" and mirrored else factor
        # mirroring one axis and any quarter turn make up all eight symmetries; without turns
        # the other axis needs its own coin
        down = -factor if self.flip == "both" and self.rotate == "none" and turns % 2 else factor
        matrix = affine_matrix(scale=(across, down), degrees=degrees)
        reach = np.abs(np.linalg.inv(matrix[:, :2])) @ (width / 2, height / 2)
        centre = self._centre(sample, reach, rng)
        if factor == 1 and self.rotate != "any":
            centre = np.rint(centre - reach) + reach  # whole pixels: nothing is interpolated
        matrix = affine_matrix(
            scale=(across, down),
            degrees=degrees,
            source=(float(centre[0]), float(centre[1])),
            target=(width / 2, height / 2),
        )
        return warp(
            sample,
            matrix,
            self.size,
            fill=self.fill,
            min_share=self.min_share,
            min_area=self.min_area,
        )

    def _centre(
        self, sample: Sample, reach: Float[np.ndarray, "2"], rng: np.random.Generator
    ) -> Float[np.ndarray, "2"]:
        """A point (x, y) of the image: the crop lies inside where it fits, else around it."""
        extent = np.array(sample.size[::-1], dtype=float)
        low = np.clip(np.minimum(reach, extent - reach), 0, extent)
        high = extent - low
        centre = rng.uniform(low, high)
        polygons = sample.instances.polygons[~sample.instances.ignore]
        if rng.random() < self.object_crops and len(polygons):
            chosen = shapely.bounds(polygons[rng.integers(len(polygons))])
            middle = (chosen[:2] + chosen[2:]) / 2
            centre = np.clip(middle + rng.uniform(-reach, reach) / 2, low, high)
        return centre


def _about_centre(sample: Sample, degrees: float, size: tuple[int, int], fill: Fill) -> Sample:
    source, target = ((s[1] / 2, s[0] / 2) for s in (sample.size, size))
    return warp(
        sample, affine_matrix(degrees=degrees, source=source, target=target), size, fill=fill
    )


def _log_uniform(rng: np.random.Generator, bounds: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))


def _check_size(size: tuple[int, int]) -> None:
    if min(size) < 1:
        raise InputError(f"a size is (height, width) of at least 1, got {size}")
