"""The baseline as one object: no network, no graphs, nothing to train."""

import math
from functools import partial

from kontur.geometry.gaussian import REACH
from kontur.geometry.morphology import SEEDS_SEE
from kontur.models.baseline.config import PRESETS, BaselineConfig
from kontur.models.baseline.propose import measure, propose
from kontur.models.family import Family, linear_memory

BYTES_A_PIXEL = 300


def reach(config: BaselineConfig, side: float) -> int:
    """Pixels around a place that decide about its value and about where objects are split."""
    return math.ceil(REACH * config.smooth + SEEDS_SEE * config.min_distance) + 1


FAMILY = Family(
    name="baseline",
    config=BaselineConfig,
    presets=PRESETS,
    propose=propose,
    memory=partial(linear_memory, BYTES_A_PIXEL),
    reach=reach,
    by_first_pixel=True,
    measure=measure,
)
