"""A prediction in a notebook: the image with the outlines, small, and the first few objects."""

import math
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from kontur.display.stretch import stretch
from kontur.display.thumbnail import SIDE
from kontur.formats.lazy_pixels import Pixels, every
from kontur.instances.notebook import instances_html
from kontur.wording import plural

if TYPE_CHECKING:
    from kontur.infer.predict import Prediction

ENOUGH = 4 * SIDE  # pixels along a side, of which a picture is made


def prediction_html(prediction: "Prediction") -> str:
    """HTML of a few kilobytes for an image of any size and any number of objects."""
    notes = []
    if prediction.scale != 1:
        notes.append(f"image scaled by {prediction.scale:.2f}")
    if prediction.contrast is not None:
        notes.append(f"bright is percentile {prediction.contrast:g}")
    if prediction.repaired:
        notes.append(f"{plural(prediction.repaired, 'outline')} repaired")
    picture = None if prediction.image is None else _picture(prediction.image, prediction.contrast)
    return instances_html(prediction.instances, picture=picture, about=", ".join(notes))


def _picture(image: Pixels, brightest: float | None) -> UInt8[np.ndarray, "_ _ 3"]:
    """The image in 8 bits; of a large one every second pixel or fewer, which is enough here."""
    step = math.ceil(max(image.shape[:2]) / ENOUGH)
    return stretch(every(image, step), brightest=brightest)
