"""Deep Snake as one object. Torch is imported only for a network."""

import math
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from kontur.models.backbone import pyramid_reach
from kontur.models.card import Thresholds
from kontur.models.family import ContourTools, Family, linear_memory
from kontur.models.rpn.propose import BLOCK
from kontur.models.snake.config import PRESETS, SnakeConfig
from kontur.models.snake.contours import (
    from_boxes,
    from_extremes,
    from_rings,
    quality_of_rings,
)
from kontur.models.snake.encode import collate, encode
from kontur.models.snake.graphs import graphs
from kontur.models.snake.neighbours import NEAR
from kontur.models.snake.polish import polish_candidates
from kontur.models.snake.propose import decode_variants, outlines_by_stage, propose
from kontur.models.snake.refiner_config import AROUND

if TYPE_CHECKING:
    from kontur.models.snake.network import DeepSnake

BYTES_A_PIXEL = 300  # of the largest preset but the paper's
HEADS = 2  # 3×3 layers behind the pyramid: the shared convolution, and the search for maxima
EDGE_MARGIN = 16  # pixels beyond a contour that its points read: bilinearly, and along normals


def reach(config: SnakeConfig, side: float) -> int:
    """Pixels around an outline that decide about it: its box, what its points read, who is near.

    Where objects see their neighbours, these see theirs, one stage earlier, and so on.
    """
    strides = {config.stride, config.detector_stride}
    if config.detector == "rpn":
        strides |= set(config.anchor_strides)
    smoothed = max(2, config.detector_level + 1) if config.detector == "centernet" else 2
    features = pyramid_reach(
        config.backbone,
        config.depths,
        coarsest=config.multiple,
        read=sorted(strides),
        smoothed=config.stride * 2 ** (smoothed - 1),
        heads=HEADS,
    )
    refiner, around = config.refiner, 0.0
    if refiner.profile > 1:
        around = refiner.reach
    if refiner.kind == "attention" and refiner.image_tokens:
        around = max(around, (AROUND - 1) / 2)
    if config.has_agent:
        agent = config.polish
        farthest = max(map(abs, agent.distances)) * agent.steps
        around = max(around, farthest + max(map(abs, agent.profile)))
    if config.has_neighbours:
        around += config.stages_run * (NEAR + 1)
    return features + EDGE_MARGIN + math.ceil(around * side)


def grid(config: SnakeConfig) -> int:
    """The total stride; with region proposals also the squares in which they are counted."""
    return math.lcm(config.multiple, BLOCK) if config.detector == "rpn" else config.multiple


def usual_thresholds(config: SnakeConfig) -> Thresholds | None:
    """Those of snakes of nuclei, worms and photographs, where a score is joined with a quality."""
    return Thresholds(score=0.44, overlap=0.3) if config.quality else None


def network(config: SnakeConfig) -> "DeepSnake":
    """A new Deep Snake with random weights."""
    from kontur.models.snake.network import DeepSnake

    return DeepSnake(config)


FAMILY = Family(
    name="snake",
    config=SnakeConfig,
    presets=PRESETS,
    propose=propose,
    memory=partial(linear_memory, BYTES_A_PIXEL),
    reach=reach,
    grid=grid,
    graphs=graphs,
    network=network,
    encode=encode,
    collate=collate,
    decode_variants=decode_variants,
    usual_thresholds=usual_thresholds,
    tunable_fields=("stages_used",),
    outlines_by_stage=outlines_by_stage,
    contours=ContourTools(from_rings, from_extremes, from_boxes, quality_of_rings),
    polish=polish_candidates,
    has_agent=attrgetter("has_agent"),
    # `evolve` moves contours last: its integers save little time and cost .0026 of AP at IoU 0.6;
    # the others have few convolutions and are as fast in float32 (docs/results.md).
    float32_graphs=("edge", "quality"),
)
