"""A refiner of attention: among the points of a contour, to its neighbours', and to the image.

After Vaswani et al., 2017: the tokens are the points, q, k and v projections of what each of them
sees. A convolution around the ring reaches its far side through eight layers, attention in one.
Points also attend, where the settings say so, across modalities:

- to the points of neighbouring objects (`models.snake.neighbours`), which tell who gives way where
  two touch; beside the places of these points stand the features and the normals there;
- to tokens of the image: places of a grid over the object and its surroundings, which tell what
  lies away from the contour.

Positions are given in the box of the object itself, so that an object looks the same wherever it
lies and however large it is.
"""

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.neighbours import neighbours
from kontur.models.snake.refine import Box, PointFeatures, box_of, moved
from kontur.models.snake.refiner_config import AROUND, AttentionRefinerConfig
from kontur.nn.circular import circular_block
from kontur.nn.grid import to_grid
from kontur.nn.normals import normals
from kontur.nn.ring_attention import RingBlock
from kontur.nn.window import FORBIDDEN

KERNEL = 9  # points of the one convolution that makes tokens of what the points see
FARTHEST = 4.0  # half sides from the box's middle; places beyond are seen as if they were there
OUTPUTS = 64  # channels before the last layer, as the published head has
Context = tuple[Float[Tensor, "m _ e"], Float[Tensor, "m 1 1 _"] | None]  # tokens, their mask


class AttentionRefiner(nn.Module):
    """Moves every `every`-th point by what it and all it attends to see."""

    def __init__(
        self, config: SnakeConfig, refiner: AttentionRefinerConfig, *, centre: bool, every: int = 1
    ):
        super().__init__()
        self.every = every
        width = refiner.width
        self.point_features = PointFeatures(config, centre=centre)
        self.embed = circular_block(
            self.point_features.channels,
            width,
            kernel=KERNEL,
            dilation=1,
            form="dense",
            order="norm-first",
        )
        self.neighbours = NeighbourTokens(config, refiner) if refiner.neighbours else None
        self.image = ImageTokens(config, refiner) if refiner.image_tokens else None
        self.blocks = nn.ModuleList(
            RingBlock(
                width,
                refiner.heads,
                harmonics=refiner.harmonics,
                contexts=(self.neighbours is not None) + (self.image is not None),
                dropout=config.dropout,
            )
            for _ in range(refiner.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.narrow = nn.Linear(width, OUTPUTS)
        self.offsets = nn.Linear(OUTPUTS, 2)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        points: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
        around: Float[Tensor, "m k p 2"] | None = None,
    ) -> Float[Tensor, "m r 2"]:
        """`around` are the neighbours' points; without, all of these rings are one another's."""
        box, contexts = box_of(points), list[Context]()
        if self.neighbours is not None:
            if around is None:
                around = self.neighbours.find(points, image_index)
            contexts.append(
                self.neighbours(self.point_features, features, around, box, image_index)
            )
        if self.image is not None:
            contexts.append((self.image(self.point_features, features, box, image_index), None))
        rings = self.point_features(features, points, image_index)
        x = self.embed(rings)[:, :, 0].transpose(1, 2)  # (m, n, width)
        for block in self.blocks:
            x = block(x, contexts)
        x = torch.relu(self.narrow(self.norm(x[:, :: self.every])))
        with torch.autocast(x.device.type, enabled=False):  # bf16 has 8 bits: too few for pixels
            offsets = self.offsets(x.to(self.offsets.weight.dtype))
        return moved(points[:, :: self.every], offsets)


class NeighbourTokens(nn.Module):
    """The points of neighbouring contours as tokens, and one that stands for nobody.

    A token is the features at a point, its place in the object's own box, and its normal.
    """

    def __init__(self, config: SnakeConfig, refiner: AttentionRefinerConfig):
        super().__init__()
        self.count = refiner.neighbours
        self.embed = nn.Linear(config.features + 4, refiner.width)
        self.norm = nn.LayerNorm(refiner.width)
        self.nobody = nn.Parameter(torch.zeros(refiner.width))

    @torch.no_grad()
    def find(
        self, points: Float[Tensor, "m n 2"], image_index: Integer[Tensor, " m"]
    ) -> Float[Tensor, "m k p 2"]:
        """The neighbours' points where all rings are objects."""
        contours, index = points.cpu().numpy(), image_index.cpu().numpy()
        found = neighbours(contours, index, self.count, np.ones(len(index), bool))
        return torch.from_numpy(found).to(points)

    def forward(
        self,
        point_features: PointFeatures,
        features: Float[Tensor, "b h w d"],
        around: Float[Tensor, "m k p 2"],
        box: Box,
        image_index: Integer[Tensor, " m"],
    ) -> Context:
        m, k, p = around.shape[0], int(around.shape[1]), int(around.shape[2])
        missing = torch.isnan(around[..., 0]).reshape(m, k * p)
        rings = torch.where(torch.isnan(around), 0.0, around)
        places = rings.reshape(m, k * p, 2)
        inputs = [
            point_features.sample(features, places, image_index),
            ((places - box.low) / box.side * 2 - 1).clamp(-FARTHEST, FARTHEST),
            normals(rings.reshape(m * k, p, 2)).reshape(m, k * p, 2),
        ]
        tokens = self.norm(self.embed(torch.cat(inputs, dim=-1)))
        nobody = self.nobody.to(tokens.dtype).expand(m, 1, tokens.shape[-1])
        mask = torch.where(missing, FORBIDDEN, 0.0).to(places.dtype)[:, None, None]
        known = mask.new_zeros(m, 1, 1, 1)
        return torch.cat([nobody, tokens], dim=1), torch.cat([known, mask], dim=-1)


class ImageTokens(nn.Module):
    """Places of a grid over an object's box and its surroundings as tokens."""

    grid: Tensor  # half sides from the middle of the box

    def __init__(self, config: SnakeConfig, refiner: AttentionRefinerConfig):
        super().__init__()
        count = refiner.image_tokens
        ticks = ((torch.arange(count) + 0.5) / count * 2 - 1) * AROUND
        self.register_buffer("grid", torch.cartesian_prod(ticks, ticks), persistent=False)
        self.embed = nn.Linear(config.features + 2, refiner.width)
        self.norm = nn.LayerNorm(refiner.width)

    def forward(
        self,
        point_features: PointFeatures,
        features: Float[Tensor, "b h w d"],
        box: Box,
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "m t e"]:
        around = to_grid(self.grid * box.side / 2)
        places = (box.low + box.high) / 2 + around
        read = point_features.sample(features, places, image_index)
        grid = self.grid.expand(places.shape[0], *self.grid.shape).to(read.dtype)
        return self.norm(self.embed(torch.cat([read, grid], dim=-1)))
