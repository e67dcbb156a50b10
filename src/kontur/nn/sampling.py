"""Feature vectors at points between the pixels: nearest, bilinear or bicubic.

With half-pixel alignment feature pixel `[i, j]` stands at `((j + .5)·stride, (i + .5)·stride)` of
the image, Kontur's convention, as `grid_sample(align_corners=False, padding_mode="border")`
has it. With corner alignment (`align_corners=True`) the middles of the outermost feature pixels
stand on the image's border, and all others evenly between. The published Deep Snake code left the
alignment to a library default that later changed from this to that, and so moved every sample by
up to half a feature pixel; here it is stated.

Features are held with channels last: a point then reads contiguous rows, whatever image of the
batch it belongs to, and no object has to be padded to a common number.
"""

from typing import Literal

import torch
from jaxtyping import Float, Integer
from torch import Tensor
from torch.nn import functional

Mode = Literal["nearest", "bilinear", "bicubic"]
Align = Literal["half-pixel", "corner"]

BEND = -0.75  # of the cubic kernel: torch's and OpenCV's; Keys, 1981, has -0.5


def sample_points(
    features: Float[Tensor, "b h w d"],
    points: Float[Tensor, "m n 2"],
    image_index: Integer[Tensor, " m"],
    stride: int,
    *,
    mode: Mode = "bilinear",
    align: Align = "half-pixel",
) -> Float[Tensor, "m n d"]:
    """The feature vector at each point `(x, y)`, in image pixels; beyond the edge, the edge's.

    A point of NaN gets features of NaN (with `nearest`, those of some pixel) and affects no other
    point. m may be 0.
    """
    x, y = points[..., 0], points[..., 1]
    return sample_places(features, x, y, image_index, stride, mode=mode, align=align)


def sample_places(
    features: Float[Tensor, "b h w d"],
    x: Float[Tensor, "m n"],
    y: Float[Tensor, "m n"],
    image_index: Integer[Tensor, " m"],
    stride: int,
    *,
    mode: Mode = "bilinear",
    align: Align = "half-pixel",
) -> Float[Tensor, "m n d"]:
    """`sample_points` of coordinates that are apart, as engines make them faster."""
    if image_index.ndim != 1 or image_index.shape[0] != x.shape[0]:
        raise ValueError(
            f"every one of {x.shape[0]} rows of points names its image, got an image_index "
            f"of shape {tuple(image_index.shape)}"
        )
    _, h, w, _ = features.shape
    if align == "half-pixel":
        x, y = x / stride - 0.5, y / stride - 0.5
    else:
        x, y = x * (w - 1) / (w * stride), y * (h - 1) / (h * stride)
    if mode == "bicubic":
        return _bicubic(features, x, y, image_index)
    x = x.clamp(min=0).clamp(max=w - 1)
    y = y.clamp(min=0).clamp(max=h - 1)
    if mode == "nearest":
        return _read(features, x.round(), y.round(), image_index)
    return _bilinear(features, x, y, image_index)


def _bilinear(features: Tensor, x: Tensor, y: Tensor, image_index: Tensor) -> Tensor:
    """The four pixels around, each by its distance along both axes."""
    _, h, w, d = features.shape
    left, top = x.floor(), y.floor()
    j, i = left.long().clamp(min=0), top.long().clamp(min=0)  # NaN is a very negative integer
    j2, i2 = (j + 1).clamp(max=w - 1), (i + 1).clamp(max=h - 1)
    start = image_index[:, None] * h
    upper, lower = (start + i) * w, (start + i2) * w
    corners = [upper + j, upper + j2, lower + j, lower + j2]
    pixels = features.reshape(-1, d)
    if features.device.type != "cpu" or torch.onnx.is_in_onnx_export():
        across, down = _repeated(x - left, int(d)), _repeated(y - top, int(d))
        a, b, c, e = pixels[torch.stack(corners)]
        above = a + (b - a) * across
        below = c + (e - c) * across
        return above + (below - above) * down
    # Read, weighted and added at once, and so is the gradient: a quarter of the time on a CPU. Not
    # every accelerator has this operator, and engines run the plain form faster.
    across, down = x - left, y - top
    shares = [(1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down]
    read = functional.embedding_bag(
        torch.stack(corners, dim=-1).reshape(-1, 4),
        pixels,
        per_sample_weights=torch.stack(shares, dim=-1).reshape(-1, 4).to(features.dtype),
        mode="sum",
    )
    return read.reshape(*x.shape, d)


def _repeated(weights: Tensor, channels: int) -> Tensor:
    """Weights (m, n) for every channel (m, n, d), in an order in which engines repeat fast."""
    return weights[:, None].expand(-1, channels, -1).transpose(1, 2)


def _bicubic(features: Tensor, x: Tensor, y: Tensor, image_index: Tensor) -> Tensor:
    """The sixteen pixels around, each by the cubic kernel along both axes."""
    around = torch.arange(-1, 3, device=x.device, dtype=x.dtype)  # from the pixel left or above
    columns, rows = x.floor()[..., None] + around, y.floor()[..., None] + around  # (m, n, 4)
    across, down = cubic(x[..., None] - columns), cubic(y[..., None] - rows)
    around_points = _read(
        features, columns[..., None, :], rows[..., None], image_index
    )  # (m, n, 4, 4, d)
    return torch.einsum("mnijd,mni,mnj->mnd", around_points, down, across)


def cubic(distance: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
    """The kernel of Keys, Cubic Convolution Interpolation, 1981, equation 4; 0 from 2 on."""
    t = distance.abs()
    near = ((BEND + 2) * t - (BEND + 3)) * t * t + 1
    far = ((t - 5) * t + 8) * t * BEND - 4 * BEND
    return torch.where(t <= 1, near, torch.where(t < 2, far, 0 * t))


def _read(features: Tensor, columns: Tensor, rows: Tensor, image_index: Tensor) -> Tensor:
    """The features of whole pixels; beyond the edge, the edge's."""
    _, h, w, d = features.shape
    j = columns.clamp(min=0).clamp(max=w - 1).long().clamp(min=0)  # as above: NaN becomes 0
    i = rows.clamp(min=0).clamp(max=h - 1).long().clamp(min=0)
    start = image_index.reshape(-1, *[1] * (i.ndim - 1)) * h
    return features.reshape(-1, d)[(start + i) * w + j]
