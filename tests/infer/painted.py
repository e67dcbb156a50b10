"""A predictor without a network: it outlines what is bright. And images for it to look at."""

from pathlib import Path

import numpy as np
from PIL import Image

from kontur.errors import InputError
from kontur.infer.options import DEFAULT_OPTIONS
from kontur.infer.predict import Prediction, Predictor
from kontur.instances import Instances
from kontur.models.card import Card, Thresholds


class Bright(Predictor):
    """Every 8-connected-free region above half is an object; refuses 1×1 images, like a network
    that failed."""

    def __init__(self) -> None:
        self.card = Card(
            kind="snake",
            config={},
            version="0",
            thresholds=Thresholds(score=0.3, overlap=0.4),
        )
        self.seen = 0

    def predict_detailed(self, image, options=DEFAULT_OPTIONS) -> Prediction:
        self.seen += 1
        image = image.pixels  # files come with what they say of themselves
        size = image.shape[:2]
        if size == (1, 1):
            raise InputError("too small to hold anything")
        masks = [image[..., 0] == value for value in np.unique(image) if value > 127]
        found = Instances.from_masks(masks, size=size)
        found = found.replace(scores=np.full(len(found), 0.9), size=size)
        return Prediction(found, repaired=1, scale=1.0)


def paint(path: Path, *squares: tuple[int, int, int], size: tuple[int, int] = (24, 32)) -> Path:
    """An 8-bit PNG with bright squares (row, column, side) on black."""
    pixels = np.zeros(size, np.uint8)
    for number, (row, column, side) in enumerate(squares):
        pixels[row : row + side, column : column + side] = 200 + number
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path
