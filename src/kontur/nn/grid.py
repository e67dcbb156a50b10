"""Places that floats hold exactly, wherever a view begins.

A float tells places far from the corner of a view apart by less: an object would lie elsewhere by
1e-4 pixels in a tile than in the whole image, and graphs in 8-bit integers make tenths of pixels of
it. What a network in use adds to a place is therefore a whole number of parts of a pixel, and the
sum is exact, the same in every view. A network that learns rounds nothing: rounding has no slope.
"""

from jaxtyping import Float
from torch import Tensor

PARTS = 1024  # of a pixel: exact in places up to 16,384 pixels from the corner of a view


def to_grid(moves: Float[Tensor, "*n"], *, learning: bool = False) -> Float[Tensor, "*n"]:
    """The nearest whole numbers of parts, a half to the even one; as they are while `learning`.

    NaN stays NaN.
    """
    return moves if learning else (moves * PARTS).round() / PARTS
