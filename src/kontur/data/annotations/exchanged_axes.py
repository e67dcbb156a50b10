"""Outlines whose x and y are exchanged, as of programs that write the row first.

They fit the transposed image and not their own, as those do that were drawn before it was turned by
a quarter. As of label images that lie transposed (`formats.nifti.axes`) little is said: outlines
may reach over the border of their image, so that one must lie outside with the middle of its box,
and all must fit once x and y change places. In a square image nothing tells it. Of crops that keep
the objects at their border whole, up to 4 of 100 are like that by chance, if they hold few (3 of
100 of 200×256 pixels with three objects of 20): that is enough to say so, and not to refuse.
"""

import numpy as np
from jaxtyping import Float

TOLERANCE = 1  # pixels over the border that fit all the same: pixel centres, rounded
EXCHANGED = "x and y seem to be exchanged, as all outlines fit once they change places"
ADVICE = "write x, the column, before y, the row, or was the image turned by a quarter since?"


def axes_exchanged(boxes: Float[np.ndarray, "k 4"], size: tuple[int, int] | None) -> bool:
    """Whether outlines of these bounds, xyxy in pixels, fit an image (h, w) only transposed.

    False for none, and where the size is not known.

    >>> far_right = np.array([[2.0, 50, 8, 60]])  # of an image 40 pixels high and 90 wide
    >>> axes_exchanged(far_right, (40, 90)), axes_exchanged(far_right[:, [1, 0, 3, 2]], (40, 90))
    (True, False)
    """
    if size is None or len(boxes) == 0:
        return False
    height, width = size
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    outside = (middles > (width, height)).any()
    farthest = boxes[:, 2:].max(axis=0) - TOLERANCE
    return bool(outside and boxes.min() >= -TOLERANCE and (farthest <= (height, width)).all())
