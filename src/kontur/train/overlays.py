"""Pictures of validation: the true outlines on the left, the found ones on the right."""

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


def side_by_side(sample: Sample, found: Instances) -> UInt8[np.ndarray, "h w 3"]:
    """The image twice, truth left and found right."""
    left, right = draw(sample.image, sample.instances), draw(sample.image, found)
    gap = np.full((len(left), GAP, 3), 255, np.uint8)
    return np.concatenate([left, gap, right], axis=1)


def write_overlays(folder: Path, samples: Sequence[Sample], found: Sequence[Instances]) -> None:
    """One `NAME.png` a sample below `folder`."""
    for sample, objects in zip(samples, found, strict=True):
        picture = Image.fromarray(side_by_side(sample, objects))
        with replacing(folder / f"{sample.name.replace('/', '-')}.png") as beside:
            picture.save(beside)
