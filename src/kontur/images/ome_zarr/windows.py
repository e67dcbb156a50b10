"""Windows of an OME-Zarr: only those chunks are fetched that a window needs."""

from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from kontur.images import zarr_store
from kontur.images.channels import Channel
from kontur.images.lazy_pixels import LazyPixels, OpenImage
from kontur.images.ome_zarr import image as ome_zarr
from kontur.images.ome_zarr.image import OmeZarrImage


class ZarrWindows(LazyPixels):
    """A plane of a level of an image of OME-Zarr, all channels or one."""

    def __init__(
        self, image: OmeZarrImage, page: int | None, channel: Channel | None, *, level: int = 0
    ):
        channel = None if channel is None else image.channel_number(channel)
        self._image, self._page, self._channel, self._level = image, page, channel, level
        corner = self.read(0, 0, 1, 1)
        shape = image.levels[level].shape
        height, width = (shape[image.axes.index(axis)] for axis in "YX")
        self.shape = (height, width, corner.shape[2])
        self.dtype = corner.dtype
        if level == 0:
            self.levels = tuple(
                ZarrWindows(image, page, channel, level=smaller)
                for smaller in range(1, len(image.levels))
            )

    def read(self, top: int, left: int, height: int, width: int) -> Shaped[np.ndarray, "h w c"]:
        return self._image.read(
            page=self._page,
            level=self._level,
            rows=slice(top, top + height),
            columns=slice(left, left + width),
            channel=self._channel,
        )


def open_windows(
    path: Path, *, page: int | None, channel: Channel | None = None
) -> OpenImage | None:
    """The image, its pixels read when a window is asked for; None of an array without axes.

    Errors as in `OmeZarrImage.read`.
    """
    if not hasattr(zarr_store.opened(path), "members"):
        return None
    image = ome_zarr.open_image(path)
    pixels = ZarrWindows(image, page, channel)
    stains = image.channels if channel is None else ()
    return OpenImage(pixels, image.pixel_sizes[0], stains, image.plane(page))
