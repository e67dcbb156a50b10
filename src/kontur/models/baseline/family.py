"""The baseline as one object: no network, no graphs, nothing to train."""

from kontur.models.baseline.config import PRESETS, BaselineConfig
from kontur.models.baseline.propose import propose
from kontur.models.family import Family

BYTES_A_PIXEL = 300


def memory(config: BaselineConfig, size: tuple[int, int]) -> float:
    """Bytes that an image of `size` (h, w) needs: linear."""
    return BYTES_A_PIXEL * size[0] * size[1]


FAMILY = Family(
    name="baseline", config=BaselineConfig, presets=PRESETS, propose=propose, memory=memory
)
