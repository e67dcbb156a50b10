"""The scale and contrast at which a model is surest of an image, for users who do not know them.

At a wrong scale or contrast a model finds few objects, pieces of them, or is unsure, so that the
share of the image that its objects cover, weighted by score², is small. A scale that was searched
is then set by the size of the objects found with it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from kontur.errors import InputError
from kontur.infer.options import Contrast, Diameter
from kontur.infer.view import PreparedImage, View, middle
from kontur.instances import Instances
from kontur.models.card import Card

AUTO_SCALES = (1.0, 0.5, 0.25, 2.0)  # what `diameter="auto"` tries
AUTO_CONTRASTS = (99.0, 98.0)  # what `contrast="auto"` tries beside the card's
AUTO_PIXELS = 400_000  # each try looks at no more pixels than this, from the middle of the image
CLEARLY = 1.05  # a try must be surer than those before by this factor, or the plain way stays
SCALE_RANGE = (1 / 64, 16.0)  # outside this a given diameter is surely in the wrong unit

Find = Callable[[View], Instances]


class Look(NamedTuple):
    """An image with its contrast, and the scale to look at it with, times the working scale."""

    image: PreparedImage
    contrast: float | None  # None is the card's
    scale: float


def scales(card: Card, diameter: Diameter | None) -> tuple[float, ...]:
    """The scales to look at an image with, 1 as the model learned: one, or those to be searched.

    Raises `InputError` for a diameter that no model of this card can mean.
    """
    if diameter is None:
        return (1.0,)
    learned = card.object_size
    if learned is None:
        raise InputError(
            "this model's card does not say how large its objects were; leave --diameter out"
        )
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


def contrasts(image: PreparedImage, contrast: Contrast | None) -> tuple[float | None, ...]:
    """The contrasts to look at an image with; errors as in `scales`."""
    config = image.normalisation.config
    if contrast is None:
        return (None,)
    if config.mode != "percentile":
        raise InputError("this model does not stretch contrasts; leave --contrast out")
    if contrast == "auto":
        return (None, *AUTO_CONTRASTS)
    if not config.low < contrast <= 100:
        raise InputError(
            f"a contrast is a percentile between {config.low:g} and 100, such as 99, "
            f"got {contrast:g}"
        )
    return (contrast,)


def surest_look(
    image: PreparedImage,
    card: Card,
    find: Find,
    *,
    diameter: Diameter | None,
    contrast: Contrast | None,
) -> Look:
    """The contrast and scale of an image: as given, or searched where "auto" stands.

    `find` gives the objects of a view. Scales are tried first, with the card's contrast, then
    contrasts at the surest scale.
    """
    to_try = scales(card, diameter)
    of_contrast = contrasts(image, contrast)
    first = Look(image.with_contrast(of_contrast[0]), of_contrast[0], to_try[0])
    if len(to_try) * len(of_contrast) == 1:
        return first
    best, certainty, side = _surest(
        [Look(first.image, first.contrast, scale) for scale in to_try], first, 0.0, 0.0, find
    )
    looks = [Look(image.with_contrast(each), each, best.scale) for each in of_contrast[1:]]
    best, certainty, side = _surest(looks, best, certainty, side, find)
    if diameter == "auto" and side > 0 and card.object_size is not None:
        scale = float(np.clip(card.object_size / side, best.scale / 2, best.scale * 2))
        best = best._replace(scale=scale)
    return best


def _surest(
    looks: Sequence[Look], best: Look, certainty: float, side: float, find: Find
) -> tuple[Look, float, float]:
    """The surest of looks and the best so far; its certainty, and the side of its objects."""
    for look in looks:
        part = middle(look.image, AUTO_PIXELS, scale=look.scale)
        objects = find(part.view(look.scale))
        sure = float((objects.areas * objects.scores**2).sum()) / (part.size[0] * part.size[1])
        if sure > certainty * CLEARLY:
            best, certainty = look, sure
            side = float(np.median(np.sqrt(objects.areas)))
    return best, certainty, side
