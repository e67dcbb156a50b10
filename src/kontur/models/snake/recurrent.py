"""A recurrent refiner: one encoder for all stages, and a memory at every point of a contour.

After Feng et al., Recurrent Generic Contour-based Instance Segmentation with Progressive Learning
(PolySnake), TCSVT 2024, whose cell is a GRU of convolutions, and Teed & Deng, RAFT, ECCV 2020. At
stage t the encoder says of every point what it sees where it is now, x_t; a cell makes of that and
of what the point remembers, h_{t-1}, a new hidden state h_t; the output y_t moves the point
(`nn.recurrent` has the formulas). The points of all contours are the batch, the stages the
sequence. The weights are the same at every stage, so that there may be any number.

As in RAFT, a stage does not learn through the places where the one before it has put the points,
only through their memory.
"""

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from kontur.models.snake.config import SnakeConfig
from kontur.models.snake.refine import PointFeatures, encoder_shape, moved
from kontur.models.snake.refiner_config import RecurrentRefinerConfig
from kontur.nn.circular import SnakeEncoder
from kontur.nn.recurrent import Recurrent

OUTPUTS = 64  # numbers of y_t, as the published head has before its last layer


class RecurrentRefiner(nn.Module):
    """Moves every point by what it sees and remembers; the memory (layers, m, n, s) goes along."""

    def __init__(self, config: SnakeConfig, refiner: RecurrentRefinerConfig):
        super().__init__()
        self.point_features = PointFeatures(config, centre=False)
        self.encoder = SnakeEncoder(self.point_features.channels, **encoder_shape(config, refiner))
        self.network = Recurrent(
            refiner.cell, refiner.fusion, refiner.hidden, OUTPUTS, layers=refiner.layers
        )
        self.offsets = nn.Linear(OUTPUTS, 2)

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        points: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
        memory: Float[Tensor, "layers m n s"],
    ) -> tuple[Float[Tensor, "m n 2"], Float[Tensor, "layers m n s"]]:
        rings = self.point_features(features, points, image_index)
        encoded = self.encoder(rings)[:, :, 0].transpose(1, 2)  # (m, n, fusion)
        y, memory = self.network.step(encoded, memory)
        with torch.autocast(y.device.type, enabled=False):  # bf16 has 8 bits: too few for pixels
            offsets = self.offsets(torch.relu(y).to(self.offsets.weight.dtype))
        return moved(points, offsets), memory


class RecurrentStages(nn.Module):
    """The contours after every stage of one recurrent refiner that starts without memories.

    It runs as many stages as it was trained with, or as a prediction has, without stopping early.
    """

    def __init__(self, config: SnakeConfig, refiner: RecurrentRefinerConfig):
        super().__init__()
        self.refiner = RecurrentRefiner(config, refiner)
        self.trained, self.run = config.stages, config.stages_run
        self.layers = refiner.layers

    def graphs(self) -> dict[str, nn.Module]:
        """One stage, which is run any number of times."""
        return {"iterate": self.refiner}

    def forward(
        self,
        features: Float[Tensor, "b h w d"],
        contours: Float[Tensor, "m n 2"],
        image_index: Integer[Tensor, " m"],
    ) -> Float[Tensor, "stages m n 2"]:
        shape = (self.layers, *contours.shape[:2], self.refiner.network.memory_size)
        memory = contours.new_zeros(shape)
        stages = []
        for _ in range(self.trained if self.training else self.run):
            contours, memory = self.refiner(features, contours.detach(), image_index, memory)
            stages.append(contours)
        return torch.stack(stages)
