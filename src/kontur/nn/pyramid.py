"""A feature pyramid: coarse context carried down to the fine levels.

After Lin et al., Feature Pyramid Networks, CVPR 2017. A level may have its own width: at stride 2
every channel costs four times what it costs at stride 4, so the finest level is made narrow instead
of being left out. The published pyramid smooths each level for its reader only, by a convolution
alone; here the smoothing is a CBR block, and the smoothed level is also what is carried down.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from kontur.nn.conv import cbr


class FeaturePyramid(nn.Module):
    """Levels of a backbone to as many maps of their sizes, both finest first.

    `inputs` and `widths` go from fine to coarse. Each step down: 1×1 to the finer level's width,
    nearest up-sampling by two, plus the 1×1 lateral of that level; a 3×3 CBR at the `smoothed`
    finest levels, which are those that are read.
    """

    def __init__(self, inputs: Sequence[int], widths: Sequence[int], *, smoothed: int = 2):
        super().__init__()
        self.inputs = list(inputs)
        self.laterals = nn.ModuleList(
            nn.Conv2d(i, w, 1) for i, w in zip(inputs, widths, strict=True)
        )
        self.downs = nn.ModuleList(
            nn.Conv2d(coarse, fine, 1) if coarse != fine else nn.Identity()
            for fine, coarse in pairwise(widths)
        )
        self.smooths = nn.ModuleList(
            cbr(width, width) if level < smoothed else nn.Identity()
            for level, width in enumerate(widths)
        )

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        sizes = [(level.shape[2], level.shape[3]) for level in levels]
        if [level.shape[1] for level in levels] != self.inputs or any(
            (2 * h, 2 * w) != finer for finer, (h, w) in pairwise(sizes)
        ):
            raise ValueError(
                f"this pyramid takes levels of {self.inputs} channels, each twice as high and wide "
                f"as the next, got {', '.join(str(tuple(level.shape)) for level in levels)}"
            )
        maps = [self.smooths[-1](self.laterals[-1](levels[-1]))]
        for level in range(len(levels) - 2, -1, -1):
            down = self.downs[level](maps[-1])
            up = functional.interpolate(down, scale_factor=2.0, mode="nearest")
            maps.append(self.smooths[level](up + self.laterals[level](levels[level])))
        return maps[::-1]
