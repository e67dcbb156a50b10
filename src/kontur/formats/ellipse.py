"""Circles and ellipses of other programs, as rings of points."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

ANGLES = np.linspace(0, 2 * np.pi, 128, endpoint=False)
UNIT_CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def ellipse(middle: ArrayLike, radii: ArrayLike) -> Float[np.ndarray, "n 2"]:
    """A ring around `middle` (x, y) with radii along x and along y, clockwise from the right.

    >>> ellipse((5, 1), (2, 3))[[0, 32]].round(9).tolist()
    [[7.0, 1.0], [5.0, 4.0]]
    """
    return np.asarray(middle) + np.asarray(radii) * UNIT_CIRCLE
