"""Pictures of validation: the true outlines on the left, the found ones on the right."""

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
    sample: Sample, found: Instances, *, largest: int = LARGE
) -> UInt8[np.ndarray, "h w 3"]:
    """The image twice, truth left and found right, each of no more than `largest` pixels a side."""
    zoom = _zoom(max(sample.size), largest)
    left = draw(sample.image, sample.instances, zoom=zoom)
    right = draw(sample.image, found, zoom=zoom)
    gap = np.full((len(left), GAP, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def write_overlays(folder: Path, samples: Sequence[Sample], found: Sequence[Instances]) -> None:
    """One `NAME.png` a sample below `folder`."""
    for sample, objects in zip(samples, found, strict=True):
        picture = Image.fromarray(side_by_side(sample, objects))
        with replacing(folder / f"{sample.name.replace('/', '-')}.png") as beside:
            picture.save(beside)


def _zoom(side: int, largest: int) -> float:
    """A whole factor, or one divided by it."""
    if side > largest:
        return 1 / math.ceil(side / largest)
    return float(min(MOST_ENLARGED, max(1, SMALL // side)))
