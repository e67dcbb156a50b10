"""The circular convolution and the snake head.

A contour has no first point: convolving around the ring must not see a border.
After Peng et al., Deep Snake, CVPR 2020, section 3.2. A ring is held as a feature map of height
one, `(m, c, 1, n)`, because the engines' two-dimensional convolutions are up to three times
faster than their one-dimensional ones (measured: `benchmarks/shapes.py`). We normalise before the
activation, so that an engine can fold the norm away; `order="paper"` restores conv, ReLU, norm.
"""

from collections.abc import Sequence
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


def split_ring(rings: Float[Tensor, "m c 1 n"], parts: int) -> Float[Tensor, "m c parts n2"]:
    """Every `parts`-th point as a ring of its own; the inverse of `join_rings`."""
    m, c, _, n = rings.shape
    return rings.reshape(m, c, n // parts, parts).transpose(2, 3)


def join_rings(rings: Float[Tensor, "m c parts n2"]) -> Float[Tensor, "m c 1 n"]:
    """The points of interleaved rings as one ring."""
    m, c, parts, n = rings.shape
    return rings.transpose(2, 3).reshape(m, c, 1, parts * n)


class CircularConv(nn.Module):
    """A convolution around the ring; the number of points does not change.

    With a dilation that divides the ring, it is an undilated convolution of every `dilation`-th
    point. Training computes it so, because the gradient of a dilated depthwise convolution is some
    ten times slower on a CPU; engines run the dilated form.
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
        self, rings: Float[Tensor, "m c 1 n"], alike: Float[Tensor, "m a"] | None = None
    ) -> Float[Tensor, "m d 1 n"]:
        """The convolved rings; `alike` are further channels, of one value all around a ring.

        Around these a kernel sees its own sum: one product a ring, not one a point and tap.
        """
        if alike is None:
            return self._convolve(rings, self.conv.weight)
        varying = int(rings.shape[1])  # a number, so that engines cut the weights only once
        whole = functional.linear(alike, self.conv.weight[:, varying:].sum(dim=(2, 3)))
        return self._convolve(rings, self.conv.weight[:, :varying]) + whole[:, :, None, None]

    def _convolve(self, rings: Tensor, weight: Tensor) -> Tensor:
        conv, dilation = self.conv, self.dilation
        if self.training and dilation > 1 and rings.shape[-1] % dilation == 0:
            split = wrap(split_ring(rings, dilation), self.reach)
            return join_rings(functional.conv2d(split, weight, conv.bias, groups=conv.groups))
        wrapped = wrap(rings, self.reach * dilation)
        return functional.conv2d(
            *(wrapped, weight, conv.bias), dilation=conv.dilation, groups=conv.groups
        )


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
            nn.Conv2d(inputs, outputs, 1, bias=order == "paper"),
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
        self.join = nn.Conv2d(states, 2 * fusion, 1)  # for the maximum, and for the point itself
        self.share = nn.Conv2d(fusion, fusion, 1)
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
            fused = functional.conv2d(joined, weights[0], biases[0])
            some = torch.cat([state[..., ::every] for state in states], dim=1)
            own = functional.conv2d(some, weights[1], biases[1])
        whole = fused.amax(dim=-1, keepdim=True)  # (m, fusion, 1, 1)
        return self.dropout(torch.relu(own + self.share(whole)))


class SnakeHead(SnakeEncoder):
    """Point features around a ring to an offset of each point: the encoder, two 1×1 convolutions.

    It is an encoder, and has none, so that the names of its weights are those of trained models.
    """

    def __init__(
        self, inputs: int, width: int, *, fusion: int = 256, outputs: int = 2, **shape: Any
    ):
        super().__init__(inputs, width, fusion=fusion, **shape)
        self.narrow = nn.Conv2d(fusion, 64, 1)
        self.offsets = nn.Conv2d(64, outputs, 1)

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
