"""Mask R-CNN as one object. Torch is imported only for a network."""

import math
from functools import partial
from typing import TYPE_CHECKING

from kontur.models.backbone import pyramid_reach
from kontur.models.family import Family, linear_memory
from kontur.models.maskrcnn.config import PRESETS, MaskRCNNConfig
from kontur.models.maskrcnn.encode import collate, encode
from kontur.models.maskrcnn.graphs import graphs
from kontur.models.maskrcnn.propose import propose
from kontur.models.rpn.propose import BLOCK

if TYPE_CHECKING:
    from kontur.models.maskrcnn.network import MaskRCNN

BYTES_A_PIXEL = 300  # 165 on noise (benchmarks/memory.py), 110 more with 3,000 objects in 1024²


def reach(config: MaskRCNNConfig, side: float) -> int:
    """Pixels around a place that decide about its proposals and features."""
    coarsest = config.strides[-1]
    features = pyramid_reach(
        config.backbone,
        config.depths,
        coarsest=coarsest,
        read=config.strides,
        smoothed=coarsest,
        heads=1,
    )
    return features + config.anchor_strides[-1] - coarsest


def grid(config: MaskRCNNConfig) -> int:
    """The total stride, and the squares in which proposals are counted."""
    return math.lcm(config.multiple, BLOCK)


def network(config: MaskRCNNConfig) -> "MaskRCNN":
    """A new Mask R-CNN with random weights."""
    from kontur.models.maskrcnn.network import MaskRCNN

    return MaskRCNN(config)


FAMILY = Family(
    name="maskrcnn",
    config=MaskRCNNConfig,
    presets=PRESETS,
    propose=propose,
    memory=partial(linear_memory, BYTES_A_PIXEL),
    reach=reach,
    grid=grid,
    graphs=graphs,
    network=network,
    encode=encode,
    collate=collate,
)
