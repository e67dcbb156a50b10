"""U-Net, TransUNet and Swin-Unet as one object each. No torch until a network is asked for.

They differ in their settings and in how much memory they need; the rest is shared.
"""

from functools import partial
from typing import TYPE_CHECKING

from kontur.models.family import Family
from kontur.models.unet import swinconfig, transconfig
from kontur.models.unet.config import PRESETS, DenseConfig, UNetConfig, decode_variants
from kontur.models.unet.encode import collate, encode
from kontur.models.unet.graphs import graphs
from kontur.models.unet.propose import propose
from kontur.models.unet.swinconfig import SwinUnetConfig
from kontur.models.unet.transconfig import TransUNetConfig

if TYPE_CHECKING:
    from kontur.models.unet.network import DenseSegmenter

BYTES_A_PIXEL = 800  # of the largest preset but the paper's


def network(config: DenseConfig) -> "DenseSegmenter":
    """A new network of the U-Net family with random weights."""
    from kontur.models.unet.network import DenseSegmenter

    return DenseSegmenter(config)


def memory(config: DenseConfig, size: tuple[int, int]) -> float:
    """Bytes that an image of `size` (h, w) needs where no layer looks at all of it: linear."""
    return BYTES_A_PIXEL * size[0] * size[1]


dense = partial(
    Family,
    propose=propose,
    memory=memory,
    graphs=graphs,
    network=network,
    encode=encode,
    collate=collate,
    decode_variants=decode_variants,
    tunable_fields=("decode",),
)

UNET = dense(name="unet", config=UNetConfig, presets=PRESETS)
TRANSUNET = dense(name="transunet", config=TransUNetConfig, presets=transconfig.PRESETS)
SWINUNET = dense(name="swinunet", config=SwinUnetConfig, presets=swinconfig.PRESETS)
