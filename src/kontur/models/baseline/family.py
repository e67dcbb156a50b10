"""The baseline as one object: no network, no graphs, nothing to train."""

from functools import partial

from kontur.models.baseline.config import PRESETS, BaselineConfig
from kontur.models.baseline.propose import propose
from kontur.models.family import Family, linear_memory

BYTES_A_PIXEL = 300


FAMILY = Family(
    name="baseline",
    config=BaselineConfig,
    presets=PRESETS,
    propose=propose,
    memory=partial(linear_memory, BYTES_A_PIXEL),
)
