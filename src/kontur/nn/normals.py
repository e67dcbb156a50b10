"""The normals of contours, and points across them: where a profile of an edge is read.

After Cootes et al., Active Shape Models, 1995: a point of a contour sees a short line across it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from kontur.nn.grid import to_grid

SHORTEST = 1e-3  # pixels; two points in one place have no normal


def normals(contours: Float[Tensor, "m n 2"]) -> Float[Tensor, "m n 2"]:
    """Unit vectors that point out of clockwise rings (on a screen, y downwards), a point each.

    Across the chord of a point's two neighbours; 0 where these are in one place.
    """
    return torch.stack(_normals(contours[..., 0], contours[..., 1]), dim=-1)


def across(
    contours: Float[Tensor, "m n 2"], steps: Float[Tensor, "*#m s"]
) -> tuple[Float[Tensor, "m s*n"], Float[Tensor, "m s*n"]]:
    """x and y of the places at `steps` pixels outwards along the normal of each point.

    All points at the first step, all at the second, and so on. Steps are the same for all contours,
    or an own row for each. They lie on the grid (`nn.grid`) as the points do.
    """
    x, y = contours[..., 0], contours[..., 1]  # apart: engines are slow where an axis has length 2
    m, n, s = contours.shape[0], int(contours.shape[1]), int(steps.shape[-1])
    # Numbers: an exported graph cannot find out the rest of a shape that holds nothing.
    away = steps[..., None]  # (s, 1) or (m, s, 1)
    places = []
    for at, normal in zip((x, y), _normals(x, y), strict=True):
        moves = to_grid(normal[:, None] * away)
        places.append((at[:, None] + moves).reshape(m, s * n))
    return places[0], places[1]


def _normals(x: Float[Tensor, "m n"], y: Float[Tensor, "m n"]) -> tuple[Tensor, Tensor]:
    right, down = _chords(x), _chords(y)
    length = (right**2 + down**2).clamp(min=SHORTEST**2).sqrt()
    return down / length, -right / length


def _chords(values: Float[Tensor, "m n"]) -> Float[Tensor, "m n"]:
    """From the point before to the point after, around the ring."""
    after = torch.cat([values[:, 1:], values[:, :1]], dim=1)
    return after - torch.cat([values[:, -1:], values[:, :-1]], dim=1)
