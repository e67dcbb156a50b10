"""View: the input of a network, made from an image or a window of it at any scale.

The normalisation is measured once on the whole image and applied to any window, so that a tile or
the surroundings of a click have the very values that the whole image has there.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from jaxtyping import Float

from kontur.data.normalisation.normalise import (
    Normalisation,
    NormaliseConfig,
    in_fewest_channels,
    measure_normalisation,
    to_channels,
)
from kontur.data.normalisation.ranges import Ranges
from kontur.data.normalisation.survey import survey
from kontur.data.transforms.geometric import scale_part, scaled_size, source_window
from kontur.images.image_file import check_finite
from kontur.images.lazy_pixels import LazyPixels, Pixels, source_level
from kontur.instances import Instances
from kontur.instances.plane import Plane


class Window(NamedTuple):
    """A part of an image, in whole pixels."""

    top: int
    left: int
    height: int
    width: int

    def scaled(self, scale: float) -> "Window":
        """The same part of the image at another scale, in its whole pixels.

        >>> Window(10, 20, 31, 40).scaled(0.5)
        Window(top=5, left=10, height=15, width=20)
        """
        edges = (self.top, self.left, self.top + self.height, self.left + self.width)
        top, left, bottom, right = (int(edge * scale) for edge in edges)
        return Window(top, left, max(bottom - top, 1), max(right - left, 1))


@dataclass(frozen=True, eq=False)
class View:
    """The input of a network: a batch of one image or window, normalised, scaled and padded.

    `size` (h, w) is the size of the scaled image or window without padding; `origin` (x, y) its
    top left corner in the scaled image; `image_size` the (h, w) of the whole image before scaling;
    `plane` the plane of a stack from which the image was read. `corner` (x, y) is that of a square
    of the family's grid: where the view is flipped, another than its own.
    """

    images: Float[np.ndarray, "1 c h2 w2"]
    size: tuple[int, int]
    scale: float
    origin: tuple[int, int]
    image_size: tuple[int, int]
    plane: Plane | None = None
    corner: tuple[int, int] = (0, 0)

    def image_to_view(self, points: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Points from pixels of the image to pixels of the view."""
        return points * self.scale - np.array(self.origin, float)

    def view_to_image(self, points: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
        """Points from pixels of the view to pixels of the image."""
        return (points + np.array(self.origin, float)) / self.scale

    def instances_in_image(self, instances: Instances) -> Instances:
        """The objects of the view as objects of the image, cut at its border."""
        located = instances.replace(size=self.image_size, plane=self.plane)
        if self.origin == (0, 0) and self.scale == 1:
            return located
        return located.transform(self.view_to_image).clip(self.image_size)


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """An image in the channels of a network, with the normalisation measured on it.

    `channels`, `multiple` and `scale` are those of the network: its number of input channels (a
    grey image is kept as one channel), the multiple to which height and width are padded, and its
    working scale. `plane` is the plane of a stack from which the image was read,
    `pixel_size` the side of a pixel in µm where the file says it.
    """

    pixels: Pixels
    normalisation: Normalisation
    channels: int
    multiple: int
    scale: float = 1.0
    plane: Plane | None = None
    pixel_size: float | None = None

    @classmethod
    def of(
        cls,
        pixels: Pixels,
        normalise: NormaliseConfig,
        *,
        channels: int,
        multiple: int,
        scale: float = 1.0,
        plane: Plane | None = None,
        pixel_size: float | None = None,
        where: str = "the image",
    ) -> Self:
        """Measure an image. Raises `InputError` for channels that need a choice, and for NaN."""
        if isinstance(pixels, LazyPixels):
            lazy, normalisation = survey(pixels, channels, normalise, where=where)
            return cls(lazy, normalisation, channels, multiple, scale, plane, pixel_size)
        check_finite(pixels, where=where)
        fitted = to_channels if normalise.mode == "moments" else in_fewest_channels
        wanted = fitted(pixels, channels)
        normalisation = measure_normalisation(wanted, normalise)
        return cls(wanted, normalisation, channels, multiple, scale, plane, pixel_size)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def in_image(self, instances: Instances, scale: float = 1.0) -> Instances:
        """Objects in pixels of the scaled image as objects of the image, cut at its border."""
        located = instances.replace(size=self.size, plane=self.plane)
        scale = scale * self.scale
        if scale == 1:
            return located
        return located.transform(lambda points: points / scale).clip(self.size)

    def with_contrast(self, contrast: float | Ranges | None) -> Self:
        """The same image with another percentile as bright, or a range; None leaves it."""
        if contrast is None:
            return self
        if isinstance(contrast, tuple):
            return replace(self, normalisation=self.normalisation.with_range(contrast))
        config = self.normalisation.config.replace(mode="percentile", range=None, high=contrast)
        if isinstance(self.pixels, LazyPixels):
            lazy, normalisation = survey(self.pixels, self.channels, config, where="the image")
            return replace(self, pixels=lazy, normalisation=normalisation)
        return replace(self, normalisation=measure_normalisation(self.pixels, config))

    def part(self, window: Window) -> Self:
        """A part of the image, normalised as the whole."""
        rows = slice(window.top, window.top + window.height)
        columns = slice(window.left, window.left + window.width)
        return replace(self, pixels=self.pixels[rows, columns])

    def view(self, scale: float = 1.0, window: Window | None = None) -> View:
        """The network's input at a scale relative to its working scale.

        With a window that part alone, in pixels of the scaled image.
        """
        scale = scale * self.scale
        window = window or Window(0, 0, *scaled_size(self.size, scale))
        top, left, height, width = window
        source, share = (self.pixels, scale) if scale == 1 else source_level(self.pixels, scale)
        stored = (source.shape[0], source.shape[1])
        stored_window = window if share == 1 else Window(*source_window(stored, share, window))
        rows = slice(stored_window.top, stored_window.top + stored_window.height)
        columns = slice(stored_window.left, stored_window.left + stored_window.width)
        values = self.normalisation.apply(source[rows, columns])
        if share != 1:
            whole = scaled_size(self.size, scale)
            values = scale_part(
                values, (stored_window.top, stored_window.left), share, window, whole
            )
        images = _batch(_pad(values, self.multiple), self.channels)
        return View(images, (height, width), scale, (left, top), self.size, self.plane)


def central_part(image: PreparedImage, pixels: float, *, scale: float = 1.0) -> PreparedImage:
    """The central part of an image, of its proportions; its view has at most so many pixels."""
    height, width = image.size
    area = height * width * (scale * image.scale) ** 2
    share = min(1.0, (pixels / area) ** 0.5)
    h, w = max(1, int(height * share)), max(1, int(width * share))
    return image.part(Window((height - h) // 2, (width - w) // 2, h, w))


def _pad(image: Float[np.ndarray, "h w c"], multiple: int) -> Float[np.ndarray, "h2 w2 c"]:
    """Right and below, so that no coordinate moves, by the mirror image: as in training."""
    below, right = (-side % multiple for side in image.shape[:2])
    if not below and not right:
        return image
    return np.pad(image, ((0, below), (0, right), (0, 0)), mode="symmetric")


def _batch(image: Float[np.ndarray, "h w k"], channels: int) -> Float[np.ndarray, "1 c h w"]:
    """A batch of one image as the graphs take it; a single channel is repeated."""
    planes = np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32)
    return np.repeat(planes, channels // len(planes), axis=0)[None]
