"""U-Net, TransUNet and Swin-Unet as one object each. Torch is imported only for a network.

They differ in their settings and in how much memory they need; the rest is shared.
"""

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from kontur.geometry.morphology import SEEDS_SEE
from kontur.models.family import FIXED_CELL, FIXED_HALO, Family, linear_memory, up
from kontur.models.unet import swinconfig, transconfig
from kontur.models.unet.config import PRESETS, DenseConfig, UNetConfig, decode_variants
from kontur.models.unet.encode import collate, encode
from kontur.models.unet.graphs import graphs
from kontur.models.unet.propose import propose
from kontur.models.unet.segment import Segment
from kontur.models.unet.swinconfig import SwinUnetConfig
from kontur.models.unet.transconfig import TransUNetConfig

if TYPE_CHECKING:
    from kontur.models.unet.network import DenseSegmenter

# Of the presets up to `fast`, more than benchmarks/memory.py measures, with many objects.
UNET_BYTES, TRANSUNET_BYTES, SWINUNET_BYTES = 550, 450, 1450  # for each pixel, of few outputs
FEW, OUTPUT_BYTES = 3, 20  # outputs, and what each pixel of each further one takes
BLOCK = 0.75e9  # bytes for a block of a U-Net, beside the probabilities of the whole view
FLOAT = 4  # bytes
ATTENTION_MAPS = 2  # of a layer, alive at once: the scores and their softmax


def unet_reach(config: UNetConfig, side: float) -> int:
    """Pixels around a place that decide about its class, and about the region that it belongs to.

    A region also goes by what opening, closing and the search for seeds look at; those of a class
    begin where those of the classes before it are, so that openings add up.
    """
    decode = config.decode
    openings = len(config.classes) if config.task == "semantic" else 1
    region_reach = 2 * (openings * decode.opening + decode.closing)
    if config.task == "instances" and decode.method == "watershed":
        region_reach += SEEDS_SEE * decode.min_distance
    return config.receptive_field // 2 + config.multiple + math.ceil(region_reach)


def everything(config: DenseConfig, side: float) -> None:
    """The reach of a network in which every pixel may decide about every other."""
    return


def network(config: DenseConfig) -> "DenseSegmenter":
    """A new network of the U-Net family with random weights."""
    from kontur.models.unet.network import DenseSegmenter

    return DenseSegmenter(config)


def dense_memory(few: float, config: DenseConfig, size: tuple[int, int]) -> float:
    """Bytes that an image of `size` (h, w) needs, `few` being those of a pixel of few outputs."""
    return linear_memory(few + OUTPUT_BYTES * max(config.outputs - FEW, 0), config, size)


def transunet_memory(config: TransUNetConfig, size: tuple[int, int]) -> float:
    """Bytes that an image of `size` (h, w) needs: every token attends to every other.

    The image's area enters squared: at 1024² the attention takes as much as all the rest.
    """
    tokens = size[0] * size[1] / config.multiple**2
    attention = ATTENTION_MAPS * config.heads * tokens**2 * FLOAT
    return dense_memory(TRANSUNET_BYTES, config, size) + attention


def unet_blocks(config: UNetConfig) -> tuple[int, int]:
    """The side of a block and how far it sees around: all that decides about its pixels.

    As large as `BLOCK` bytes allow, and no smaller than what surrounds it.
    """
    multiple = config.multiple
    around = up(config.receptive_field // 2 + multiple, multiple)
    side = math.isqrt(int(BLOCK / dense_memory(UNET_BYTES, config, (1, 1)))) // multiple * multiple
    return max(side - 2 * around, around), around


def fixed_blocks(config: TransUNetConfig | SwinUnetConfig) -> tuple[int, int]:
    """The same of networks in which everything decides about all: as their tiles."""
    return up(FIXED_CELL, config.multiple), up(FIXED_HALO, config.multiple)


def dense(segment: Segment, **others: Any) -> Family:
    """A family of networks that give each pixel a class."""
    return Family(
        propose=partial(propose, segment=segment),
        memory=segment.needed,
        graphs=graphs,
        network=network,
        encode=encode,
        collate=collate,
        decode_variants=decode_variants,
        tunable_fields=("decode",),
        by_first_pixel=True,
        **others,
    )


UNET = dense(
    Segment(partial(dense_memory, UNET_BYTES), unet_blocks),
    name="unet",
    config=UNetConfig,
    presets=PRESETS,
    reach=unet_reach,
)
TRANSUNET = dense(
    Segment(transunet_memory, fixed_blocks),
    name="transunet",
    config=TransUNetConfig,
    presets=transconfig.PRESETS,
    reach=everything,
)
SWINUNET = dense(
    Segment(partial(dense_memory, SWINUNET_BYTES), fixed_blocks),
    name="swinunet",
    config=SwinUnetConfig,
    presets=swinconfig.PRESETS,
    reach=everything,
)
