"""Three objects in an image, one with a hole and one at the border, as targets."""

import numpy as np
import shapely
from shapely import box

from kontur.instances import Instances
from tests.models import contract

CONFIG = contract.settings("maskrcnn", classes=("a", "b"))
SIZE = (64, 96)
SHAPES = [
    box(4, 6, 20, 22).difference(box(8, 10, 12, 14)),
    shapely.Point(50, 40).buffer(14),
    box(90, 0, 96, 8),
]


def scene(**columns):
    return Instances.of(SHAPES, [0, 1, 1], size=SIZE, classes=("a", "b"), **columns)


def targets(*images, seed=0):
    return contract.as_targets("maskrcnn", CONFIG, *images, rng=np.random.default_rng(seed))
