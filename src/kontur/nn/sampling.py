"""Feature vectors at points between the pixels.

Bilinear, with half-pixel alignment: feature pixel `[i, j]` stands at `((j + .5)·stride,
(i + .5)·stride)` of the image, as `grid_sample(align_corners=False, padding_mode="border")` has
it. The published Deep Snake code left the alignment to a library default that later changed,
and so moved every sample by half a feature pixel; here it is stated.

Features are held with channels last: a point then reads four contiguous rows, whatever image of
the batch it belongs to, and no object has to be padded to a common number.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor


def sample_points(
    features: Float[Tensor, "b h w d"],
    points: Float[Tensor, "m n 2"],
    image_index: Integer[Tensor, " m"],
    stride: int,
) -> Float[Tensor, "m n d"]:
    """The feature vector at each point `(x, y)`, in image pixels; beyond the edge, the edge's.

    A point that is no number gets a feature that is none, and harms no other point. m may be 0.
    """
    _, h, w, d = features.shape
    x = (points[..., 0] / stride - 0.5).clamp(min=0).clamp(max=w - 1)
    y = (points[..., 1] / stride - 0.5).clamp(min=0).clamp(max=h - 1)
    left, top = x.floor(), y.floor()
    across, down = (x - left)[..., None], (y - top)[..., None]  # (m, n, 1)
    j, i = left.long().clamp(min=0), top.long().clamp(min=0)  # NaN is a very negative integer
    j2, i2 = (j + 1).clamp(max=w - 1), (i + 1).clamp(max=h - 1)
    start = image_index[:, None] * h
    upper, lower = (start + i) * w, (start + i2) * w
    corners = torch.stack([upper + j, upper + j2, lower + j, lower + j2])  # (4, m, n)
    a, b, c, e = features.reshape(-1, d)[corners]  # one read: its gradient is one write
    above = a * (1 - across) + b * across
    below = c * (1 - across) + e * across
    return above * (1 - down) + below * down
