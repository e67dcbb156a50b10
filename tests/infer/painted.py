"""Stand-ins for networks: a predictor of what is bright, graphs that see one object; images."""

from pathlib import Path

import numpy as np
from PIL import Image

from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.errors import InputError
from kontur.infer.folder import predict_folder
from kontur.infer.inputs import find_inputs
from kontur.infer.options import DEFAULT_OPTIONS
from kontur.infer.predict import Predictor
from kontur.infer.prediction import Prediction
from kontur.infer.scale_and_contrast import ScaleAndContrast
from kontur.infer.tasks.image_task import Outcome
from kontur.infer.tiling.parts import ImagePlan, PredictedParts
from kontur.infer.view import PreparedImage
from kontur.instances import Instances
from kontur.models import catalog
from kontur.models.card import Card, Thresholds
from kontur.models.graphs import Graphs
from kontur.models.resolve import Resolved


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
        self.config = catalog.config(self.card.kind, self.card.config)
        self.normalise = NormaliseConfig()
        self.seen = 0

    def plan(self, image, options=DEFAULT_OPTIONS, **how) -> ImagePlan:
        prepared = PreparedImage.of(image.pixels, NormaliseConfig(), channels=1, multiple=1)
        return ImagePlan(ScaleAndContrast(prepared, None, 1.0), self.card.thresholds, None)

    def parts_of(self, plan, **how) -> PredictedParts:
        found = self.predict_detailed(plan.chosen.image, DEFAULT_OPTIONS)
        return PredictedParts(
            *(found.instances.size, None, found.scale, found.contrast),
            iter([Resolved(found.instances, found.repaired)]),
        )

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


def run(images: Path, out: Path, *, predictor: Predictor | None = None, **how) -> list[Outcome]:
    """What becomes of each image of a folder."""
    return list(predict_folder(predictor or Bright(), find_inputs([images]), out, **how))


class Stamp:
    """Graphs that see an object at the same place of whatever image they are given."""

    def __init__(self, box=(8.0, 4.0, 20.0, 12.0)):
        self.box = box
        self.seen: list[np.ndarray] = []
        names = ("detect", "extremes", "evolve", "edge", "quality")
        self.graphs = Graphs({name: getattr(self, name) for name in names})

    def detect(self, images):
        self.seen.append(images)
        b, _, h, w = images.shape
        scores = np.zeros((b, 1, h // 2, w // 2), np.float32)
        scores[0, 0, 0, 0] = 1
        boxes = np.zeros((b, 4, h // 2, w // 2), np.float32)
        boxes[0, :, 0, 0] = self.box
        return np.zeros((b, h // 2, w // 2, 24), np.float32), scores, boxes

    def extremes(self, features, diamonds, image_index):
        return (diamonds[:, ::10],)

    def evolve(self, features, contours, image_index):
        return (np.stack([contours] * 3),)

    def edge(self, features, contours, image_index):
        return (contours,)

    def quality(self, features, contours, image_index):
        return (np.ones(len(contours), np.float32),)
