"""Pictures of a training: outlines of validation images, and those for TensorBoard.

TensorBoard shows augmented crops, one validation image's outlines stage by stage, and histograms of
the weights and of their gradients, at few validations, so that its files stay small.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import shapely
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from kontur.data.sample import Sample
from kontur.files.atomic import replacing
from kontur.infer.predict import Predictor
from kontur.instances import Instances
from kontur.instances.overlay import draw
from kontur.models.segmenter import Segmenter
from kontur.train.logger import RunLogger
from kontur.train.optimiser import matrices

GAP = 4  # white pixels between two pictures
TITLE = 20  # pixels, height of the white strip above a picture with words on what it shows
SMALL, LARGE = 400, 1600  # pixels; smaller images are drawn enlarged, larger ones shrunk
MOST_ENLARGED = 8
EVERY = 5  # validations, beginning with the first
CROPS = 4  # of the batch
LARGEST = 400  # pixels, side of a picture for TensorBoard
MOST_POINTS = 100_000  # of predicted outlines in a picture; those of a new network are mostly noise


def side_by_side(
    sample: Sample, outlines: Mapping[str, Instances], *, largest: int = LARGE
) -> UInt8[np.ndarray, "h w 3"]:
    """The image once for each set of outlines, whose name stands above it.

    Each is of no more than `largest` pixels a side, without the strip with its name.

    Of outlines with scores the surest are drawn, with `MOST_POINTS` points in all.
    """
    zoom = _zoom(max(sample.size), largest)
    pictures = {name: draw(sample.image, _surest(o), zoom=zoom) for name, o in outlines.items()}
    return in_a_row([_titled(picture, name) for name, picture in pictures.items()])


def _titled(picture: UInt8[np.ndarray, "h w 3"], title: str) -> UInt8[np.ndarray, "h2 w 3"]:
    """A picture below a white strip with a word or two; what is too long for it is cut."""
    strip = Image.new("RGB", (picture.shape[1], TITLE), "white")
    font = ImageFont.load_default(size=13)
    ImageDraw.Draw(strip).text((4, TITLE // 2), title, "black", font, "lm")
    return np.concatenate([np.array(strip), picture])


def _surest(objects: Instances) -> Instances:
    if np.isnan(objects.scores).any():
        return objects
    order = np.argsort(-objects.scores, kind="stable")
    points = np.cumsum(shapely.get_num_coordinates(objects.polygons)[order])
    return objects[np.sort(order[points <= MOST_POINTS])]


def in_a_row(pictures: Sequence[UInt8[np.ndarray, "h w 3"]]) -> UInt8[np.ndarray, "h w2 3"]:
    """Pictures of one height beside one another, a white gap between them."""
    gap = np.full((len(pictures[0]), GAP, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)]
    return np.concatenate(parts[1:], axis=1)


def write_side_by_side(
    folder: Path, samples: Sequence[Sample], predicted: Sequence[Instances]
) -> None:
    """One `NAME.png` a sample in `folder`, `true_and_predicted`."""
    for sample, objects in zip(samples, predicted, strict=True):
        picture = Image.fromarray(side_by_side(sample, true_and_predicted(sample, objects)))
        with replacing(folder / f"{sample.name.replace('/', '-')}.png") as temporary:
            picture.save(temporary)


def true_and_predicted(sample: Sample, predicted: Instances) -> dict[str, Instances]:
    """The two sets of outlines of `side_by_side`: those annotated left, the model's right."""
    return {"annotated": sample.instances, "model": predicted}


def _zoom(side: int, largest: int) -> float:
    """The factor by which an image is drawn: a whole number, or 1 divided by one."""
    if side > largest:
        return 1 / math.ceil(side / largest)
    return float(min(MOST_ENLARGED, max(1, SMALL // side)))


def is_due(step: int, validate_every: int) -> bool:
    """Whether the validation at a step is the first or one of every `EVERY` after it.

    >>> [step for step in range(10, 120, 10) if is_due(step, 10)]
    [10, 60, 110]
    """
    return (step // validate_every) % EVERY == 1


def show_crops(logger: RunLogger, step: int, images: Float[Tensor, "b c h w"]) -> None:
    """Log the first crops of a batch in a row."""
    logger.image(step, "crops", in_a_row([as_picture(image) for image in images[:CROPS]]))


def as_picture(image: Float[Tensor, "c h w"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    """One image of a batch as `(h, w, 3)`: 0 to 1 as black to white, at most three channels.

    Large ones are reduced by taking every second, third, … row and column.
    """
    values = image.detach().float().cpu().numpy().transpose(1, 2, 0)  # (c, h, w) to (h, w, c)
    step = -(-max(values.shape[:2]) // LARGEST)
    colours = np.minimum(np.arange(3), values.shape[2] - 1)
    reduced = np.nan_to_num(values[::step, ::step, colours])
    return np.rint(255 * np.clip(reduced, 0, 1)).astype(np.uint8)


def show_stages(logger: RunLogger, step: int, predictor: Predictor, sample: Sample) -> None:
    """Log one image with the outlines after every stage; nothing for kinds without stages."""
    stages = predictor.outlines_by_stage(sample.image)
    if stages:
        picture = side_by_side(sample, stages, largest=LARGEST)
        logger.image(step, f"stages/{sample.name}", picture)


def show_histograms(logger: RunLogger, step: int, segmenter: Segmenter) -> None:
    """Log histograms of every weight matrix and of its gradient in the last step."""
    names = {id(parameter): name for name, parameter in segmenter.named_parameters()}
    for parameter in matrices(segmenter):
        for what, values in (("weights", parameter.detach()), ("gradients", parameter.grad)):
            if values is not None:
                flat = values.float().flatten().cpu().numpy()
                logger.board.histogram(step, f"{what}/{names[id(parameter)]}", flat)
