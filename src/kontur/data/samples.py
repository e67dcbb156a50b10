"""Samples of a folder: read lazily, or loaded once.

Loader workers use each sample many times, and tracing its outlines each time would be a waste:
`LoadedSamples` keeps the outlines of all samples and as many images, in their stored dtype, as fit.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.data.annotations.annotation_options import AnnotationOptions
from kontur.data.annotations.read_annotation import read_annotation
from kontur.data.layouts.layout import AnnotatedImage
from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.images.channels import Channel
from kontur.images.image_file import Image, check_finite, read_image
from kontur.instances import Instances

if TYPE_CHECKING:
    _Samples = Sequence[Sample]
else:  # a checker at run time would read a file to see that its content is a Sample
    _Samples = Sequence


class Samples(_Samples):
    """The samples of a folder, each read from its files on access."""

    def __init__(
        self,
        annotated: Sequence[AnnotatedImage],
        options: AnnotationOptions,
        channel: Channel | None,
    ) -> None:
        self.annotated = tuple(annotated)
        self.options = options
        self.channel = channel

    def __len__(self) -> int:
        return len(self.annotated)

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        """One sample; raises `InputError` that names the file where it cannot be read."""
        item = self.annotated[index]
        image = self._image(item)
        height, width = image.pixels.shape[:2]
        try:
            instances = read_annotation(item, (height, width), self.options)
        except InputError as error:
            table = self.options.table
            files = (item.image, item.annotation, item.ignore, table.path if table else None)
            if any(str(file) in str(error) for file in files if file is not None):
                raise
            raise InputError(f"{item.annotation}: {error}") from None
        return Sample(image.pixels, instances, item.plane_name, image.pixel_size, image.stains)

    def pixels(self, index: int) -> Shaped[np.ndarray, "h w c"]:
        """The image of one sample alone."""
        return self._image(self.annotated[index]).pixels

    def _image(self, item: AnnotatedImage) -> Image:
        """An image as stored; `InputError` where a value is NaN or infinite: it spoils training."""
        image = read_image(item.image, channel=self.channel, page=item.page)
        check_finite(image.pixels, where=item.image)
        return image


class StoredSample(NamedTuple):
    """A sample in memory; `image` is None where the memory did not suffice for it.

    `fingerprint` is the same for copies of the image, see `image_statistics.fingerprint`.
    """

    instances: Instances
    pixel_size: float | None
    stains: tuple[str, ...]
    image: Shaped[np.ndarray, "h w c"] | None
    fingerprint: str | None


class LoadedSamples(_Samples):
    """Samples whose objects are in memory, and whose images are as far as the memory allowed."""

    def __init__(self, samples: Samples, stored: Sequence[StoredSample]) -> None:
        self.samples = samples
        self.stored = tuple(stored)

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        """One sample; its image is read again where it is not in memory."""
        kept = self.stored[index]
        image = self.samples.pixels(index) if kept.image is None else kept.image
        name = self.samples.annotated[index].plane_name
        return Sample(image, kept.instances, name, kept.pixel_size, kept.stains)
