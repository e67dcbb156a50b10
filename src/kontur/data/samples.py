"""Samples of a folder: read lazily, or loaded once.

Loader workers ask for each sample many times, and tracing its outlines again each time is waste:
`Loaded` keeps the outlines of all samples and as many images, in their stored dtype, as fit.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Shaped

from kontur.data.annotations import read_annotation
from kontur.data.entry import Entry
from kontur.data.reading import Reading
from kontur.data.sample import Sample
from kontur.errors import InputError
from kontur.formats.images import Image, check_finite, read_image
from kontur.instances import Instances

if TYPE_CHECKING:
    _Samples = Sequence[Sample]
else:  # a checker at run time would read a file to see that its content is a Sample
    _Samples = Sequence


class Samples(_Samples):
    """The samples of a folder, each read from its files when it is asked for."""

    def __init__(self, entries: Sequence[Entry], reading: Reading, channel: int | None) -> None:
        self.entries = tuple(entries)
        self.reading = reading
        self.channel = channel

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        """One sample; raises `InputError` that names the file where it cannot be read."""
        entry = self.entries[index]
        image = self._image(entry)
        height, width = image.pixels.shape[:2]
        try:
            found = read_annotation(entry, (height, width), self.reading)
        except InputError as error:
            table = self.reading.table
            files = (entry.image, entry.annotation, entry.ignore, table.path if table else None)
            if any(str(file) in str(error) for file in files if file is not None):
                raise
            raise InputError(f"{entry.annotation}: {error}") from None
        return Sample(image.pixels, found, entry.name, image.pixel_size, image.stains)

    def pixels(self, index: int) -> Shaped[np.ndarray, "h w c"]:
        """The image of one sample alone."""
        return self._image(self.entries[index]).pixels

    def _image(self, entry: Entry) -> Image:
        """An image as stored; `InputError` where a value is NaN or infinite: it spoils training."""
        image = read_image(entry.image, channel=self.channel, page=self.reading.page)
        check_finite(image.pixels, where=entry.image)
        return image


class Stored(NamedTuple):
    """What `load` keeps of one sample; `image` is None where the memory did not suffice."""

    instances: Instances
    pixel_size: float | None
    stains: tuple[str, ...]
    image: Shaped[np.ndarray, "h w c"] | None


class Loaded(_Samples):
    """Samples whose objects are in memory, and whose images are as far as the memory allowed."""

    def __init__(self, samples: Samples, stored: Sequence[Stored]) -> None:
        self.samples = samples
        self.stored = tuple(stored)

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        """One sample; its image is read again where it is not in memory."""
        kept = self.stored[index]
        image = self.samples.pixels(index) if kept.image is None else kept.image
        name = self.samples.entries[index].name
        return Sample(image, kept.instances, name, kept.pixel_size, kept.stains)
