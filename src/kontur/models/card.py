"""The card that travels inside every model file: enough to use the model with nothing else."""

from typing import Any

import pydantic

from kontur.images.channels import Channel
from kontur.settings import Settings

STAINS = "stains"  # in `Card.training`: true where channels are stains, not red, green and blue
# The newest format of files, raised when an older Kontur could no longer read one: 5 has a range of
# intensities, 4 the channel, 3 the scale. A card without a range is written in the one before.
FORMAT, WITHOUT_RANGE = 5, 4


class Thresholds(Settings):
    """The thresholds of prediction, tuned on validation data when training ends.

    Attributes:
        score: an object below this score is not returned.
        overlap: of two outlines whose IoU is above this, the one with the lower score is removed.
    """

    score: float = pydantic.Field(0.3, ge=0, le=1)
    overlap: float = pydantic.Field(0.4, ge=0, le=1)


class Card(Settings):
    """A model's kind, settings, input, training and scores.

    Attributes:
        format: the oldest that holds what the card says, so that older versions read it too;
            whatever is given.
        kind: the family (`catalog.KINDS`).
        config: the family's settings, as its config class reads them.
        classes: names, by label.
        thresholds: tuned on validation data.
        normalise: the normalisation of images (`data.normalisation.normalise.NormaliseConfig`),
            without a range where there is none.
        scale: the working scale: the factor by which images are enlarged before the network gets
            them, as in training; outlines are in pixels of the images as they are.
        channel: the one channel of the images that it learned from, its number from 0 or its name;
            prediction takes it where none is given. None where it learned from all.
        object_size: the median over training objects of the square root of the area, in pixels of
            the images as they are; what `--diameter` scales to. None where it was trained without
            objects.
        pixel_size: micrometres per pixel of the training images, None where it is unknown.
        version: the Kontur that wrote the file.
        training: data, number of images and objects, steps, seconds, …, for information.
        scores: of the model on its validation data, by name.
        about: a sentence, a licence and whom to cite.
    """

    format: int = FORMAT
    name: str = "model"
    kind: str
    config: dict[str, Any]
    classes: tuple[str, ...] = ("object",)
    thresholds: Thresholds = Thresholds()
    normalise: dict[str, Any] = pydantic.Field({})
    scale: float = pydantic.Field(1.0, gt=0)
    channel: Channel | None = None
    object_size: float | None = pydantic.Field(None, gt=0)
    pixel_size: float | None = pydantic.Field(None, gt=0)
    version: str
    training: dict[str, Any] = pydantic.Field({})
    scores: dict[str, float | None] = pydantic.Field({})
    about: dict[str, str] = pydantic.Field({})

    @pydantic.model_validator(mode="before")
    @classmethod
    def _in_oldest_format(cls, values: Any) -> Any:
        normalise = values.get("normalise", {})
        if not isinstance(normalise, dict):
            return values
        if normalise.get("range") is None:
            normalise = {key: value for key, value in normalise.items() if key != "range"}
        oldest = FORMAT if normalise.get("mode") == "range" else WITHOUT_RANGE
        return {**values, "normalise": normalise, "format": oldest}
