"""The scale and contrast at which a model is most certain, for users who do not know them.

At a wrong scale or contrast a model predicts few objects, fragments, or low scores, so that the
share of the image that its objects cover, weighted by score², is small. A scale that was searched
for is then refined by the size of the objects predicted at it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from kontur.data.normalisation.normalise import NormaliseConfig
from kontur.data.normalisation.ranges import check_ranges, ranges_of
from kontur.errors import InputError
from kontur.infer.options import Contrast, Diameter, GivenContrast, PredictOptions
from kontur.infer.view import PreparedImage, View, central_part
from kontur.instances import Instances
from kontur.models.card import Card

AUTO_SCALES = (1.0, 0.5, 0.25, 2.0)  # searched by `diameter="auto"`
AUTO_CONTRASTS = (99.0, 98.0)  # searched by `contrast="auto"`, beside the card's
AUTO_PIXELS = 400_000  # of each trial at most, from the centre of the image
CLEARLY = 1.05  # factor by which a trial must be more certain than those before it
SCALE_RANGE = (1 / 64, 16.0)  # outside this a given diameter is surely in the wrong unit

MEASURED = (0.0, 1.0)  # stands for the range that will be measured over a folder

Detect = Callable[[View], Instances]


class ScaleAndContrast(NamedTuple):
    """An image at a contrast, and a scale relative to the working scale."""

    image: PreparedImage
    contrast: GivenContrast | None  # None for the card's
    scale: float


def scales(card: Card, diameter: Diameter | None) -> tuple[float, ...]:
    """The scales to try, relative to the working scale: one, unless they are searched.

    Raises `InputError` for a diameter far outside the range of the model.
    """
    if diameter is None:
        return (1.0,)
    learned = card.object_size
    if learned is None:
        raise InputError("this model's card has no object size; leave the diameter out")
    if diameter == "auto":
        return AUTO_SCALES
    scale = learned / diameter if diameter > 0 else 0.0
    if not SCALE_RANGE[0] <= scale <= SCALE_RANGE[1]:
        raise InputError(
            f"a diameter is the side of a typical object in pixels (this model learned "
            f"{learned:.0f} and takes {learned / SCALE_RANGE[1]:.2f} to "
            f"{learned / SCALE_RANGE[0]:.0f}), got {diameter:g}"
        )
    return (scale,)


def check_scale_and_contrast(
    card: Card, normalise: NormaliseConfig, options: PredictOptions, channels: int
) -> None:
    """Raise what `choose_scale_and_contrast` and `diameter_of` would raise for every image.

    And what a range for each of the network's `channels` is not good for.
    """
    scales(card, diameter_of(card.pixel_size, card, options))  # of a file whose pixels are known
    given = MEASURED if options.contrast == "folder" else options.contrast
    (*_, last) = contrasts(normalise, given)
    if isinstance(last, tuple):
        check_ranges(last, channels)


def diameter_of(pixel_size: float | None, card: Card, options: PredictOptions) -> Diameter | None:
    """The diameter that was given, or that which the size of a pixel in µm comes to.

    `pixel_size` is what the image says of it.

    Raises `InputError` where both are given, and where the model's or the image's is not known.
    """
    side = options.pixel_size
    if side is None:
        return options.diameter
    if options.diameter is not None:
        raise InputError("--diameter and --pixel-size both say the scale; leave one of them out")
    if card.pixel_size is None or card.object_size is None:
        raise InputError(
            "this model's card does not say the size of its pixels in µm; give --diameter"
        )
    if side == "auto":
        side = pixel_size
    if side is None:
        raise InputError("the image does not say the size of its pixels; give it in µm")
    return card.object_size * card.pixel_size / side


def contrasts(
    config: NormaliseConfig, contrast: Contrast | None
) -> tuple[GivenContrast | None, ...]:
    """The contrasts to try: one, unless they are searched; errors as in `scales`."""
    if contrast is None:
        return (None,)
    if config.mode == "moments":
        raise InputError("this model does not stretch contrasts; leave the contrast out")
    if contrast == "folder":
        raise InputError(
            "the contrast 'folder' is a range measured over all images of a prediction, and this "
            "is a single one; predict them together (kontur predict, or predict_folder of "
            "kontur.infer.folder), or give two values (low, high)"
        )
    if contrast == "auto":
        return (None, *AUTO_CONTRASTS)
    if isinstance(contrast, tuple):
        if config.compress > 0:
            raise InputError(
                "this model compresses intensities around the median of each image, so that no "
                "range holds for all; leave the range out, or train with normalise.mode=range"
            )
        if len(ranges_of(contrast)) > 1 and config.over != "channel":
            raise InputError(
                "this model normalises all channels together, so that one range holds for all of "
                "them; give one LOW,HIGH, or train with normalise.over=channel"
            )
    elif not config.low < contrast <= 100:
        raise InputError(
            f"a contrast is a percentile between {config.low:g} and 100, such as 99, or LOW,HIGH, "
            f"the two values that become 0 and 1; got {contrast:g}"
        )
    return (contrast,)


def choose_scale_and_contrast(
    image: PreparedImage,
    card: Card,
    detect: Detect,
    *,
    diameter: Diameter | None,
    contrast: Contrast | None,
) -> ScaleAndContrast:
    """The scale and contrast of an image: as given, or searched for where they are "auto".

    `detect` gives the objects of a view. Scales are tried first, with the card's contrast, then
    contrasts at the surest scale.
    """
    tried_scales = scales(card, diameter)
    tried_contrasts = contrasts(image.normalisation.config, contrast)
    first = ScaleAndContrast(
        image.with_contrast(tried_contrasts[0]), tried_contrasts[0], tried_scales[0]
    )
    if len(tried_scales) * len(tried_contrasts) == 1:
        return first
    best, certainty, side = _most_certain(
        [ScaleAndContrast(first.image, first.contrast, scale) for scale in tried_scales],
        first,
        0.0,
        0.0,
        detect,
    )
    trials = [
        ScaleAndContrast(image.with_contrast(each), each, best.scale)
        for each in tried_contrasts[1:]
    ]
    best, certainty, side = _most_certain(trials, best, certainty, side, detect)
    if diameter == "auto" and side > 0 and card.object_size is not None:
        scale = float(np.clip(card.object_size / side, best.scale / 2, best.scale * 2))
        best = best._replace(scale=scale)
    return best


def _most_certain(
    trials: Sequence[ScaleAndContrast],
    best: ScaleAndContrast,
    certainty: float,
    side: float,
    detect: Detect,
) -> tuple[ScaleAndContrast, float, float]:
    """The most certain of the trials and the best so far; its certainty, and its objects' side."""
    for trial in trials:
        part = central_part(trial.image, AUTO_PIXELS, scale=trial.scale)
        objects = detect(part.view(trial.scale))
        value = float((objects.areas * objects.scores**2).sum()) / (part.size[0] * part.size[1])
        if value > certainty * CLEARLY:
            best, certainty = trial, value
            side = float(np.median(np.sqrt(objects.areas)))
    return best, certainty, side
