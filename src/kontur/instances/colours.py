"""The colour of every object, in every picture of it."""

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from kontur.display.colours import GREY, PALETTE

if TYPE_CHECKING:
    from kontur.instances import Instances


def object_colours(instances: "Instances") -> UInt8[np.ndarray, "k 3"]:
    """Of each object its own, or that of its class where there are several; ignored ones grey."""
    several = len(instances.classes) > 1
    keys = instances.labels if several else np.arange(len(instances))
    colours = np.array(PALETTE, dtype=np.uint8)[keys % len(PALETTE)]
    colours[instances.ignore] = GREY
    return colours
