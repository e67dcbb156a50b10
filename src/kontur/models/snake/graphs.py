"""What Deep Snake's three graphs take and give: names, shapes, and which axes may differ."""

import numpy as np

from kontur.models.family import GraphExample
from kontur.models.snake.config import DIAMOND_POINTS, SnakeConfig


def graphs(config: SnakeConfig) -> dict[str, GraphExample]:
    """One small input for each graph, for its export; b images, m objects."""
    side = config.multiple * 2
    cells, objects = side // config.stride, 3
    features = np.zeros((1, cells, cells, config.features), np.float32)
    image_index = np.zeros(objects, np.int64)
    diamonds = np.random.default_rng(0).uniform(0, side, (objects, DIAMOND_POINTS, 2))
    contours = np.random.default_rng(0).uniform(0, side, (objects, config.points, 2))
    objects_of = {"features": {0: "b", 1: "h", 2: "w"}, "image_index": {0: "m"}}
    found = {"scores": {0: "b", 2: "h2", 3: "w2"}, "boxes": {0: "b", 2: "h2", 3: "w2"}}
    if config.detector == "rpn":  # a anchors in place of cells
        found = {"scores": {0: "b", 1: "a"}, "deltas": {0: "b", 1: "a"}}
    return {
        "detect": GraphExample(
            inputs={"images": np.zeros((1, config.channels, side, side), np.float32)},
            outputs=("features", *found),
            dynamic={
                "images": {0: "b", 2: "H", 3: "W"},
                "features": {0: "b", 1: "h", 2: "w"},
                **found,
            },
        ),
        "extremes": GraphExample(
            inputs={
                "features": features,
                "diamonds": diamonds.astype(np.float32),
                "image_index": image_index,
            },
            outputs=("extremes",),
            dynamic={**objects_of, "diamonds": {0: "m"}, "extremes": {0: "m"}},
        ),
        "evolve": GraphExample(
            inputs={
                "features": features,
                "contours": contours.astype(np.float32),
                "image_index": image_index,
            },
            outputs=("stages",),
            dynamic={**objects_of, "contours": {0: "m"}, "stages": {1: "m"}},
        ),
    }
