"""What TensorBoard is shown at some validations: so few that its files stay small.

The crops as the network saw them, one validation image's outlines stage by stage, and histograms
of the weights and of their gradients.
"""

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from kontur.data.sample import Sample
from kontur.infer.predict import Predictor
from kontur.models.segmenter import Segmenter
from kontur.train.optimise import matrices
from kontur.train.overlays import in_a_row, side_by_side
from kontur.train.record import Record

EVERY = 5  # validations; the first one is looked at
CROPS = 4  # of the batch
LARGEST = 400  # pixels a side of what is shown


def is_due(step: int, validate_every: int) -> bool:
    """Whether the validation at a step is the first or one of every `EVERY` after it.

    >>> [step for step in range(10, 120, 10) if is_due(step, 10)]
    [10, 60, 110]
    """
    return (step // validate_every) % EVERY == 1


def show_crops(record: Record, step: int, images: Float[Tensor, "b c h w"]) -> None:
    """The first crops of a batch in a row."""
    record.show(step, "seen/crops", in_a_row([as_picture(each) for each in images[:CROPS]]))


def as_picture(image: Float[Tensor, "c h w"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    """One image of a batch as `(h, w, 3)`: 0 to 1 as black to white, at most three channels.

    Larger ones lose every second, third, … row and column.
    """
    values = image.detach().float().cpu().numpy().transpose(1, 2, 0)  # (c, h, w) to (h, w, c)
    step = -(-max(values.shape[:2]) // LARGEST)
    colours = np.minimum(np.arange(3), values.shape[2] - 1)
    shown = np.nan_to_num(values[::step, ::step, colours])
    return np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8)


def show_stages(record: Record, step: int, predictor: Predictor, sample: Sample) -> None:
    """One image with the outlines after every stage; nothing for kinds without stages."""
    stages = predictor.outlines_by_stage(sample.image)
    if stages:
        picture = side_by_side(sample, *stages.values(), largest=LARGEST)
        record.show(step, f"stages/{sample.name}", picture)


def show_histograms(record: Record, step: int, segmenter: Segmenter) -> None:
    """Of every weight matrix and of its gradient in the last step."""
    names = {id(parameter): name for name, parameter in segmenter.named_parameters()}
    for parameter in matrices(segmenter):
        for what, values in (("weights", parameter.detach()), ("gradients", parameter.grad)):
            if values is not None:
                flat = values.float().flatten().cpu().numpy()
                record.board.histogram(step, f"{what}/{names[id(parameter)]}", flat)
