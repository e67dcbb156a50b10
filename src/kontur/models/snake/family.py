"""Deep Snake as one object. Torch is imported only for a network."""

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from kontur.models.family import ContourTools, Family, linear_memory
from kontur.models.snake.config import PRESETS, SnakeConfig
from kontur.models.snake.contours import (
    from_boxes,
    from_extremes,
    from_rings,
    quality_of_rings,
)
from kontur.models.snake.encode import collate, encode
from kontur.models.snake.graphs import graphs
from kontur.models.snake.polish import polish_candidates
from kontur.models.snake.propose import decode_variants, outlines_by_stage, propose

if TYPE_CHECKING:
    from kontur.models.snake.network import DeepSnake

BYTES_A_PIXEL = 300  # of the largest preset but the paper's


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
    graphs=graphs,
    network=network,
    encode=encode,
    collate=collate,
    decode_variants=decode_variants,
    tunable_fields=("stages_used",),
    outlines_by_stage=outlines_by_stage,
    contours=ContourTools(from_rings, from_extremes, from_boxes, quality_of_rings),
    polish=polish_candidates,
    has_agent=attrgetter("has_agent"),
)
