"""Hints on what to try where an image differs from those that the model learned from.

Size: a network finds objects of the size that it learned, and fragments of larger ones. Channel: a
stain coloured blue or red has a much lower luminance than the same stain in grey. Range: a given
range of intensities may be that of another exposure, or in another unit. Nothing at all: an image
that is constant. Annotations: a label image in place of its image.
"""

import numpy as np
from jaxtyping import Float, Shaped

from kontur.data.normalisation.normalise import Normalisation
from kontur.data.normalisation.ranges import Range
from kontur.formats.label_image.photograph import is_flat
from kontur.infer.options import PredictOptions, contrast_text
from kontur.models.card import Card

COLOURS = ("red", "green", "blue")
SILENT = 0.05  # of the strongest channel's spread: another that varies less carries no signal
SPREAD = (1.0, 99.8)  # percentiles between which a channel's spread is measured
FAR = 10.0  # times a range, beyond which values are surely in another unit
FEW = 5  # objects; of fewer, which may be false ones, nothing is said about a typical object
UNLIKE = 2.0  # a typical object this many times larger or smaller than learned deserves a hint
MEASURES = "measures the objects and scales the image"
AUTO = f"--diameter auto {MEASURES} (--diameter N where you know it)"
AUTO_IN_PYTHON = f'diameter="auto" {MEASURES} (diameter=N where you know it)'
AUTO_IN_A_FORM = f"auto in the field diameter {MEASURES} (or type its pixels, where you know them)"


def channel_hint(
    pixels: Shaped[np.ndarray, "h w c"], card: Card, options: PredictOptions
) -> str | None:
    """A sentence where one channel of a colour image carries all signal and none was chosen.

    None where the model learned from one channel, which it then looks at.
    """
    chosen = card.channel if options.channel is None else options.channel
    if pixels.shape[2] != len(COLOURS) or chosen is not None or pixels.size == 0:
        return None
    low, high = np.percentile(pixels, SPREAD, axis=(0, 1))
    spread = high - low
    carrier = int(spread.argmax())
    if spread[carrier] == 0 or np.delete(spread, carrier).max() > SILENT * spread[carrier]:
        return None
    return (
        f"only the {COLOURS[carrier]} channel carries signal, which is darker than grey to the "
        f"model: --channel {carrier} uses that channel alone"
    )


def labels_hint(pixels: Shaped[np.ndarray, "h w c"]) -> str | None:
    """A sentence where an image is a label image or a mask, in which there is nothing to find."""
    if pixels.shape[2] > 1 and (pixels != pixels[:, :, :1]).any():
        return None
    if not is_flat(pixels[:, :, 0]):
        return None
    return (
        "the pixels are flat numbers, as of a label image or a mask: give the image that was "
        "annotated; kontur convert reads the objects of a label image"
    )


def values_hint(normalisation: Normalisation) -> str | None:
    """A sentence where an image is constant, or hardly any value lies in the range given for it.

    None for an empty image and where a model takes moments, for which no values are measured.
    """
    spread, ranges = normalisation.spread, normalisation.config.ranges
    if not spread:
        return None
    whole = min(low for low, _ in spread), max(high for _, high in spread)
    if whole[0] == whole[1]:
        return (
            "it is constant: every pixel has the same value, so that there is nothing to find; see "
            "whether it is the right file, page and channel"
        )
    if len(ranges) <= 1:
        spread = (whole,)
    elif len(spread) == 1:  # grey, which all channels show
        spread *= len(ranges)
    for number, (given, seen) in enumerate(zip(ranges, spread, strict=bool(ranges))):
        if (what := _beyond(given, seen)) is not None:
            values = f"the values of channel {number}" if len(ranges) > 1 else "its values"
            return (
                f"{values} lie {what}: a contrast of {contrast_text(given)} is two values as they "
                "are stored in the file"
            )
    return None


def _beyond(given: Range, seen: Range) -> str | None:
    """Where the values that are seen lie, if hardly any is in the range that was given."""
    (low, high), (darkest, brightest) = given, seen
    if brightest <= low:
        return "nearly all at or below the range"
    if darkest >= high:
        return "nearly all at or above the range"
    if brightest > low + FAR * (high - low):
        return f"up to more than {FAR:.0f} times beyond the range, as of another unit or exposure"
    return None


def track_hint(pages: int, options: PredictOptions) -> str | None:
    """A sentence where objects were to be followed through a stack of one page."""
    if not options.link or pages > 1:
        return None
    return "it has one page, so that --link numbered its objects as tracks of one plane each"


def size_hint(
    areas: Float[np.ndarray, " k"], card: Card, options: PredictOptions, *, advice: str = AUTO
) -> str | None:
    """A sentence where the objects' areas suggest another scale, or where nothing was found.

    None of one to four objects, and where a diameter was given or the card has no object size.
    `advice` is what to try.
    """
    learned = card.object_size
    if learned is None or options.diameter is not None:
        return None
    if len(areas) == 0:
        return f"nothing was found; the model learned objects of {learned:.0f} pixels: {advice}"
    if len(areas) < FEW:
        return None
    side = float(np.median(np.sqrt(areas)))
    if learned / UNLIKE <= side <= learned * UNLIKE:
        return None
    return (
        f"a typical object measures {side:.0f} pixels, the model learned {learned:.0f}, so some "
        f"may be missed or cut: {advice}"
    )
