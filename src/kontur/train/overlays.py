"""Pictures of validation: an image with its true outlines, and with those that were found."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from kontur.data.sample import Sample
from kontur.formats.atomic import replacing
from kontur.formats.overlay import draw
from kontur.instances import Instances

GAP = 4  # white pixels between the two
SMALL, LARGE = 400, 1600  # pixels; smaller images are drawn enlarged, larger ones shrunk
MOST_ENLARGED = 8


def side_by_side(
    sample: Sample, *outlines: Instances, largest: int = LARGE
) -> UInt8[np.ndarray, "h w 3"]:
    """The image once for each set of outlines, each of no more than `largest` pixels a side."""
    zoom = _zoom(max(sample.size), largest)
    return in_a_row([draw(sample.image, each, zoom=zoom) for each in outlines])


def in_a_row(pictures: Sequence[UInt8[np.ndarray, "h w 3"]]) -> UInt8[np.ndarray, "h w2 3"]:
    """Pictures of one height beside one another, a white gap between them."""
    gap = np.full((len(pictures[0]), GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)]
    return np.concatenate(parts[1:], axis=1)


def write_overlays(folder: Path, samples: Sequence[Sample], found: Sequence[Instances]) -> None:
    """One `NAME.png` a sample below `folder`, the truth left and what was found right."""
    for sample, objects in zip(samples, found, strict=True):
        picture = Image.fromarray(side_by_side(sample, sample.instances, objects))
        with replacing(folder / f"{sample.name.replace('/', '-')}.png") as beside:
            picture.save(beside)


def _zoom(side: int, largest: int) -> float:
    """A whole factor, or one divided by it."""
    if side > largest:
        return 1 / math.ceil(side / largest)
    return float(min(MOST_ENLARGED, max(1, SMALL // side)))
