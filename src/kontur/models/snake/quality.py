"""The predicted quality of an outline: the IoU with its object that it is expected to have.

After Huang et al., Mask Scoring R-CNN, CVPR 2019: a centre's score says that something is there,
not that its outline is right. The features are read around the contour itself, and around it
shrunk and grown about its middle: a piece of an object goes on outside, a clump has edges inside.
It judges any outline, whoever drew it.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.refine import REFERENCE_SIDE
from kontur.nn.circular import circular_block
from kontur.nn.sampling import sample_points

SCALES = (0.5, 1.0, 1.3)  # of the contour about its middle, at which features are read
WIDTH = 32  # channels
EVERY = 2  # points; a judgement needs fewer than a place
GRID = 24  # rows and columns on which an IoU is counted


class OutlineQuality(nn.Module):
    """Contours to the logit of the IoU that each is expected to have with an object."""

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.stride = config.stride
        inputs = config.features * len(SCALES) + 2  # the box's log-width and log-height
        self.join = nn.Sequential(
            nn.Conv2d(inputs, WIDTH, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU()
        )
        self.around = circular_block(
            WIDTH, WIDTH, kernel=9, dilation=1, form="separable", order="norm-first"
        )
        last = nn.Linear(WIDTH, 1)
        for initial in last.parameters():  # before it has learned, all outlines are alike
            nn.init.zeros_(initial)
        self.judge = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.ReLU(), last)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        contours: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, " m"]:
        points = contours[:, ::EVERY]
        low, high = points.amin(dim=1, keepdim=True), points.amax(dim=1, keepdim=True)
        middle = (low + high) / 2
        side = torch.log2((high - low).clamp(min=1.0) / REFERENCE_SIDE).expand_as(points)
        rings = [middle + (points - middle) * scale for scale in SCALES]
        read = sample_points(features, torch.cat(rings, dim=1), image_index, self.stride)
        inputs = torch.cat([*read.chunk(len(SCALES), dim=1), side], dim=-1)
        x = self.join(inputs.transpose(1, 2)[:, :, None])  # (m, width, 1, n2)
        x = (x + self.around(x))[:, :, 0]
        return self.judge(torch.cat([x.amax(dim=-1), x.mean(dim=-1)], dim=1))[:, 0]


def best_iou(
    contours: Float[Tensor, "c n 2"],
    contour_index: Integer[Tensor, " c"],
    truths: Float[Tensor, "m k 2"],
    truth_index: Integer[Tensor, " m"],
) -> Float[Tensor, " c"]:
    """The IoU of each contour with that object of its image whose box is most like its own.

    0 where its image has none. Counted on a grid, so within some hundredths.
    """
    if not len(truths):
        return contours.new_zeros(len(contours))
    own, other = _boxes(contours), _boxes(truths)
    low = torch.maximum(own[:, None, :2], other[None, :, :2])
    high = torch.minimum(own[:, None, 2:], other[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    areas = [(each[:, 2:] - each[:, :2]).prod(dim=-1) for each in (own, other)]
    alike = shared / (areas[0][:, None] + areas[1] - shared).clamp(min=1e-6)
    alike = alike * (contour_index[:, None] == truth_index)
    best, place = alike.max(dim=1)
    return ring_iou(contours, truths[place]) * (best > 0)


def ring_iou(a: Float[Tensor, "c n 2"], b: Float[Tensor, "c k 2"]) -> Float[Tensor, " c"]:
    """The IoU of two rings, counted on a grid over both; even-odd where one crosses itself."""
    low = torch.minimum(a.amin(dim=1), b.amin(dim=1))
    side = torch.maximum(a.amax(dim=1), b.amax(dim=1)) - low
    ticks = (torch.arange(GRID, device=a.device) + 0.5) / GRID
    columns, rows = (low[:, axis, None] + side[:, axis, None] * ticks for axis in (0, 1))
    inside = [_inside(each, columns, rows) for each in (a, b)]
    shared = (inside[0] & inside[1]).flatten(1).sum(dim=1)
    either = (inside[0] | inside[1]).flatten(1).sum(dim=1)
    return shared / either.clamp(min=1)


def _inside(
    ring: Float[Tensor, "c n 2"], columns: Float[Tensor, "c g"], rows: Float[Tensor, "c g"]
) -> Tensor:
    """Which places (c, rows, columns) lie inside: an odd number of edges crosses to their left.

    Few edges cross a row, so these are found first, and counted where they cross.
    """
    following = torch.roll(ring, -1, dims=1)
    y0, y1 = ring[..., 1], following[..., 1]
    crossed = (y0[:, None] <= rows[..., None]) != (y1[:, None] <= rows[..., None])
    c, row, edge = crossed.nonzero(as_tuple=True)  # of each crossing; its edge is not level
    slope = (following[..., 0] - ring[..., 0]) / (y1 - y0)
    x = ring[c, edge, 0] + (rows[c, row] - y0[c, edge]) * slope[c, edge]
    column = torch.searchsorted(columns[c], x[:, None])[:, 0]  # the first that is not left of it
    shape = (*rows.shape, columns.shape[1] + 1)  # the last: none
    crossings = torch.zeros(shape, device=ring.device, dtype=torch.int32)
    crossings.index_put_((c, row, column), torch.ones_like(column, dtype=torch.int32), True)
    return crossings[..., :-1].cumsum(dim=2) % 2 == 1


def _boxes(rings: Float[Tensor, "m n 2"]) -> Float[Tensor, "m 4"]:
    return torch.cat([rings.amin(dim=1), rings.amax(dim=1)], dim=-1)
