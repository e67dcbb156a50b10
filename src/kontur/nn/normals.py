"""The normals of contours, and points across them: where a profile of an edge is read.

After Cootes et al., Active Shape Models, 1995: a point of a contour sees a short line across it.
"""

import torch
from jaxtyping import Float
from torch import Tensor

SHORTEST = 1e-3  # pixels; two points in one place have no normal


def normals(contours: Float[Tensor, "m n 2"]) -> Float[Tensor, "m n 2"]:
    """Unit vectors that point out of clockwise rings (on a screen, y downwards), a point each.

    Across the chord of a point's two neighbours; 0 where these are in one place.
    """
    after = torch.cat([contours[:, 1:], contours[:, :1]], dim=1)
    before = torch.cat([contours[:, -1:], contours[:, :-1]], dim=1)
    chord = after - before
    across = torch.stack([chord[..., 1], -chord[..., 0]], dim=-1)
    return across / across.norm(dim=-1, keepdim=True).clamp(min=SHORTEST)


def across(
    contours: Float[Tensor, "m n 2"], steps: Float[Tensor, "*#m s"]
) -> Float[Tensor, "m n*s 2"]:
    """Points at `steps` pixels outwards along the normal of each point: s of the first, and so on.

    Steps are the same for all contours, or an own row for each.
    """
    away = steps.reshape(-1, 1, steps.shape[-1], 1)
    m, n, s = contours.shape[0], int(contours.shape[1]), int(steps.shape[-1])
    # Numbers: an exported graph cannot find out the rest of a shape that holds nothing.
    return (contours[:, :, None] + normals(contours)[:, :, None] * away).reshape(m, n * s, 2)
