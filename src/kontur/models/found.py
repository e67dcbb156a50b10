"""What stands between the graphs of a detector: boxes with a score and a class."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class Found(NamedTuple):
    """Boxes xyxy in image pixels, of all images of a batch in order, the best first within each."""

    boxes: Float[np.ndarray, "m 4"]
    scores: Float[np.ndarray, " m"]
    labels: Int[np.ndarray, " m"]
    image_index: Int[np.ndarray, " m"]
