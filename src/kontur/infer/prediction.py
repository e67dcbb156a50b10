"""A prediction: the objects of an image, and how the image was shown to the network.

In a notebook it is the image with the outlines, small, and the first few objects.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from kontur.display.stretch import stretch
from kontur.display.thumbnail import SIDE
from kontur.images.lazy_pixels import Pixels, every
from kontur.infer.options import GivenContrast, contrast_text
from kontur.instances import Instances
from kontur.instances.notebook import instances_html
from kontur.wording import plural

ENOUGH = 4 * SIDE  # pixels along a side, of which a picture is made


@dataclass(frozen=True, eq=False)
class Prediction:
    """The objects of an image, how many outlines were repaired, and how the image was shown.

    `scale` is the factor by which it was resized, relative to the card's own; `contrast` the
    percentile that counted as bright or the values that became 0 and 1, None for the card's;
    `image` the pixels that were outlined, in the network's channels; `hint` a sentence where they
    are constant, or hardly any of them lies in the range.
    """

    instances: Instances
    repaired: int
    scale: float
    contrast: GivenContrast | None = None
    image: Pixels | None = field(default=None, repr=False)
    hint: str | None = None

    def _repr_html_(self) -> str:
        """A few kilobytes for an image of any size and any number of objects."""
        notes = []
        if self.scale != 1:
            notes.append(f"image scaled by {self.scale:.2f}")
        if isinstance(self.contrast, tuple):
            notes.append(f"the range of intensities is {contrast_text(self.contrast)}")
        elif self.contrast is not None:
            notes.append(f"bright is percentile {self.contrast:g}")
        if self.hint is not None:
            notes.append(self.hint)
        if self.repaired:
            notes.append(f"{plural(self.repaired, 'outline')} repaired")
        picture = None if self.image is None else _picture(self.image, self.contrast)
        return instances_html(self.instances, picture=picture, about=", ".join(notes))


def _picture(image: Pixels, contrast: GivenContrast | None) -> UInt8[np.ndarray, "_ _ 3"]:
    """The image in 8 bits; of a large one every second pixel or fewer, which is enough here."""
    step = math.ceil(max(image.shape[:2]) / ENOUGH)
    return stretch(every(image, step), contrast=contrast)
