"""The circular convolution and the snake head.

A contour has no first point: convolving around the ring must not see a border.
After Peng et al., Deep Snake, CVPR 2020, section 3.2. A ring is held as a feature map of height
one, `(m, c, 1, n)`, because the engines' two-dimensional convolutions are up to three times
faster than their one-dimensional ones (measured: `benchmarks/shapes.py`). We normalise before the
activation, so that an engine can fold the norm away; `order="paper"` restores conv, ReLU, norm.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Order = Literal["norm-first", "paper"]
Form = Literal["dense", "separable"]


def wrap(rings: Float[Tensor, "m c r n"], padding: int) -> Float[Tensor, "m c r n2"]:
    """Lengthen each ring by its own other end; a padding longer than the ring goes round again."""
    n = int(rings.shape[-1])
    turns, rest = divmod(padding, n)  # whole turns only for rings shorter than the kernel's reach
    whole = [rings] * (2 * turns + 1)
    if rest:
        whole = [rings[..., n - rest :], *whole, rings[..., :rest]]
    return torch.cat(whole, dim=-1)


def swap_rings_and_rows(rings: Float[Tensor, "m c r n"]) -> Float[Tensor, "r c m n"]:
    """All rings as the rows of one image, and such rows as rings again."""
    return rings.transpose(0, 2)


def circulants(
    weight: Float[Tensor, "c 1 1 k"], points: int, dilation: int
) -> Float[Tensor, "c {points} {points}"]:
    """The matrix of each channel that a ring of so many points, a row, is multiplied with.

    It is the convolution around the ring: below tap t of the kernel lies the point that is
    (t - k // 2) · dilation further, as often as the kernel goes round.
    """
    shifts = _shifts(weight.shape[-1], points, dilation, weight.device).to(weight.dtype)
    return (weight.flatten(1) @ shifts).view(-1, points, points)


@cache
def _shifts(
    taps: int, points: int, dilation: int, device: torch.device
) -> Float[Tensor, "{taps} {points}*{points}"]:
    """For every tap the matrix that moves a ring, a row, to what the tap reads."""
    with torch.inference_mode(False):  # it is kept, and gradients may pass it later
        further = (torch.arange(taps, device=device) - taps // 2) * dilation
        places = torch.arange(points, device=device)
        read = (places + further[:, None]) % points  # (taps, points)
        return functional.one_hot(read, points).transpose(1, 2).flatten(1).float()


class CircularConv(nn.Module):
    """A convolution around the ring; the number of points does not change.

    Training multiplies each channel with a matrix where the convolution is depthwise: on a CPU the
    gradient of a depthwise convolution of short rows takes many times as long (docs/results.md).
    Nothing is copied where all rings are the rows of one image, channel by channel in memory.
    Engines run the plain form.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 9,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        super().__init__()
        if kernel % 2 == 0:
            raise ValueError(f"a circular convolution needs an odd kernel, got {kernel}")
        self.reach = kernel // 2
        self.dilation = dilation
        self.conv = nn.Conv2d(
            inputs, outputs, (1, kernel), dilation=(1, dilation), groups=groups, bias=bias
        )

    def forward(
        self, rings: Float[Tensor, "m c r n"], alike: Float[Tensor, "m a"] | None = None
    ) -> Float[Tensor, "m d r n"]:
        """The convolved rings, each row one; `alike` are further channels, of one value a ring.

        Around these a kernel sees its own sum: one product a ring, not one a point and tap.
        """
        if alike is None:
            return self._convolve(rings, self.conv.weight)
        varying = int(rings.shape[1])  # a number, so that engines cut the weights only once
        whole = functional.linear(alike, self.conv.weight[:, varying:].sum(dim=(2, 3)))
        return self._convolve(rings, self.conv.weight[:, :varying]) + whole[:, :, None, None]

    def _convolve(self, rings: Tensor, weight: Tensor) -> Tensor:
        depthwise = self.conv.groups == rings.shape[1] == len(weight)
        return self._multiply(rings) if self.training and depthwise else self._plain(rings, weight)

    def _plain(self, rings: Tensor, weight: Tensor) -> Tensor:
        if int(rings.shape[2]) != 1:  # of no rings there is an image of one row, not of none
            m, c, r, n = rings.shape
            single = rings.transpose(1, 2).reshape(m * r, c, 1, n)
            return self._plain(single, weight).reshape(m, r, len(weight), n).transpose(1, 2)
        return functional.conv2d(
            *(wrap(rings, self.reach * self.dilation), weight, self.conv.bias),
            dilation=self.conv.dilation,
            groups=self.conv.groups,
        )

    def _multiply(self, rings: Tensor) -> Tensor:
        m, c, r, n = rings.shape
        matrices = circulants(self.conv.weight, n, self.dilation)
        rows = torch.bmm(rings.transpose(0, 1).reshape(c, m * r, n), matrices)
        if self.conv.bias is not None:
            rows = rows + self.conv.bias.to(rows.dtype)[:, None, None]
        return rows.reshape(c, m, r, n).transpose(0, 1)


class Pointwise(nn.Conv2d):
    """A 1×1 convolution; training computes it as a product of matrices, as `CircularConv` does."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True):
        super().__init__(inputs, outputs, 1, bias=bias)

    def forward(self, x: Float[Tensor, "m c r n"]) -> Float[Tensor, "m d r n"]:
        return self.product(x, self.weight, self.bias)

    def product(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The convolution with some of the outputs' weights and biases."""
        if not self.training:
            return functional.conv2d(x, weight, bias)
        m, c, r, n = x.shape
        rows = weight.flatten(1) @ x.transpose(0, 1).reshape(c, m * r * n)
        if bias is not None:
            rows = rows + bias.to(rows.dtype)[:, None]
        return rows.reshape(len(weight), m, r, n).transpose(0, 1)


def circular_block(
    inputs: int, outputs: int, *, kernel: int, dilation: int, form: Form, order: Order
) -> nn.Sequential:
    """Circular convolution with norm and ReLU, dense or depthwise separable."""
    if form == "dense":
        convs: list[nn.Module] = [
            CircularConv(inputs, outputs, kernel=kernel, dilation=dilation, bias=order == "paper")
        ]
    else:
        convs = [
            CircularConv(inputs, inputs, kernel=kernel, dilation=dilation, groups=inputs),
            Pointwise(inputs, outputs, bias=order == "paper"),
        ]
    norm = nn.BatchNorm2d(outputs)
    return nn.Sequential(*convs, *((nn.ReLU(), norm) if order == "paper" else (norm, nn.ReLU())))


class SnakeEncoder(nn.Module):
    """Point features around a ring to a state of each point: eight circular convolutions, fusion.

    The states after every layer are joined; their maximum over the ring gives every point
    information on the whole object. The published head joins that maximum to each point and applies
    a 1×1 convolution; a convolution of a concatenation is a sum of two, so we add `share(maximum)`
    instead of repeating it n times: the same function at a fraction of the work.
    """

    def __init__(
        self,
        inputs: int,
        width: int,
        *,
        dilations: Sequence[int] = (1, 1, 1, 1, 2, 2, 4, 4),
        kernel: int = 9,
        form: Form = "dense",
        order: Order = "norm-first",
        fusion: int = 256,
        dropout: float = 0.0,
    ):
        super().__init__()
        first, *rest = dilations
        # The first layer changes the width and has no residual; dense, for it sees few channels.
        self.first = circular_block(
            inputs, width, kernel=kernel, dilation=first, form="dense", order=order
        )
        self.layers = nn.ModuleList(
            circular_block(width, width, kernel=kernel, dilation=d, form=form, order=order)
            for d in rest
        )
        states = width * len(dilations)
        self.join = Pointwise(states, 2 * fusion)  # for the maximum, and for the point itself
        self.share = Pointwise(fusion, fusion)
        self.dropout = nn.Dropout2d(dropout)  # whole channels: the points of a ring are alike

    def forward(
        self,
        rings: Float[Tensor, "m c 1 n"],
        alike: Float[Tensor, "m a"] | None = None,
        *,
        every: int = 1,
    ) -> Float[Tensor, "m f 1 k"]:
        """The states of every `every`-th point, the first among them; the others are context.

        `alike` are the last of the channels, where these are the same all around a ring.
        """
        convolve, *rest = self.first
        x = convolve(rings, alike)
        if self.training:
            x = swap_rings_and_rows(x).contiguous()
        for module in rest:
            x = module(x)
        states = [x]
        for layer in self.layers:
            x = x + layer(x)
            states.append(x)
        joined = torch.cat(states, dim=1)
        if every == 1:
            fused, own = self.join(joined).chunk(2, dim=1)  # (m, fusion, 1, n) each
        else:
            assert self.join.bias is not None
            weights, biases = self.join.weight.chunk(2), self.join.bias.chunk(2)
            fused = self.join.product(joined, weights[0], biases[0])
            kept = torch.cat([state[..., ::every] for state in states], dim=1)
            own = self.join.product(kept, weights[1], biases[1])
        whole = fused.amax(dim=-1, keepdim=True)  # (m, fusion, 1, 1)
        x = torch.relu(own + self.share(whole))
        return self.dropout(swap_rings_and_rows(x) if self.training else x)


class SnakeHead(SnakeEncoder):
    """Point features around a ring to an offset of each point: the encoder, two 1×1 convolutions.

    It is an encoder, and has none, so that the names of its weights are those of trained models.
    """

    def __init__(
        self, inputs: int, width: int, *, fusion: int = 256, outputs: int = 2, **shape: Any
    ):
        super().__init__(inputs, width, fusion=fusion, **shape)
        self.narrow = Pointwise(fusion, 64)
        self.offsets = Pointwise(64, outputs)

    def forward(
        self,
        rings: Float[Tensor, "m c 1 n"],
        alike: Float[Tensor, "m a"] | None = None,
        *,
        every: int = 1,
    ) -> Float[Tensor, "m o 1 k"]:
        """The offsets of every `every`-th point; the arguments are the encoder's."""
        x = torch.relu(self.narrow(super().forward(rings, alike, every=every)))
        with torch.autocast(x.device.type, enabled=False):  # bf16 has 8 bits: too few for pixels
            return self.offsets(x.to(self.offsets.weight.dtype))
