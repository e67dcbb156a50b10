"""Circles and ellipses of other programs, as rings of points."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Pair = Sequence[float] | Float[np.ndarray, " 2"]  # along x, along y

ANGLES = np.linspace(0, 2 * np.pi, 128, endpoint=False)
UNIT_CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def ellipse(middle: Pair, radii: Pair) -> Float[np.ndarray, "n 2"]:
    """A ring around `middle` (x, y) with radii along x and along y, clockwise from the right.

    >>> ellipse((5.0, 1.0), (2.0, 3.0))[[0, 32]].round(9).tolist()
    [[7.0, 1.0], [5.0, 4.0]]
    """
    return np.asarray(middle) + np.asarray(radii) * UNIT_CIRCLE
