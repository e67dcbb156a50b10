"""What to try where a model looked at an image as it is and the objects do not fit what it learned.

The sizes say it: a network finds objects of the size that it learned, and pieces of larger ones.
"""

import numpy as np

from kontur.infer.options import PredictOptions
from kontur.instances import Instances
from kontur.models.card import Card

UNLIKE = 2.0  # a typical object this many times larger or smaller than learned deserves a word
AUTO = "--diameter auto measures the objects and scales the image (--diameter N where you know it)"


def size_hint(objects: Instances, card: Card, options: PredictOptions) -> str | None:
    """A sentence where the objects' size speaks for another scale, or where nothing was found.

    None where a diameter was given or the card does not say how large its objects were.
    """
    learned = card.object_size
    if learned is None or options.diameter is not None:
        return None
    if len(objects) == 0:
        return f"nothing was found; the model learned objects of {learned:.0f} pixels: {AUTO}"
    side = float(np.median(np.sqrt(objects.areas)))
    if learned / UNLIKE <= side <= learned * UNLIKE:
        return None
    return (
        f"a typical object measures {side:.0f} pixels, the model learned {learned:.0f}, so some "
        f"may be missed or cut: {AUTO}"
    )
