"""A last look at full resolution: what lies along the normal of every point of a contour.

The snake's features end at stride 2 or 4; an edge is finer. `FullResolution` draws a map of as many
pixels as the image from the features and the image itself, cheaply, because it is not convolved
again; its first channel learns the signed distance to the nearest outline at every pixel, as a
share of how far the stage looks. Like the active contours of Kass, Witkin and Terzopoulos, Snakes,
1988, and Cootes et al., Active Shape Models, 1995, `EdgeStage` then reads a short profile of it
across the contour at every point, and moves the point along its normal: only points are looked at,
so the cost goes with their number.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn
from torch.nn import functional

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.refine import REFERENCE_SIDE
from kontur.nn.circular import SnakeHead
from kontur.nn.grid import to_grid
from kontur.nn.normals import across, normals
from kontur.nn.sampling import sample_places, sample_points

WIDEST = 0.25  # of the shorter side of an object's box that a point may move
SHORTEST = 1e-3  # pixels; an edge of the truth has at least this length


class FullResolution(nn.Module):
    """The features of every pixel: a sub-pixel convolution of the features, and one of the image.

    After Shi et al., Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
    Convolutional Neural Network, CVPR 2016. Each of the pixels of a cell of the features has
    kernels of its own, and the channels of a pixel lie together, so that whole runs of numbers are
    moved to their place: half the time of shuffling single ones.
    """

    def __init__(self, config: SnakeConfig):
        super().__init__()
        self.stride, self.channels = config.stride, config.edge.channels
        outputs = self.channels * self.stride**2
        self.coarse = nn.Conv2d(config.features, outputs, 1)
        self.fine = nn.Conv2d(
            config.channels, outputs, self.stride + 2, stride=self.stride, padding=1, bias=False
        )
        with torch.no_grad():  # most pixels are far outside of everything, and begin so
            self.coarse.bias[:: self.channels] = -1.0  # type: ignore[index]

    def forward(
        self, features: Float[Tensor, "b h w d"], images: Float[Tensor, "b c H W"]
    ) -> Float[Tensor, "b H W e"]:
        coarse = functional.conv2d(features.permute(0, 3, 1, 2), self.coarse.weight)
        fine = functional.conv2d(
            images, self.fine.weight, self.coarse.bias, stride=self.stride, padding=1
        )
        cells = (coarse + fine).permute(0, 2, 3, 1)
        b, h, w, _ = cells.shape
        rows = torch.stack(cells.chunk(self.stride, dim=3), dim=2)
        return rows.reshape(b, h * self.stride, w * self.stride, self.channels)


class EdgeStage(nn.Module):
    """Contours whose points move along their normals, by `edge.limit` pixels at most."""

    steps: Tensor  # pixels across the contour

    def __init__(self, config: SnakeConfig):
        super().__init__()
        edge = config.edge
        self.limit = edge.limit
        self.stride = config.stride
        self.register_buffer(
            "steps", torch.linspace(-edge.reach, edge.reach, edge.samples), persistent=False
        )
        self.head = SnakeHead(
            edge.samples * edge.channels + config.features + 1,
            edge.width,
            outputs=1,
            dilations=edge.dilations,
            form="separable",
            fusion=edge.width,
            dropout=config.dropout,
        )
        for initial in self.head.offsets.parameters():  # a stage that has not learned moves nothing
            nn.init.zeros_(initial)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        detail: Float[Tensor, "b H W e"],
        contours: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m n 2"]:
        move, _ = self.move(features, detail, contours, image_index)
        return contours + to_grid(normals(contours) * move[..., None])

    def move(
        self,
        features: Float[Tensor, "b h w d"],
        detail: Float[Tensor, "b H W e"],
        contours: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> tuple[Float[Tensor, "m n"], Float[Tensor, "m 1"]]:
        """How far each point goes outwards, and could at most, in pixels."""
        n, samples, channels = int(contours.shape[1]), len(self.steps), int(detail.shape[-1])
        profile = sample_places(detail, *across(contours, self.steps), image_index, 1)
        profile = profile.reshape(contours.shape[0], samples, n, channels).transpose(2, 3)
        side = (contours.amax(dim=1) - contours.amin(dim=1)).clamp(min=1.0)  # (m, 2)
        scale = torch.log2(side / REFERENCE_SIDE).mean(dim=1, keepdim=True)
        around = sample_points(features, contours, image_index, self.stride).transpose(1, 2)
        m = contours.shape[0]
        inputs = [profile.reshape(m, samples * channels, n), around]
        rings = torch.cat(inputs, dim=1)[:, :, None]  # (m, d, 1, n)
        limit = (side.amin(dim=1, keepdim=True) * WIDEST).clamp(max=self.limit)
        return limit * torch.tanh(self.head(rings, scale)[:, 0, 0]), limit


def distance_along(
    contours: Float[Tensor, "m n 2"], truths: Float[Tensor, "m k 2"]
) -> Float[Tensor, "m n"]:
    """How far outwards each point has to go to be where the true ring comes nearest to it.

    The nearest place of the ring's edges, seen along the point's normal: of matching by the place
    before the move, as E2EC (Zhang et al., CVPR 2022) matches its last stage.
    """
    middle = truths.mean(dim=1, keepdim=True)  # what is squared below stays as small as an object
    points, begins = contours - middle, truths - middle
    steps = torch.roll(begins, -1, dims=1) - begins
    lengths = steps.square().sum(dim=-1).clamp(min=SHORTEST**2)[:, None]  # (m, 1, k), squared
    with torch.autocast(points.device.type, enabled=False):  # bf16 has 8 bits: too few for pixels
        along = points @ steps.mT - (begins * steps).sum(dim=-1)[:, None]  # (m, n, k)
        squares = begins.square().sum(dim=-1)[:, None] - 2 * points @ begins.mT  # less |point|²
    shares = (along / lengths).clamp(0, 1)  # of each edge, where it comes nearest
    squares += shares * (shares * lengths - 2 * along)
    nearest = squares.argmin(dim=-1, keepdim=True)
    edges = nearest.expand(-1, -1, 2)
    places = begins.gather(1, edges) + shares.gather(2, nearest) * steps.gather(1, edges)
    return ((places - points) * normals(contours)).sum(dim=-1)
