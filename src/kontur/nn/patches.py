"""Patches instead of convolutions: images into tokens, tokens into fewer, tokens into more.

After Liu et al., Swin Transformer, ICCV 2021 (partition and merging) and Cao et al., Swin-Unet,
2021, section 3.4 (expanding). Each is one rearrangement of numbers, one linear layer and one
norm: nothing is interpolated and nothing overlaps. Maps hold their channels last.
"""

from jaxtyping import Float
from torch import Tensor, nn


def gather_patches(x: Float[Tensor, "b h w d"], side: int) -> Float[Tensor, "b h2 w2 e"]:
    """Each square of side × side cells as one cell that holds their channels, row by row."""
    b, h, w, d = x.shape
    if h % side or w % side:
        raise ValueError(
            f"height and width must be multiples of the patch's side {side}, got {h}×{w}"
        )
    squares = x.reshape(b, h // side, side, w // side, side, d).transpose(2, 3)
    return squares.flatten(3)  # (b, h / side, w / side, side² · d)


def spread_patches(x: Float[Tensor, "b h w e"], side: int) -> Float[Tensor, "b h2 w2 d"]:
    """Each cell's channels as a square of side × side cells; the inverse of `gather_patches`."""
    b, h, w, e = x.shape
    if e % side**2:
        raise ValueError(f"{e} channels do not fill a square of {side}×{side} cells evenly")
    squares = x.reshape(b, h, w, side, side, e // side**2).transpose(2, 3)
    return squares.reshape(b, h * side, w * side, e // side**2)


class PatchPartition(nn.Module):
    """Images to tokens: the numbers of a square of side × side pixels, embedded and normalised.

    The same function as a convolution whose kernel and stride are `side`.
    """

    def __init__(self, channels: int, width: int, *, side: int = 4):
        super().__init__()
        self.channels = channels
        self.side = side
        self.embed = nn.Linear(side**2 * channels, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, images: Float[Tensor, "b c h w"]) -> Float[Tensor, "b h2 w2 d"]:
        _check(int(images.shape[1]), self.channels, "partition")
        pixels = images.permute(0, 2, 3, 1)  # (b, h, w, c)
        return self.norm(self.embed(gather_patches(pixels, self.side)))


class PatchMerging(nn.Module):
    """Four neighbours become one token of twice the width: norm, then a linear layer."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduce = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Float[Tensor, "b h w d"]) -> Float[Tensor, "b h2 w2 e"]:
        _check(int(x.shape[-1]), self.reduce.in_features // 4, "merging")
        return self.reduce(self.norm(gather_patches(x, 2)))


class PatchExpanding(nn.Module):
    """A token becomes a square of `factor` × `factor` tokens of `outputs` channels, then the norm.

    Between stages the factor is 2 and halves the width; the last one, 4, keeps it.
    """

    def __init__(self, width: int, outputs: int, *, factor: int = 2):
        super().__init__()
        self.factor = factor
        self.expand = nn.Linear(width, factor**2 * outputs, bias=False)
        self.norm = nn.LayerNorm(outputs)

    def forward(self, x: Float[Tensor, "b h w d"]) -> Float[Tensor, "b h2 w2 e"]:
        _check(int(x.shape[-1]), self.expand.in_features, "expanding")
        return self.norm(spread_patches(self.expand(x), self.factor))


def _check(channels: int, wanted: int, name: str) -> None:
    if channels != wanted:
        raise ValueError(f"this patch {name} takes {wanted} channels, got {channels}")
