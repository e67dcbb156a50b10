"""Places that floats hold exactly, wherever a view begins.

A float tells places far from the corner of a view apart by less: an object would lie elsewhere by
1e-4 pixels in a tile than in the whole image, and graphs in 8-bit integers make tenths of pixels of
it. What a network adds to a place is therefore a whole number of parts of a pixel, and the sum is
exact, the same in every view.
"""

from jaxtyping import Float
from torch import Tensor

PARTS = 1024  # of a pixel: exact in places up to 16,384 pixels from the corner of a view


def to_grid(moves: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """The nearest whole numbers of parts, a half to the even one. NaN stays NaN.

    Gradients pass as if nothing were rounded, for steps have no slope.
    """
    rounded = (moves * PARTS).round() / PARTS
    if not moves.requires_grad:
        return rounded
    return rounded.detach() + (moves - moves.detach())  # adds 0
